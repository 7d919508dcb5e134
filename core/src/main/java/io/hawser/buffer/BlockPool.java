// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import io.hawser.jfr.LimitHitEvent;
import io.hawser.jfr.PoolGrowthEvent;
import io.hawser.jfr.Recording;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * All buffer memory of an engine: slabs of 1 MiB, cut into blocks of one size each, under a hard cap.
 *
 * <p>Slabs live as long as the pool: closing an {@link Arena} costs a handshake with every thread. Any thread may
 * acquire and release; the threads that do it all the time do it through their own {@link BlockCache}.
 */
public final class BlockPool implements BlockSource, AutoCloseable {
    /** The most bytes that one block can hold. */
    public static final int MAX_BLOCK_BYTES = SizeClass.MAX_BYTES;

    private static final int SLAB_BYTES = 1 << 20;
    private static final int PAGE_BYTES = 4096;

    private final long capBytes;
    private final Arena arena = Arena.ofShared();
    private final SpinLock lock = new SpinLock();
    private final List<ArrayDeque<Block>> free = new ArrayList<>(SizeClass.COUNT);
    private final List<BlockCache> caches = new CopyOnWriteArrayList<>();
    private final Set<Block> out = ConcurrentHashMap.newKeySet();

    /** Of each size. */
    private final long[] reservedOf = new long[SizeClass.COUNT];

    private long reservedBytes;
    private long freeBytes;
    private long refusals;
    /** The size of the blocks that the pool has grown by, and that nobody has recorded; or 0. */
    private int grownBlockBytes;

    private boolean closed;

    /** @param capBytes the most native memory that the pool ever reserves, in bytes; positive */
    public BlockPool(long capBytes) {
        if (capBytes <= 0) {
            throw new IllegalArgumentException("The cap must be positive: " + capBytes);
        }
        this.capBytes = capBytes;
        for (int i = 0; i < SizeClass.COUNT; i++) {
            free.add(new ArrayDeque<>());
        }
    }

    /** Whether the checked mode is on ({@code -Dhawser.checked=true}), in which leaks are reported with their places. */
    public static boolean isChecked() {
        return Checked.ON;
    }

    @Override
    public BlockPool pool() {
        return this;
    }

    /** A new cache, for one loop. */
    public BlockCache newCache() {
        final BlockCache cache = new BlockCache(this);
        caches.add(cache);
        return cache;
    }

    void remove(BlockCache cache) {
        caches.remove(cache);
    }

    @Override
    public Block acquire(int minBytes) {
        final Block block = tryAcquire(minBytes);
        if (block == null) {
            throw exhausted(minBytes);
        }
        return block;
    }

    PoolExhaustedException exhausted(int minBytes) {
        return new PoolExhaustedException(minBytes, reservedBytes(), capBytes);
    }

    @Override
    public @Nullable Block tryAcquire(int minBytes) {
        final int sizeClass = SizeClass.of(minBytes);
        final Block block = take(sizeClass);
        if (block != null) {
            block.cache = null;
            if (Checked.ON) {
                block.taken();
            }
        }
        return block;
    }

    /** Moves up to {@code wanted} blocks into {@code target}; the number moved. */
    int take(int sizeClass, @Nullable Block[] target, int wanted) {
        lock.lock();
        try {
            requireOpen();
            int count = 0;
            // One that had to be of a larger class must not hide in a cache of smaller ones.
            while (count < wanted) {
                final Block block = free.get(sizeClass).isEmpty() && !addSlab(sizeClass)
                        ? null
                        : free.get(sizeClass).poll();
                if (block == null) {
                    break;
                }
                freeBytes -= block.capacity;
                target[count++] = block;
            }
            return count;
        } finally {
            unlockAndRecord();
        }
    }

    private @Nullable Block take(int wantedClass) {
        boolean refused = false;
        lock.lock();
        try {
            requireOpen();
            for (int sizeClass = wantedClass; sizeClass < SizeClass.COUNT; sizeClass++) {
                // Under the cap a block of its own size is cut; at the cap a larger one that lies idle will do.
                if (!free.get(sizeClass).isEmpty() || (sizeClass == wantedClass && addSlab(sizeClass))) {
                    final Block block = free.get(sizeClass).remove();
                    freeBytes -= block.capacity;
                    return block;
                }
            }
            refusals++;
            refused = true;
            return null;
        } finally {
            unlockAndRecord();
            if (refused && Recording.isOn()) {
                LimitHitEvent.record("bufferMemoryBytes");
            }
        }
    }

