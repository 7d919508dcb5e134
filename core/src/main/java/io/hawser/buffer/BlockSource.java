// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import org.jspecify.annotations.Nullable;

/**
 * Where a buffer takes its blocks from: a loop's {@link BlockCache}, or the {@link BlockPool} for threads without one.
 */
public sealed interface BlockSource permits BlockCache, BlockPool {
    /** The pool that the blocks come from in the end. */
    BlockPool pool();

    /**
     * A block of at least {@code minBytes}, empty; the caller owns it.
     *
     * @param minBytes 0 to 16 MiB
     * @throws PoolExhaustedException if the pool's cap is reached
     * @throws IllegalArgumentException if {@code minBytes} is out of range
     */
    Block acquire(int minBytes);

    /**
     * As {@link #acquire}, but {@code null} when the cap is reached.
     *
     * @throws IllegalArgumentException if {@code minBytes} is out of range
     */
    @Nullable
    Block tryAcquire(int minBytes);
}
