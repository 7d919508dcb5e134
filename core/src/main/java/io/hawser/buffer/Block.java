// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A piece of native memory and the part of it that is readable.
 *
 * <pre>
 *  0           start              end              capacity
 *  | consumed  | readable bytes   | room            |
 * </pre>
 *
 * <p><b>Ownership:</b> who holds a block releases it, once, or passes it on. One thread at a time. Slices of one block
 * are views: blocks of their own over the same memory, which goes back to the pool when the last of them is released,
 * on any thread.
 */
public final class Block {
    private static final VarHandle SHARES;
    private static final VarHandle NEXT;

    static {
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            SHARES = lookup.findVarHandle(Block.class, "shares", int.class);
            NEXT = lookup.findVarHandle(Block.class, "next", Block.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** A view's memory is its origin's; views are reused, so these change for them. */
    MemorySegment memory;

    long address;
    int capacity;

    final int sizeClass;
    /** Where the memory goes back to; of foreign memory, who is told of it in checked mode. */
    final BlockPool pool;
    /** The cache that it was last taken through, which takes it back on its own thread. */
    @Nullable
    BlockCache cache;
    /** Of foreign memory: what is run when it is no longer used. */
    private final @Nullable Runnable released;

    /** Of a view: the block whose memory it shares. */
    private @Nullable Block origin;
    /** Of a memory's own block: how many blocks use the memory, itself included. */
    @SuppressWarnings("unused") // through SHARES
    private volatile int shares = 1;

    int start;
    int end;

    @Nullable
    Block next;
    /** In a {@link BufferQueue}, of the first block of a chain: the chain that was offered before. */
    @Nullable
    Block olderChain;

    /** {@link BufferQueue}: of the first block of a chain, who is told when it has been taken. */
    BufferQueue.@Nullable Receipt receipt;

    /** Whether the buffer that holds it may write behind {@link #end}: nobody else uses that room. */
    boolean writable;

    private @Nullable ByteBuffer byteBuffer;

    /** Checked mode: where it was taken, and where it was given back. */
    @Nullable
    Throwable takenAt;

    private @Nullable Throwable releasedAt;

    private Block(MemorySegment memory, int sizeClass, BlockPool pool, @Nullable Runnable released) {
        this.memory = memory;
        this.address = memory.address();
        this.capacity = (int) memory.byteSize();
        this.sizeClass = sizeClass;
        this.pool = pool;
        this.released = released;
    }

    static Block pooled(MemorySegment memory, int sizeClass, BlockPool pool) {
        return new Block(memory, sizeClass, pool, null);
    }

    /** Native memory that is somebody else's, full of bytes to read. */
    static Block foreign(MemorySegment memory, BlockPool pool, Runnable released) {
        final Block block = new Block(memory, -1, pool, released);
        block.end = block.capacity;
        if (Checked.ON) {
            block.taken();
        }
        return block;
    }

    /** A link of a {@link BufferQueue} that carries no bytes, and is never released. */
    static Block mark(BlockPool pool) {
        return new Block(MemorySegment.NULL, -1, pool, null);
    }

    boolean isMark() {
        return capacity == 0;
    }

    /**
     * Another block over {@code [start, end)} of this one's memory, readable from end to end, which is released by itself. The caller
     * holds this block.
     */
    public Block view(int start, int end) {
        final Block owner = origin == null ? this : origin;
        SHARES.getAndAdd(owner, 1);
        final BlockCache home = owner.cache;
        Block view = home == null ? null : home.takeView();
        if (view == null) {
            view = new Block(memory, -1, owner.pool, null);
        } else if (view.memory != memory) {
            view.memory = memory;
            view.address = address;
            view.capacity = capacity;
            view.byteBuffer = null;
        }
        view.origin = owner;
        view.start = start;
        view.end = end;
        if (Checked.ON) {
            view.taken();
        }
        return view;
    }

    /** The native address of the memory's first byte, for system calls. */
    public long address() {
        return address;
    }

    /** The whole memory, {@link #capacity()} bytes. */
    public MemorySegment memory() {
        return memory;
    }

    /** The size of the memory in bytes. */
    public int capacity() {
        return capacity;
    }

    /** Where the readable bytes start. */
    public int start() {
        return start;
    }

    /** Where the readable bytes end. */
    public int end() {
        return end;
    }

    /** How many bytes are readable. */
    public int readableBytes() {
        return end - start;
    }

    /** The block behind this one in a buffer, or {@code null}. */
    public @Nullable Block next() {
        return next;
    }

    /** Links the block behind this one, after all else that its writer does to this one. */
    void linkRelease(Block behind) {
        NEXT.setRelease(this, behind);
    }

    /** The block behind this one; if there is one, what is read of this one afterwards is what its writer left. */
    @Nullable
    Block nextAcquire() {
        return (Block) NEXT.getAcquire(this);
    }

    /** Makes the first {@code bytes} of the memory the readable ones: a transport has filled them. */
    public void received(int bytes) {
        received(0, bytes);
    }

    /** As {@link #received(int)}, of the bytes from {@code from} to {@code to}. */
    public void received(int from, int to) {
        if (from < 0 || from > to || to > capacity) {
            throw new IndexOutOfBoundsException("Bytes " + from + " to " + to + " in a block of " + capacity);
        }
        start = from;
        end = to;
    }

    /** The memory from {@code from} to {@code to} as a buffer for NIO; the same object each time. */
    public ByteBuffer byteBuffer(int from, int to) {
        ByteBuffer view = byteBuffer;
        if (view == null) {
            view = memory.asByteBuffer();
            byteBuffer = view;
        }
        return view.limit(to).position(from);
    }

    /** Whether nobody else uses the memory. */
    boolean isUnshared() {
        return origin == null && (int) SHARES.getAcquire(this) == 1;
    }

    /** Whether the memory is the pool's, and nobody else uses it: then the holder may write to all of it. */
    boolean isOwn() {
        return sizeClass >= 0 && isUnshared();
    }

    /** Gives the block back. The caller does not touch it again. */
    public void release() {
        if (Checked.ON) {
            released();
        }
        final Block owner = origin;
        if (owner == null) {
            releaseShare();
        } else {
            origin = null;
            next = null;
            writable = false;
            if (owner.cache != null) {
                owner.cache.giveView(this);
            }
            owner.releaseShare();
        }
    }

    private void releaseShare() {
        // A count of one, loaded with acquire, means that this holder is the only one: new shares are made by holders
        // only, so nobody can add one, and whoever gave up the others has finished with the memory. No atomic update is
        // needed then.
        if ((int) SHARES.getAcquire(this) == 1 || (int) SHARES.getAndAdd(this, -1) == 1) {
            free();
        }
    }

    private void free() {
        SHARES.setRelease(this, 1);
        start = 0;
        end = 0;
        next = null;
        writable = false;
        if (released != null) {
            released.run();
            return;
        }
        if (Checked.ON) {
            memory.fill(Checked.POISON);
        }
        if (cache != null) {
            cache.give(this);
        } else {
            pool.give(this);
        }
    }

    // ---- checked mode

    /** Remembers who took it. */
    void taken() {
        releasedAt = null;
        takenAt = new Throwable("taken here by " + Thread.currentThread());
        pool.taken(this);
    }

    private void released() {
        if (releasedAt != null) {
            throw new IllegalStateException("A block was released twice; the first time is the cause", releasedAt);
        }
        releasedAt = new Throwable("released here by " + Thread.currentThread());
        pool.released(this);
    }
}
