// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BufferQueue;
import java.io.EOFException;
import java.util.concurrent.CompletableFuture;

/**
 * A part of a file on its way: its place among all that is sent, and what is left of it. Completes when the kernel has taken all.
 *
 * <p><b>Thread:</b> the loop's, once it has come there.
 */
final class FileSend extends CompletableFuture<Void> implements BufferQueue.Receipt {
    /** What a file counts as at least among what is pending: little of its length is in memory, but it is open. */
    static final int MIN_WEIGHT = 16 * 1024;

    private final Outbox outbox;
    private final FileSource file;
    private long position;
    private long left;
    /** How many bytes of the connection's buffer go before it, counted from when the connection was made. */
    private long start;
    /** The socket cannot send it by itself. */
    private boolean copied;

    FileSend(Outbox outbox, FileSource file, long offset, long count) {
        this.outbox = outbox;
        this.file = file;
        this.position = offset;
        this.left = count;
    }

    @Override
    public void drained(long end) {
        start = end;
        outbox.drained(this);
    }

    FileSource file() {
        return file;
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
        return new EOFException(file + " ended at " + end + " while it was sent, " + (position + left - end)
                + " bytes before the end of what was to be sent");
    }

    /** It is sent: the file may be closed. */
    void succeed() {
        file.release();
        complete(null);
    }

    void fail(Throwable cause) {
        file.release();
        completeExceptionally(cause);
    }
}
