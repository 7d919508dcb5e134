// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BufferQueue;
import java.io.EOFException;
import java.util.concurrent.CompletableFuture;

/**
 * What is sent piece by piece, a part of a file or a message of any length: its place among all that is sent, and what is left of it. Completes when
 * the kernel has taken all.
 *
 * <p><b>Thread:</b> the loop's, once it has come there.
 */
final class PartSend extends CompletableFuture<Void> implements BufferQueue.Receipt {
    /** What one counts as at least among what is pending: little of its length is in the connection's memory, but it is held. */
    static final int MIN_WEIGHT = 16 * 1024;

    private final Outbox outbox;
    private final PartSource source;
    private long position;
    private long left;
    /** How many bytes of the connection's buffer go before it, counted from when the connection was made. */
    private long start;
    /** The socket cannot send it by itself. */
    private boolean copied;

    /** @param source is released when all is sent, or it fails */
    PartSend(Outbox outbox, PartSource source, long offset, long count) {
        this.outbox = outbox;
        this.source = source;
        this.position = offset;
        this.left = count;
    }

    @Override
    public void drained(long end) {
        start = end;
        outbox.drained(this);
    }

    PartSource source() {
        return source;
    }

    long position() {
        return position;
    }

    long leftBytes() {
        return left;
    }

    long weight() {
        return Math.max(left, MIN_WEIGHT);
    }

    long start() {
        return start;
    }

    boolean isCopied() {
        return copied;
    }

    void copyFromNowOn() {
        copied = true;
    }

    void advance(long bytes) {
        position += bytes;
        left -= bytes;
    }

    EOFException truncated(long end) {
        return new EOFException(source + " ended at " + end + " while it was sent, " + (position + left - end)
                + " bytes before the end of what was to be sent");
    }

    /** It is sent. */
    void succeed() {
        source.release();
        complete(null);
    }

    void fail(Throwable cause) {
        source.release();
        completeExceptionally(cause);
    }
}
