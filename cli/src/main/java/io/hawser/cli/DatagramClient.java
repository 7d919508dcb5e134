// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Datagram;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.connection.DatagramHandler;
import io.hawser.loop.Timer;
import io.hawser.transport.DatagramOptions;
import java.net.PortUnreachableException;
import org.jspecify.annotations.Nullable;

/**
 * One UDP socket that talks with an echo server: sends numbered datagrams, checks every byte that comes back, takes the time, and counts
 * what does not come back. The thread of the socket's loop. In the steady state it allocates nothing.
 */
final class DatagramClient implements LoadClient, DatagramHandler {
    /** Each starts with the number of its client and its own, as one big-endian number. */
    static final int HEADER_BYTES = Long.BYTES;

    private static final int SEQUENCE_BITS = 40;
    private static final long MAX_RECEIVE_BUFFER_BYTES = 8 << 20;
    /** What the kernel counts for a datagram besides its payload, or somewhat more. */
    private static final int KERNEL_BYTES = 1024;

    private final LoadSpec spec;
    private final LoadRun run;
    private final long number;
    private final DatagramWindow window;
    private final Timer expiry = new Timer(this::expire);
    private int index;
    private @Nullable LoopLoad load;
    private @Nullable DatagramEndpoint endpoint;
    private @Nullable Pacer pacer;
    /** How many datagrams have been due, if something else than answers makes them so. */
    private long due;

    private boolean failed;

    DatagramClient(LoadSpec spec, LoadRun run, int number) {
        this.spec = spec;
        this.run = run;
        this.number = number;
        this.window = new DatagramWindow(spec.inFlight(), spec.answerTimeoutNs());
    }

    /** How its socket is to be set up: what it may have on its way shall not be lost for want of room on this side. */
    static DatagramOptions options(LoadSpec spec) {
        final long receive = (long) spec.inFlight() * (spec.size() + KERNEL_BYTES);
        return DatagramOptions.builder()
                .maxDatagramBytes(spec.size())
                .maxQueued(spec.inFlight(), Math.max(1, spec.inFlightBytes()))
                .receiveBufferBytes((int) Math.min(receive, MAX_RECEIVE_BUFFER_BYTES))
                .build();
    }

    // ---- set up by the load

    @Override
    public int index() {
        return index;
    }

    @Override
    public void setIndex(int place) {
        index = place;
    }

    @Override
    public void paceBy(Pacer schedule) {
        pacer = schedule;
    }

    @Override
    public boolean isOpen() {
        return endpoint != null && !failed;
    }

    @Override
    public long unanswered() {
        return isOpen() ? window.waiting() + Math.max(0, due - window.next()) : 0;
    }

    @Override
    public DatagramCounts datagrams() {
        return window.counts();
    }

    // ---- sending

    @Override
    public void messageDue(long nowNs) {
        if (!isOpen()) {
            return;
        }
        due++;
        sendMore(nowNs);
        if (window.next() < due && load != null) {
            load.heldBack();
        }
    }

    @Override
    public void sendMore(long nowNs) {
        final DatagramEndpoint open = endpoint;
        final LoopLoad home = load;
        if (open == null || home == null) {
            return;
        }
        try {
            while (!failed && window.hasRoom() && isNextDue(home, nowNs)) {
                if (!open.send(fill(home.datagram, window.next()))) {
                    // onWritable goes on.
                    break;
                }
                window.sent(sinceNs(nowNs), nowNs);
            }
        } catch (RuntimeException e) {
            fail("not sent", Failures.describe(e));
        }
        if (window.waiting() > 0 && !expiry.isArmed()) {
            home.loop().wheel().schedule(expiry, nowNs + spec.answerTimeoutNs());
        }
    }

    private boolean isNextDue(LoopLoad home, long nowNs) {
        return pacer == null ? home.isRunning(nowNs) : window.next() < due;
    }

