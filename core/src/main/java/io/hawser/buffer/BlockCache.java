// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

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
    private final @Nullable Block[][] stacks = new Block[SizeClass.COUNT][];
    private final int[] counts = new int[SizeClass.COUNT];
    private @Nullable Block views;
    private int viewCount;
    private @Nullable Thread owner;

    BlockCache(BlockPool pool) {
        this.pool = pool;
        for (int i = 0; i < SizeClass.COUNT; i++) {
            stacks[i] = new Block[Math.clamp(IDLE_BYTES_PER_CLASS / SizeClass.bytes(i), 1, MAX_IDLE_BLOCKS)];
        }
    }

    /** Makes the calling thread the owner. */
    public void bind() {
        owner = Thread.currentThread();
    }

    /** The pool behind this cache. */
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
        if (Thread.currentThread() != owner || counts[sizeClass] == 0 && !refill(sizeClass)) {
            return pool.tryAcquire(minBytes);
        }
        final @Nullable Block[] stack = stacks[sizeClass];
        final int top = --counts[sizeClass];
        final Block block = stack[top];
        stack[top] = null;
        if (block == null) {
            throw new IllegalStateException("The cache is used by two threads at once");
        }
        block.cache = this;
        if (Checked.ON) {
            block.taken();
        }
        return block;
    }

    private boolean refill(int sizeClass) {
        final @Nullable Block[] stack = stacks[sizeClass];
        counts[sizeClass] = pool.take(sizeClass, stack, Math.min(REFILL_BLOCKS, stack.length));
        return counts[sizeClass] > 0;
    }

    void give(Block block) {
        final int sizeClass = block.sizeClass;
        if (Thread.currentThread() != owner) {
            pool.give(block);
            return;
        }
        final @Nullable Block[] stack = stacks[sizeClass];
        if (counts[sizeClass] == stack.length) {
            // The older half, which has gone cold; at least one.
            final int half = (stack.length + 1) / 2;
            pool.give(stack, 0, half);
            System.arraycopy(stack, half, stack, 0, stack.length - half);
            for (int i = stack.length - half; i < stack.length; i++) {
                stack[i] = null;
            }
            counts[sizeClass] -= half;
        }
        stack[counts[sizeClass]++] = block;
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
            bytes += (long) counts[i] * SizeClass.bytes(i);
        }
        return bytes;
    }

    /**
     * Gives all blocks back to the pool; ones released later go there directly. The owner's thread, or any when it has
     * ended.
     */
    @Override
    public void close() {
        owner = null;
        for (int i = 0; i < SizeClass.COUNT; i++) {
            pool.give(stacks[i], 0, counts[i]);
            counts[i] = 0;
        }
        views = null;
        viewCount = 0;
        pool.remove(this);
    }
}
