// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Buffer;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Timer;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What a connection sends piece by piece, files and long messages, in their order. Made for the first one.
 *
 * <p>The connection's buffer is limited to what goes before the first of them, so that no transport runs ahead of it.
 *
 * <p><b>Thread:</b> the loop's, but for {@link #pendingBytes()} and {@link #count()}.
 */
final class PartQueue {
    /** What is sent in this way in a turn before others have theirs. */
    static final long BYTES_PER_TURN = 1 << 20;

    /** What {@link #send} returns when there is no memory to copy into; it is to be called again then. */
    static final long NO_MEMORY = -3;

    private static final int COPY_BYTES = 64 * 1024;
    private static final long MEMORY_POLL_NS = 1_000_000;
    private static final long UNLIMITED = Long.MAX_VALUE;

    private final Buffer outbound;
    private final EventLoop loop;
    private final Timer memoryTimer;
    private final ArrayDeque<PartSend> waiting = new ArrayDeque<>();
    /** Sent, and their users have not been told. */
    private final ArrayDeque<PartSend> sent = new ArrayDeque<>();
    /** A piece of the first of them, if the transport cannot take it from its source by itself. */
    private @Nullable Buffer copy;

    private volatile long pendingBytes;
    private volatile int count;
    private boolean progressed;

    /** @param retry has {@link #send} called again soon */
    PartQueue(Buffer outbound, EventLoop loop, Runnable retry) {
        this.outbound = outbound;
        this.loop = loop;
        this.memoryTimer = new Timer(retry);
    }

    /** What is left of them, in bytes; each counts as {@link PartSend#MIN_WEIGHT} at least. Any thread; a moment old. */
    long pendingBytes() {
        return pendingBytes;
    }

    /** How many wait. Any thread; a moment old. */
    int count() {
        return count;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    void add(PartSend send) {
        waiting.add(send);
        publish(send.weight(), 1);
        if (waiting.size() == 1) {
            limit(send);
        }
    }

    private void limit(PartSend first) {
        outbound.limit(first.start() - outbound.consumedBytes());
    }

    private void publish(long bytes, int parts) {
        pendingBytes = pendingBytes() + bytes;
        count = count() + parts;
    }

    /**
     * Sends from the first of them, before which nothing is left to send.
     *
     * @return as {@link StreamSocket#send}; 0 if there is nothing left of it; or {@link #NO_MEMORY}
     * @throws IOException if its source cannot be read or has fewer bytes than it should, or the connection is broken
     */
    long send(StreamSocket socket) throws IOException {
        final PartSend first = waiting.element();
        if (first.leftBytes() == 0) {
            finish(first);
            return 0;
        }
        if (!first.isCopied()) {
            final long taken =
                    first.source().transfer(socket, first.position(), Math.min(first.leftBytes(), BYTES_PER_TURN));
            if (taken == 0) {
                throw first.truncated(first.position());
            }
            if (taken != StreamSocket.UNSUPPORTED) {
                return taken;
            }
            first.copyFromNowOn();
        }
        final Buffer piece = piece(first);
        return piece == null ? NO_MEMORY : socket.send(piece);
    }

    /** What is to be sent next of the first of them; null if there is no memory. */
    private @Nullable Buffer piece(PartSend first) throws IOException {
        Buffer piece = copy;
        if (piece == null) {
            piece = new Buffer(loop.blocks());
            copy = piece;
        }
        if (piece.readableBytes() > 0) {
            return piece;
        }
        final int wanted = (int) Math.min(first.leftBytes(), COPY_BYTES);
        final int filled = first.source().fill(piece, loop.blocks(), first.position(), wanted);
        if (filled == PartSource.NO_MEMORY) {
            // Whoever gives some back does not tell.
            if (!memoryTimer.isArmed()) {
                loop.wheel().schedule(memoryTimer, loop.nowNs() + MEMORY_POLL_NS);
            }
            return null;
        }
        if (filled == 0) {
            throw first.truncated(first.position());
        }
        return piece;
    }

    /** The socket has taken {@code bytes} of the first of them. */
    void onSent(long bytes) {
        final PartSend first = waiting.element();
        final long before = first.weight();
        first.advance(bytes);
        progressed = true;
        publish(first.weight() - before, 0);
        final Buffer piece = copy;
        if (piece != null && first.isCopied()) {
            piece.skip(bytes);
            if (piece.readableBytes() == 0) {
                piece.trim();
            }
        }
        if (first.leftBytes() == 0) {
            finish(first);
        }
    }

    private void finish(PartSend first) {
        waiting.remove();
        sent.add(first);
        publish(-first.weight(), -1);
        outbound.unlimit(UNLIMITED);
        final PartSend next = waiting.peek();
        if (next != null) {
            limit(next);
        }
    }

    /** Whether any byte of them has been sent since this was last asked. */
    boolean hasProgressed() {
        final boolean was = progressed;
        progressed = false;
        return was;
    }

    /** Whether {@link #complete} has something to do. */
    boolean hasCompleted() {
        return !sent.isEmpty();
    }

    /** Completes what is sent, which runs code of the users. */
    void complete() {
        for (PartSend done = sent.poll(); done != null; done = sent.poll()) {
            done.succeed();
        }
    }

    /** The connection is closed, and the transport uses nothing of it any more: all that is not sent fails. */
    void close(Throwable cause) {
        loop.wheel().cancel(memoryTimer);
        final Buffer piece = copy;
        if (piece != null) {
            piece.close();
        }
        complete();
        for (PartSend lost = waiting.poll(); lost != null; lost = waiting.poll()) {
            publish(-lost.weight(), -1);
            lost.fail(cause);
        }
    }
}