    private long sinceNs(long nowNs) {
        return pacer != null && spec.pacing() == LoadSpec.Pacing.OPEN_LOOP ? pacer.dueNs(index, window.next()) : nowNs;
    }

    private byte[] fill(byte[] datagram, long sequence) {
        final long header = (number << SEQUENCE_BITS) | sequence;
        for (int i = 0; i < HEADER_BYTES; i++) {
            datagram[i] = (byte) (header >>> (Long.SIZE - Byte.SIZE * (i + 1)));
        }
        Payload.copy(datagram, HEADER_BYTES, datagram.length - HEADER_BYTES, position(sequence));
        return datagram;
    }

    /** Where the payload of a datagram starts in the stream of all payloads; each has another one. */
    private int position(long sequence) {
        return Payload.advance(0, number * 7919 + sequence * 31);
    }

    private void expire() {
        final LoopLoad home = load;
        if (isOpen() && home != null) {
            final long nowNs = System.nanoTime();
            window.expire(nowNs);
            if (window.waiting() > 0) {
                home.loop().wheel().schedule(expiry, window.expiryNs());
            }
            sendMore(nowNs);
        }
    }

    // ---- what happens on the socket

    @Override
    public void onOpen(DatagramEndpoint opened) {
        endpoint = opened;
        final LoopLoad home = run.loadOf(opened.loop());
        home.add(this);
        load = home;
    }

    @Override
    public void onDatagram(DatagramEndpoint open, Datagram datagram) {
        final LoopLoad home = load;
        if (home == null || failed) {
            return;
        }
        final long nowNs = System.nanoTime();
        final byte[] received = home.datagram;
        if (datagram.length() != received.length || datagram.truncated()) {
            fail(
                    "wrong length",
                    "an answer of " + (datagram.truncated() ? "more than " : "") + datagram.length()
                            + " bytes came to client " + index);
            return;
        }
        datagram.reader().readBytes(received, 0, received.length);
        long header = 0;
        for (int i = 0; i < HEADER_BYTES; i++) {
            header = (header << Byte.SIZE) | (received[i] & 0xff);
        }
        final long sequence = header & ((1L << SEQUENCE_BITS) - 1);
        final int wrong = Payload.mismatch(received, HEADER_BYTES, received.length - HEADER_BYTES, position(sequence));
        if (wrong >= 0 || header >>> SEQUENCE_BITS != number) {
            fail(
                    "wrong bytes",
                    "byte " + Math.max(0, wrong) + " of datagram " + sequence + " of client " + index + " is wrong");
            return;
        }
        switch (window.answered(sequence)) {
            case ANSWER -> {
                home.answered(window.sinceNs(sequence), nowNs);
                sendMore(nowNs);
            }
            case UNSENT -> fail("datagrams that nobody sent", "number " + sequence + " came to client " + index);
            // The window counts them.
            case LATE, DUPLICATE -> {}
        }
    }

    @Override
    public void onWritable(DatagramEndpoint open) {
        sendMore(System.nanoTime());
    }

    @Override
    public void onError(DatagramEndpoint failing, Throwable error) {
        if (load == null || !load.isFinishing()) {
            if (error instanceof PortUnreachableException) {
                fail("port unreachable", "nobody receives at " + spec.address());
            } else {
                fail("failed here", error.getClass().getSimpleName() + ": " + Failures.describe(error));
            }
        }
    }

    @Override
    public void onClose(DatagramEndpoint closed, CloseCause cause) {
        if (load != null) {
            load.loop().wheel().cancel(expiry);
            if (!load.isFinishing() && !failed) {
                fail("lost", cause.error().map(Failures::describe).orElse("the socket was closed"));
            }
        }
        endpoint = null;
    }

    private void fail(String kind, String detail) {
        if (!failed) {
            failed = true;
            run.errors().add(kind, detail);
            run.clientEnded();
            if (endpoint != null) {
                endpoint.close();
            }
        }
    }
}