    /** Others spin for the lock, so what takes its time comes after it. */
    private void unlockAndRecord() {
        final int grown = grownBlockBytes;
        final long reserved = reservedBytes;
        grownBlockBytes = 0;
        lock.unlock();
        if (grown > 0 && Recording.isOn()) {
            PoolGrowthEvent.record(grown, reserved, capBytes);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The pool is closed");
        }
    }

    private boolean addSlab(int sizeClass) {
        final int blockBytes = SizeClass.bytes(sizeClass);
        final long room = capBytes - reservedBytes;
        final long slabBytes = Math.min(Math.max(SLAB_BYTES, blockBytes), room - room % blockBytes);
        if (slabBytes < blockBytes) {
            return false;
        }
        final MemorySegment slab = arena.allocate(slabBytes, PAGE_BYTES);
        reservedBytes += slabBytes;
        reservedOf[sizeClass] += slabBytes;
        grownBlockBytes = blockBytes;
        freeBytes += slabBytes;
        for (long at = 0; at < slabBytes; at += blockBytes) {
            free.get(sizeClass).add(Block.pooled(slab.asSlice(at, blockBytes), sizeClass, this));
        }
        return true;
    }

    void give(Block block) {
        lock.lock();
        try {
            put(block);
        } finally {
            lock.unlock();
        }
    }

    /** Takes the first {@code count} blocks back. */
    void give(@Nullable Block[] blocks, int count) {
        lock.lock();
        try {
            for (int i = 0; i < count; i++) {
                final Block block = blocks[i];
                blocks[i] = null;
                if (block != null) {
                    put(block);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void put(Block block) {
        freeBytes += block.capacity;
        free.get(block.sizeClass).push(block);
    }

    /**
     * The native memory reserved from the system, in bytes; never more than {@link #capBytes()}, never less than
     * before.
     */
    public long reservedBytes() {
        lock.lock();
        try {
            return reservedBytes;
        } finally {
            lock.unlock();
        }
    }

    /** The size of all blocks that are in use, in bytes; exact when no thread acquires or releases meanwhile. */
    public long usedBytes() {
        lock.lock();
        try {
            long used = reservedBytes - freeBytes;
            for (BlockCache cache : caches) {
                used -= cache.freeBytes();
            }
            return used;
        } finally {
            lock.unlock();
        }
    }

    /** How its memory is used. */
    public PoolSnapshot snapshot() {
        final List<PoolSnapshot.Size> sizes = new ArrayList<>(SizeClass.COUNT);
        lock.lock();
        try {
            long cachedBytes = 0;
            for (int i = 0; i < SizeClass.COUNT; i++) {
                long cached = 0;
                for (BlockCache cache : caches) {
                    cached += cache.freeBytes(i);
                }
                final long freeOf = (long) free.get(i).size() * SizeClass.bytes(i);
                final long idle = Math.min(cached, reservedOf[i] - freeOf);
                sizes.add(new PoolSnapshot.Size(
                        SizeClass.bytes(i), reservedOf[i], reservedOf[i] - freeOf - idle, idle, freeOf));
                cachedBytes += idle;
            }
            return new PoolSnapshot(
                    capBytes,
                    reservedBytes,
                    reservedBytes - freeBytes - cachedBytes,
                    cachedBytes,
                    freeBytes,
                    refusals,
                    sizes);
        } finally {
            lock.unlock();
        }
    }

    /** How often a block was wanted and there was no memory left under the cap. */
    public long refusals() {
        lock.lock();
        try {
            return refusals;
        } finally {
            lock.unlock();
        }
    }

    /** The most that may be reserved, in bytes. */
    public long capBytes() {
        return capBytes;
    }

    /** Checked mode: the blocks and slices that were taken and not given back, each with the place; else empty. */
    public List<Throwable> leaks() {
        final List<Throwable> places = new ArrayList<>();
        for (Block block : out) {
            final Throwable place = block.takenAt;
            if (place != null) {
                places.add(place);
            }
        }
        return places;
    }

    void taken(Block block) {
        out.add(block);
    }

    void released(Block block) {
        out.remove(block);
    }

    /**
     * Gives all memory back to the system. No block may be in use; touching one later throws.
     *
     * @throws IllegalStateException in checked mode, if blocks are in use: the places that took them are suppressed
     * exceptions
     */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            lock.unlock();
        }
        final List<Throwable> leaks = leaks();
        arena.close();
        if (!leaks.isEmpty()) {
            final var failure = new IllegalStateException(leaks.size() + " blocks were never released");
            leaks.forEach(failure::addSuppressed);
            throw failure;
        }
    }
}
