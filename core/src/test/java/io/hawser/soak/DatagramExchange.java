// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Datagram;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.connection.DatagramHandler;
import io.hawser.transport.DatagramOptions;
import java.time.Duration;

/**
 * The client's side of one conversation in datagrams: a few are on their way at a time. When nothing has come back for long, what is on its
 * way is lost.
 */
final class DatagramExchange implements DatagramHandler {
    /** Of each datagram. */
    static final int BYTES = 1000;

    static final DatagramOptions OPTIONS =
            DatagramOptions.builder().maxDatagramBytes(BYTES).build();

    private static final int IN_FLIGHT = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Conversation conversation;
    private final Ledger ledger;
    private final byte[] bytes = new byte[BYTES];
    private long left;
    private int inFlight;
    private long answers;
    private long answersBefore = -1;

    DatagramExchange(Conversation conversation, Ledger ledger) {
        this.conversation = conversation;
        this.ledger = ledger;
        this.left = conversation.bytes() / BYTES;
    }

    @Override
    public void onOpen(DatagramEndpoint endpoint) {
        send(endpoint);
        watch(endpoint);
    }

    private void watch(DatagramEndpoint endpoint) {
        endpoint.loop()
                .schedule(
                        () -> {
                            if (endpoint.isOpen()) {
                                if (answers == answersBefore) {
                                    inFlight = 0;
                                    send(endpoint);
                                }
                                answersBefore = answers;
                                watch(endpoint);
                            }
                        },
                        PATIENCE);
    }

    private void send(DatagramEndpoint endpoint) {
        while (inFlight < IN_FLIGHT && left > 0) {
            Pattern.fill(bytes, BYTES, conversation.id(), 0);
            conversation.clientOut.addAndGet(BYTES);
            if (!endpoint.send(bytes)) {
                conversation.clientOut.addAndGet(-BYTES);
                return;
            }
            inFlight++;
            left--;
        }
        if (inFlight == 0) {
            endpoint.close();
        }
    }

    @Override
    public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
        if (datagram.length() != BYTES || datagram.truncated()) {
            ledger.violated("a datagram came back with " + datagram.length() + " bytes: " + conversation);
            return;
        }
        datagram.reader().readBytes(bytes, 0, BYTES);
        if (Pattern.mismatch(bytes, BYTES, conversation.id(), 0) >= 0) {
            ledger.violated("a datagram came back wrong: " + conversation);
            return;
        }
        conversation.clientIn.addAndGet(BYTES);
        answers++;
        inFlight = Math.max(0, inFlight - 1);
        send(endpoint);
    }

    @Override
    public void onWritable(DatagramEndpoint endpoint) {
        send(endpoint);
    }

    @Override
    public void onError(DatagramEndpoint endpoint, Throwable error) {
        ledger.violated("a UDP socket failed: " + error + ", " + conversation);
    }

    @Override
    public void onClose(DatagramEndpoint endpoint, CloseCause cause) {
        conversation.serverEnded(cause);
        conversation.clientEnded(cause);
    }
}
