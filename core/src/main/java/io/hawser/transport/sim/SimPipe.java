// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection: the sender's socket buffer, what is under way, and the receiver's socket buffer.
 *
 * <pre>
 *   read ≤ arrived ≤ sent ≤ taken      counts of bytes since the beginning
 *       |         |      |
 *       |         |      └ in the sender's buffer: no window yet
 *       |         └ under way
 *       └ in the receiver's buffer
 * </pre>
 */
final class SimPipe {
    private static final long HOLD_NS = 1_000_000;
    private static final int MIN_RING_BYTES = 1024;

    private enum Kind {
        ACCEPT,
        DATA,
        END,
        RESET
    }

    private record Segment(Kind kind, int bytes) {}

    private final SimNetwork network;
    private final SimConnection connection;
    private final ArrayDeque<Segment> underWay = new ArrayDeque<>();
    private @Nullable SimSocket from;
    private @Nullable SimSocket to;
    private int sendCapacity = 1;
    private int receiveCapacity = 1;
    private byte[] ring = new byte[0];
    private long taken;
    private long sent;
    private long arrived;
    private long read;
    private boolean ending;
    private boolean endSent;
    private boolean resetSent;
    private boolean endArrived;
    /** Nothing goes in or arrives any more. */
    private boolean cut;

    private long lastArrivalNs;
    /** Arrivals that found the way blocked. */
    private int held;

    private boolean watched;

    SimPipe(SimNetwork network, SimConnection connection) {
        this.network = network;
        this.connection = connection;
    }

    void join(SimSocket sender, SimSocket receiver) {
        from = sender;
        to = receiver;
    }

    void sendCapacity(int bytes) {
        sendCapacity = bytes;
    }

    void receiveCapacity(int bytes) {
        receiveCapacity = bytes;
    }

    private SimSocket from() {
        return present(from);
    }

    private SimSocket to() {
        return present(to);
    }

    private static SimSocket present(@Nullable SimSocket socket) {
        if (socket == null) {
            throw new IllegalStateException("The pipe has no ends yet");
        }
        return socket;
    }

    // ---- the sender's end

    /** How many bytes the sender's buffer can take. */
    int room() {
        return cut || ending ? 0 : (int) (sendCapacity - (taken - arrived));
    }

    /** Takes the first {@code bytes}, for which there are room, of {@code source}, which keeps them. */
    void take(Buffer source, int bytes) {
        reserve((int) (taken - read) + bytes);
        int left = bytes;
        for (Block block = source.head(); block != null && left > 0; block = block.next()) {
            final int n = Math.min(left, block.readableBytes());
            put(block.memory(), block.start(), n);
            left -= n;
        }
        network.active();
        pump();
    }

    private void put(MemorySegment memory, int start, int n) {
        int done = 0;
        while (done < n) {
            final int at = (int) (taken & (ring.length - 1));
            final int part = Math.min(n - done, ring.length - at);
            MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, start + done, ring, at, part);
            taken += part;
            done += part;
        }
    }

    private void reserve(int bytes) {
        if (bytes > ring.length) {
            final byte[] larger = new byte[Integer.highestOneBit(Math.max(bytes, MIN_RING_BYTES) - 1) << 1];
            for (long i = read; i < taken; i++) {
                larger[(int) (i & (larger.length - 1))] = ring[(int) (i & (ring.length - 1))];
            }
            ring = larger;
        }
    }

    /** The connection is there: tells the receiver of this pipe, who asked for it. */
    void accept() {
        send(new Segment(Kind.ACCEPT, 0));
    }

    /** The sender will send nothing more. */
    void end() {
        ending = true;
        pump();
    }

    /** Drops what was not sent yet, and resets the receiver. */
    void reset() {
        if (!cut && !resetSent) {
            taken = sent;
            ending = true;
            endSent = true;
            resetSent = true;
            send(new Segment(Kind.RESET, 0));
        }
    }

    /** Nothing goes in or arrives any more; what has arrived can be read. */
    void cut() {
        cut = true;
        taken = arrived;
        sent = arrived;
        underWay.clear();
    }

    private void pump() {
        while (!cut && sent < taken && sent - read < receiveCapacity) {
            final long most = Math.min(taken - sent, receiveCapacity - (sent - read));
            final SimRandom random = network.random();
            final int size = random.chance(0.25) ? random.skewed(1, network.segmentBytes()) : network.segmentBytes();
            final int bytes = (int) Math.min(most, size);
            sent += bytes;
            send(new Segment(Kind.DATA, bytes));
        }
        if (!cut && ending && !endSent && sent == taken) {
            endSent = true;
            send(new Segment(Kind.END, 0));
        }
    }

    // ---- under way

    private void send(Segment segment) {
        underWay.add(segment);
        scheduleArrival(network.latencyNs(connection.toString()));
    }

    private void scheduleArrival(long delayNs) {
        lastArrivalNs = Math.max(lastArrivalNs, network.nowNs() + delayNs);
        network.after(lastArrivalNs - network.nowNs(), this::arrive);
    }

    private void arrive() {
        final Segment segment = underWay.peek();
        if (segment == null) {
            return;
        }
        final String who = connection.toString();
        if (!connection.isBlocked()) {
            if (network.strikes(SimFault.RESET, who)) {
                connection.reset();
                return;
            }
            if (network.strikes(SimFault.HALF_OPEN, who)) {
                connection.silence();
            } else if (network.strikes(SimFault.PARTITION, who)) {
                connection.cutForAWhile();
            }
        }
        if (connection.isBlocked()) {
            hold();
            return;
        }
        underWay.remove();
        network.active();
        switch (segment.kind()) {
            case ACCEPT -> to().onEstablished();
            case DATA -> onData(segment.bytes());
            case END -> {
                network.trace(to().toString(), "end arrives", 0);
                endArrived = true;
                to().changed();
            }
            case RESET -> to().onReset();
        }
    }

    private void onData(int bytes) {
        arrived += bytes;
        network.trace(to().toString(), "data arrives", bytes);
        if (to().isClosed()) {
            // Nobody is there to read it (RFC 1122, 4.2.2.13).
            to().reset();
        } else {
            to().changed();
        }
        from().changed();
    }

    private void hold() {
        held++;
        if (!watched) {
            watched = true;
            final long before = arrived;
            network.after(SimNetwork.GIVE_UP_NS, () -> giveUp(before));
        }
    }

    private void giveUp(long arrivedBefore) {
        watched = false;
        if (arrived == arrivedBefore && !underWay.isEmpty() && connection.isBlocked()) {
            from().onTimeout();
        }
    }

    /** The way is free again. */
    void deliverHeld() {
        final int count = held;
        held = 0;
        for (int i = 0; i < count; i++) {
            scheduleArrival(network.random().between(0L, HOLD_NS));
        }
    }

    // ---- the receiver's end

    /** How many bytes have arrived and were not read. */
    int available() {
        return (int) (arrived - read);
    }

    /** Whether the end has come; there may be bytes before it. */
    boolean hasEndArrived() {
        return endArrived;
    }

    /** Whether the end has come, and all before it was read. */
    boolean isEnded() {
        return endArrived && available() == 0;
    }

    /** Reads {@code bytes}, which are available, into {@code block}. */
    void read(Block block, int bytes) {
        int done = 0;
        while (done < bytes) {
            final int at = (int) (read & (ring.length - 1));
            final int part = Math.min(bytes - done, ring.length - at);
            MemorySegment.copy(ring, at, block.memory(), ValueLayout.JAVA_BYTE, done, part);
            read += part;
            done += part;
        }
        block.received(bytes);
        network.active();
        pump();
    }
}
