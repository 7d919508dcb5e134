// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Hands the contents of buffers from many threads to one, without copying, locks or allocation.
 *
 * <p><b>Order:</b> what one thread offered comes out in the order in which it was offered, and what one call offered comes out in one piece.
 *
 * <p><b>Thread:</b> any thread offers what it owns; one thread at a time drains.
 */
public final class BufferQueue {
    // The chains stand in a stack, youngest on top, linked by their first blocks. A push is a compare-and-set with
    // release semantics at
    // least, the take an exchange with acquire: what a producer wrote into its blocks is visible to who takes them.
    // There is no ABA
    // problem, since nobody pops one: the consumer takes all.
    private static final VarHandle TOP;

    static {
        try {
            TOP = MethodHandles.lookup().findVarHandle(BufferQueue.class, "top", Block.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through TOP
    private volatile @Nullable Block top;

    /** Is told where in the drained buffer a message lies. */
    @FunctionalInterface
    public interface Receipt {
        /**
         * The message is at the tail of the buffer that the queue was drained to. The draining thread, in the order of the messages.
         *
         * @param end the {@link Buffer#writePosition()} behind the message's last byte
         */
        void drained(long end);
    }

    /** An empty queue. */
    public BufferQueue() {}

    /**
     * Takes all that is readable in {@code source}, which is empty afterwards. {@code source} must belong to the caller alone.
     *
     * @return how many bytes that was
     */
    public long offer(Buffer source) {
        return offer(source, null);
    }

    /**
     * As {@link #offer(Buffer)}; {@code receipt} is told when it has come out. Of no bytes it is not told.
     *
     * @return how many bytes that was
     */
    public long offer(Buffer source, @Nullable Receipt receipt) {
        final long bytes = source.readableBytes();
        final Block chain = source.detach();
        if (chain != null) {
            chain.receipt = receipt;
            push(chain);
        }
        return bytes;
    }

    /**
     * Takes a place in the order without bytes: {@code receipt} is told where that is.
     *
     * @param pool any
     */
    public void mark(BlockPool pool, Receipt receipt) {
        final Block mark = Block.mark(pool);
        mark.receipt = receipt;
        push(mark);
    }

    private void push(Block chain) {
        Block old;
        do {
            old = (Block) TOP.getVolatile(this);
            chain.olderChain = old;
        } while (!TOP.compareAndSet(this, old, chain));
    }

    /**
     * Moves all that has been offered to the tail of {@code target}, whatever its bound.
     *
     * @return how many bytes that was
     */
    public long drainTo(Buffer target) {
        Block chain = reverse((Block) TOP.getAndSet(this, (Block) null));
        long bytes = 0;
        while (chain != null) {
            final Block newer = chain.olderChain;
            chain.olderChain = null;
            final Receipt receipt = chain.receipt;
            chain.receipt = null;
            if (!chain.isMark()) {
                bytes += target.appendChain(chain);
            }
            if (receipt != null) {
                receipt.drained(target.writePosition());
            }
            chain = newer;
        }
        return bytes;
    }

    private static @Nullable Block reverse(@Nullable Block youngest) {
        Block oldestFirst = null;
        Block chain = youngest;
        while (chain != null) {
            final Block older = chain.olderChain;
            chain.olderChain = oldestFirst;
            oldestFirst = chain;
            chain = older;
        }
        return oldestFirst;
    }

    /** Whether nothing waits. Any thread; a moment old. */
    public boolean isEmpty() {
        return TOP.getVolatile(this) == null;
    }
}
