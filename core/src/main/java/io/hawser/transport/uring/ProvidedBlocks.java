// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.uring;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.linux.BufferRing;
import io.hawser.linux.IoUring;
import io.hawser.linux.LinuxException;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * The blocks that the kernel receives into. One that comes back filled belongs to whoever it is delivered to, and another takes
 * its id at once, so that the ring is full but for the times when the memory limit is reached.
 */
final class ProvidedBlocks {
    /** The group of the blocks for streams. */
    static final int STREAMS = 0;

    private final BlockCache cache;
    private final int group;
    private final int blockBytes;
    private final BufferRing ring;
    private final @Nullable Block[] blocks;
    /** Ids for which there was no memory; {@link #refill} tries again. */
    private final int[] missing;

    private int missingCount;
    private boolean unpublished;

    ProvidedBlocks(IoUring uring, BlockCache cache, int group, int blockBytes, int count, Arena arena)
            throws LinuxException {
        this.cache = cache;
        this.group = group;
        this.blockBytes = blockBytes;
        this.ring = BufferRing.register(uring, count, group, arena);
        this.blocks = new Block[count];
        this.missing = new int[count];
        for (int id = count - 1; id >= 0; id--) {
            missing[missingCount++] = id;
        }
        refill();
        publish();
    }

    /** By what operations name them. */
    int group() {
        return group;
    }

    /** The block that the kernel filled; the caller owns it. */
    Block take(int id) {
        final Block block = blocks[id];
        if (block == null) {
            throw new IllegalStateException("The kernel named buffer " + id + ", which it does not have");
        }
        provide(id);
        return block;
    }

    private boolean provide(int id) {
        final Block block = cache.tryAcquire(blockBytes);
        blocks[id] = block;
        if (block == null) {
            missing[missingCount++] = id;
            return false;
        }
        ring.add(block.address(), block.capacity(), id);
        unpublished = true;
        return true;
    }

    /** Provides what could not be had before. */
    void refill() {
        while (missingCount > 0 && provide(missing[--missingCount])) {
            // provide() puts the id back when there is still no memory.
        }
    }

    /** Shows the kernel what was added; before each system call. */
    void publish() {
        if (unpublished) {
            unpublished = false;
            ring.publish();
        }
    }

    /** Whether the kernel has nothing to receive into. */
    boolean isEmpty() {
        return missingCount == blocks.length;
    }

    /** Whether fewer blocks are provided than should be. */
    boolean isShort() {
        return missingCount > 0;
    }

    /** Gives all back; the ring must be closed, so that the kernel writes no more. */
    void close() {
        for (int id = 0; id < blocks.length; id++) {
            final Block block = blocks[id];
            if (block != null) {
                blocks[id] = null;
                block.release();
            }
        }
    }
}
