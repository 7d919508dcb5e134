// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.util.List;

/**
 * The memory of a {@link BlockPool} at one moment; exact when no thread acquires or releases meanwhile. Sizes are in bytes.
 *
 * @param capBytes the most that may be reserved
 * @param reservedBytes what is reserved from the system: the sum of the next three, of all sizes
 * @param usedBytes what is in use
 * @param cachedBytes what lies idle in the caches of the loops
 * @param freeBytes what lies idle in the pool, for every loop
 * @param refusals how often a block was wanted and there was no memory left under the cap
 * @param sizes the same for blocks of each size, the smallest first
 */
public record PoolSnapshot(
        long capBytes,
        long reservedBytes,
        long usedBytes,
        long cachedBytes,
        long freeBytes,
        long refusals,
        List<Size> sizes) {
    /**
     * The blocks of one size.
     *
     * @param blockBytes the size of one
     * @param reservedBytes what is reserved from the system
     * @param usedBytes what is in use
     * @param cachedBytes what lies idle in the caches of the loops
     * @param freeBytes what lies idle in the pool
     */
    public record Size(int blockBytes, long reservedBytes, long usedBytes, long cachedBytes, long freeBytes) {}

    /** Copies the list. */
    public PoolSnapshot {
        sizes = List.copyOf(sizes);
    }
}
