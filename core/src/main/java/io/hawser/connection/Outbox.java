// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferQueue;
import io.hawser.loop.LoopTask;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What other threads write to a connection, on its way to the loop: whole messages in the order in which each thread made them, and who is
 * told when the kernel has taken them.
 *
 * <p><b>Thread:</b> any for {@code offer}; the loop's for the rest.
 */
final class Outbox extends LoopTask {
    private final StreamConnection connection;
    private final BufferQueue queue = new BufferQueue();
    /** Offered, and not in the connection's buffer yet. */
    private final AtomicLong queuedBytes = new AtomicLong();

    private @Nullable WriteReceipt first;
    private @Nullable WriteReceipt last;

    /** What is sent piece by piece and comes out while all is dropped. */
    private @Nullable ArrayDeque<PartSend> dropped;

    Outbox(StreamConnection connection) {
        this.connection = connection;
    }

    @Override
    public void run() {
        connection.takeOver();
    }

    /** What waits here, in bytes. Any thread. */
    long queuedBytes() {
        return queuedBytes.get();
    }

    /** Whether nothing waits here. Any thread. */
    boolean isEmpty() {
        return queue.isEmpty();
    }

    /** Queues all of {@code message}, whatever there is already. */
    void offer(Buffer message) {
        queuedBytes.addAndGet(message.readableBytes());
        queue.offer(message);
    }

    /**
     * Queues all of {@code message} if there is room.
     *
     * @param room how many bytes may wait here, this message included
     * @return completes when they are sent; null if there is no room, and {@code message} is as it was
     */
    @Nullable
    CompletableFuture<Void> offer(Buffer message, long room) {
        final long bytes = message.readableBytes();
        if (queuedBytes.addAndGet(bytes) > room) {
            queuedBytes.addAndGet(-bytes);
            return null;
        }
        final WriteReceipt receipt = new WriteReceipt(this);
        queue.offer(message, receipt);
        return receipt;
    }

    /**
     * Queues what is sent piece by piece if there is room, as {@link PartSend#MIN_WEIGHT} bytes.
     *
     * @param room how many bytes may wait here, this included
     * @return whether there was room
     */
    boolean offer(PartSend part, BlockPool pool, long room) {
        if (queuedBytes.addAndGet(PartSend.MIN_WEIGHT) > room) {
            queuedBytes.addAndGet(-PartSend.MIN_WEIGHT);
            return false;
        }
        queue.mark(pool, part);
        return true;
    }

    /** Moves all to the tail of {@code outbound}; how many bytes that was. */
    long drainTo(Buffer outbound) {
        final long bytes = queue.drainTo(outbound);
        // Not before: on the way they count twice rather than not at all.
        queuedBytes.addAndGet(-bytes);
        return bytes;
    }

    /** @param end where the message ends in the stream of all that is sent */
    void drained(WriteReceipt receipt, long end) {
        receipt.end = end;
        final WriteReceipt tail = last;
        if (tail == null) {
            first = receipt;
        } else {
            tail.next = receipt;
        }
        last = receipt;
    }

    /** What is sent piece by piece has its place in the stream of all that is sent. */
    void drained(PartSend part) {
        final ArrayDeque<PartSend> lost = dropped;
        if (lost == null) {
            connection.drained(part);
        } else {
            lost.add(part);
        }
        queuedBytes.addAndGet(-PartSend.MIN_WEIGHT);
    }

    /**
     * Whether {@link #complete} has something to do.
     *
     * @param sentBytes all that the kernel has taken since the connection was made
     */
    boolean hasCompleted(long sentBytes) {
        final WriteReceipt oldest = first;
        return oldest != null && oldest.end <= sentBytes;
    }

    /** Completes what is sent, which runs code of the users. */
    void complete(long sentBytes) {
        while (hasCompleted(sentBytes)) {
            final WriteReceipt sent = poll();
            if (sent != null) {
                sent.complete(null);
            }
        }
    }

    /** Fails all that is not sent. */
    void fail(Throwable cause) {
        for (WriteReceipt lost = poll(); lost != null; lost = poll()) {
            lost.completeExceptionally(cause);
        }
    }

    /** Takes all that is queued out by way of {@code lost}, and fails it; what has been drained before is still to be sent. */
    void drop(Buffer lost, Throwable cause) {
        final WriteReceipt sendingFirst = first;
        final WriteReceipt sendingLast = last;
        first = null;
        last = null;
        final ArrayDeque<PartSend> parts = new ArrayDeque<>(0);
        dropped = parts;
        drainTo(lost);
        dropped = null;
        fail(cause);
        first = sendingFirst;
        last = sendingLast;
        parts.forEach(part -> part.fail(cause));
    }

    private @Nullable WriteReceipt poll() {
        final WriteReceipt oldest = first;
        if (oldest != null) {
            first = oldest.next;
            oldest.next = null;
            if (first == null) {
                last = null;
            }
        }
        return oldest;
    }
}
