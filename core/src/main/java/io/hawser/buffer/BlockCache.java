// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One loop's stock of free blocks: taking and giving back on the loop's own thread is an array access, without atomics
 * and without allocation. Last in, first out, so that memory is reused while it is still in the processor's caches.
 *
 * <p><b>Thread:</b> {@link #bind()} makes the calling thread the owner. Other threads may acquire and release as well;
 * that goes to the pool, under its lock.
 */
public final class BlockCache implements BlockSource, AutoCloseable {
    /** How much memory of one size may lie idle here; more goes back to the pool, where other loops find it. */
    private static final int IDLE_BYTES_PER_CLASS = 4 << 20;

    private static final int MAX_IDLE_BLOCKS = 512;
    private static final int REFILL_BLOCKS = 8;
    private static final int MAX_IDLE_VIEWS = 256;

    private final BlockPool pool;
    private final Stack[] stacks = new Stack[SizeClass.COUNT];
    private @Nullable Block views;
    private int viewCount;
    private @Nullable Thread owner;
    /** The owner is a virtual thread, see {@link #lend}. */
    private boolean lent;

    BlockCache(BlockPool pool) {
        this.pool = pool;
        for (int i = 0; i < SizeClass.COUNT; i++) {
            stacks[i] = new Stack(Math.clamp(IDLE_BYTES_PER_CLASS / SizeClass.bytes(i), 1, MAX_IDLE_BLOCKS));
        }
    }

    /** Makes the calling thread the owner. */
    public void bind() {
        owner = Thread.currentThread();
        lent = false;
    }

    /**
     * Makes a virtual thread that the calling thread carries the owner, until the next {@link #bind()}. It may leave its carrier wherever it waits,
     * even for the pool's lock, and then the cache must be as others expect it: so it takes and gives what there is and room for, and for all else goes
     * to the pool by itself. The owner's thread.
     */
    public void lend(Thread carried) {
        owner = carried;
        lent = true;
    }

    /** The owner gives it up: until the next {@link #bind()}, every thread goes to the pool. The owner's thread. */
    public void unbind() {
        owner = null;
    }

    @Override
    public BlockPool pool() {
        return pool;
    }

    @Override
    public Block acquire(int minBytes) {
        final Block block = tryAcquire(minBytes);
        if (block == null) {
            throw pool.exhausted(minBytes);
        }
        return block;
    }

    @Override
    public @Nullable Block tryAcquire(int minBytes) {
        final int sizeClass = SizeClass.of(minBytes);
        if (Thread.currentThread() != owner) {
            return pool.tryAcquire(minBytes);
        }
        final Stack stack = stacks[sizeClass];
        if (stack.count == 0) {
            if (lent) {
                return pool.tryAcquire(minBytes);
            }
            stack.count = pool.take(sizeClass, stack.blocks, Math.min(REFILL_BLOCKS, stack.blocks.length));
            if (stack.count == 0) {
                final Block block = pool.tryAcquire(minBytes);
                return block == null ? takeLarger(sizeClass) : block;
            }
        }
        return take(stack);
    }

    /** At the cap a larger block that lies idle here will do, as one in the pool does. */
    private @Nullable Block takeLarger(int wantedClass) {
        for (int sizeClass = wantedClass + 1; sizeClass < SizeClass.COUNT; sizeClass++) {
            if (stacks[sizeClass].count > 0) {
                return take(stacks[sizeClass]);
            }
        }
        return null;
    }

    private Block take(Stack stack) {
        final Block block = stack.pop();
        block.cache = this;
        if (Checked.ON) {
            block.taken();
        }
        return block;
    }

    void give(Block block) {
        if (Thread.currentThread() != owner) {
            pool.give(block);
            return;
        }
        final Stack stack = stacks[block.sizeClass];
        if (stack.count == stack.blocks.length) {
            if (lent) {
                pool.give(block);
                return;
            }
            // The older half, which has gone cold; at least one.
            final int half = (stack.count + 1) / 2;
            pool.give(stack.blocks, half);
            stack.dropOldest(half);
        }
        stack.push(block);
    }

    @Nullable
    Block takeView() {
        final Block view = views;
        if (view == null || Thread.currentThread() != owner) {
            return null;
        }
        views = view.next;
        view.next = null;
        viewCount--;
        return view;
    }

    void giveView(Block view) {
        if (viewCount < MAX_IDLE_VIEWS && Thread.currentThread() == owner) {
            view.next = views;
            views = view;
            viewCount++;
        }
    }

    /** What lies idle here, in bytes. */
    long freeBytes() {
        long bytes = 0;
        for (int i = 0; i < SizeClass.COUNT; i++) {
            bytes += freeBytes(i);
        }
        return bytes;
    }

    /** What lies idle here in blocks of one size, in bytes. Any thread; a moment old. */
    long freeBytes(int sizeClass) {
        return (long) stacks[sizeClass].count * SizeClass.bytes(sizeClass);
    }

    /**
     * Gives all blocks back to the pool; ones released later go there directly. The owner's thread, or any when it has
     * ended.
     */
    @Override
    public void close() {
        owner = null;
        for (Stack stack : stacks) {
            pool.give(stack.blocks, stack.count);
            stack.count = 0;
        }
        views = null;
        viewCount = 0;
        pool.remove(this);
    }

    /** Idle blocks of one size, the youngest on top. */
    private static final class Stack {
        final @Nullable Block[] blocks;
        int count;

        Stack(int capacity) {
            blocks = new Block[capacity];
        }

        void push(Block block) {
            blocks[count++] = block;
        }

        Block pop() {
            final Block top = blocks[--count];
            blocks[count] = null;
            if (top == null) {
                throw new IllegalStateException("The cache is used by two threads at once");
            }
            return top;
        }

        void dropOldest(int dropped) {
            count -= dropped;
            System.arraycopy(blocks, dropped, blocks, 0, count);
            Arrays.fill(blocks, count, count + dropped, null);
        }
    }
}
