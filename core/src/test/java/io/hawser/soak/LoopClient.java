// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import io.hawser.buffer.Reader;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import java.time.Duration;
import java.util.Random;

/** The client's side of one conversation, on a loop. */
final class LoopClient implements ConnectionHandler {
    private static final int PIECE_BYTES = 16 * 1024;
    private static final long WINDOW_BYTES = 128 * 1024;
    private static final int MOST_PAUSE_MS = 100;
    private static final int MOST_PAUSES = 10;
    private static final int TRICKLE_BYTES = 400;

    private final Conversation conversation;
    private final Ledger ledger;
    private final Random random;
    private final byte[] piece = new byte[PIECE_BYTES];
    private long sent;
    private long received;
    private int pauses;

    LoopClient(Conversation conversation, Ledger ledger, Random random) {
        this.conversation = conversation;
        this.ledger = ledger;
        this.random = random;
    }

    @Override
    public void onOpen(Connection connection) {
        switch (conversation.kind()) {
            case SLOW_READER -> {
                send(connection, conversation.bytes());
                pauseAWhile(connection);
            }
            case HALF_CLOSE -> {
                send(connection, conversation.bytes());
                connection.shutdownOutput();
            }
            // Not less, or the server would not know whose it is, and wait.
            case TRICKLE -> send(connection, Conversation.ID_BYTES + random.nextInt(TRICKLE_BYTES));
            default -> send(connection, WINDOW_BYTES);
        }
    }

    @Override
    public void onData(Connection connection) {
        if (!check(connection.reader())) {
            connection.abort();
            return;
        }
        switch (conversation.kind()) {
            case CLIENT_RESET -> {
                if (received >= conversation.middle() / 2) {
                    connection.abort();
                    return;
                }
                send(connection, WINDOW_BYTES - (sent - received));
            }
            case SLOW_READER -> pauseAWhile(connection);
            case TRICKLE -> {
                if (received == sent) {
                    later(connection, () -> send(connection, 1 + random.nextInt(TRICKLE_BYTES)));
                }
            }
            default -> send(connection, WINDOW_BYTES - (sent - received));
        }
        if (received == conversation.bytes()
                && conversation.kind() != Kind.HALF_CLOSE
                && conversation.kind() != Kind.TIMEOUT) {
            connection.close();
        }
    }

    private boolean check(Reader reader) {
        while (reader.readableBytes() > 0) {
            final int n = (int) Math.min(reader.readableBytes(), PIECE_BYTES);
            reader.readBytes(piece, 0, n);
            final int wrong = Pattern.mismatch(piece, n, conversation.id(), received);
            if (wrong >= 0) {
                ledger.violated("byte " + (received + wrong) + " came back wrong: " + conversation);
                return false;
            }
            received += n;
            conversation.clientIn.addAndGet(n);
        }
        return true;
    }

    private void send(Connection connection, long most) {
        long left = Math.min(most, conversation.bytes() - sent);
        while (left > 0) {
            final int n = (int) Math.min(left, PIECE_BYTES);
            Pattern.fill(piece, n, conversation.id(), sent);
            sent += n;
            left -= n;
            conversation.clientOut.addAndGet(n);
            connection.writer().writeBytes(piece, 0, n);
        }
    }

    private void pauseAWhile(Connection connection) {
        if (received < conversation.bytes() && pauses++ < MOST_PAUSES) {
            connection.pause();
            later(connection, connection::resume);
        }
    }

    private void later(Connection connection, Runnable task) {
        connection
                .loop()
                .schedule(
                        () -> {
                            if (connection.isOpen()) {
                                task.run();
                            }
                        },
                        Duration.ofMillis(1 + random.nextInt(MOST_PAUSE_MS)));
    }

    @Override
    public void onError(Connection connection, Throwable error) {
        ledger.violated("the client failed: " + error + ", " + conversation);
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        conversation.clientEnded(cause);
    }
}
