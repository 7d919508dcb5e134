// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.time.Duration;

/**
 * What a loop does when there is nothing to do: for how long it polls before it blocks. Polling saves the wake-up, some
 * 5 to 50 µs of latency for the first event after a pause, and costs a CPU meanwhile.
 *
 * <p>The loop asks {@link #mayBlock} at the end of a turn that did nothing, and if it may not, calls
 * {@link Thread#onSpinWait()} and takes the next turn without blocking.
 *
 * <p>Thread: any; immutable.
 */
public final class IdleStrategy {
    /** What {@link #spinNs()} returns for a strategy that never blocks. */
    public static final long NEVER_BLOCK = Long.MAX_VALUE;

    private static final IdleStrategy BLOCK = new IdleStrategy(0);
    private static final IdleStrategy SPIN_100_US_THEN_BLOCK = new IdleStrategy(100_000);
    private static final IdleStrategy SPIN = new IdleStrategy(NEVER_BLOCK);

    private final long spinNs;

    private IdleStrategy(long spinNs) {
        this.spinNs = spinNs;
    }

    /**
     * Blocks at once.
     *
     * @return the strategy
     */
    public static IdleStrategy block() {
        return BLOCK;
    }

    /**
     * Polls for 100 µs, then blocks.
     *
     * @return the strategy
     */
    public static IdleStrategy spinThenBlock() {
        return SPIN_100_US_THEN_BLOCK;
    }

    /**
     * Polls for some time, then blocks.
     *
     * @param spin how long to poll since there was last something to do; zero is {@link #block()}, and what exceeds 292
     *     years is {@link #spin()}
     * @return the strategy
     * @throws IllegalArgumentException if the time is negative
     */
    public static IdleStrategy spinThenBlock(Duration spin) {
        if (spin.isNegative()) {
            throw new IllegalArgumentException("spin must not be negative: " + spin);
        }
        if (spin.compareTo(Duration.ofNanos(NEVER_BLOCK)) >= 0) {
            return SPIN;
        }
        return spin.isZero() ? BLOCK : new IdleStrategy(spin.toNanos());
    }

    /**
     * Never blocks. For a loop that has a CPU to itself.
     *
     * @return the strategy
     */
    public static IdleStrategy spin() {
        return SPIN;
    }

    /**
     * Returns how long an idle loop polls before it blocks.
     *
     * @return nanoseconds; 0 to block at once, {@link #NEVER_BLOCK} to poll for ever
     */
    public long spinNs() {
        return spinNs;
    }

    /**
     * Tells whether a loop that has nothing to do may block now.
     *
     * @param idleSinceNs when there was last something to do, on the loop's clock
     * @param nowNs the present reading of that clock
     * @return whether it may block; otherwise it has to poll
     */
    public boolean mayBlock(long idleSinceNs, long nowNs) {
        return spinNs != NEVER_BLOCK && nowNs - idleSinceNs >= spinNs;
    }

    @Override
    public String toString() {
        if (spinNs == 0) {
            return "block";
        }
        return spinNs == NEVER_BLOCK ? "spin" : "spin " + Duration.ofNanos(spinNs) + " then block";
    }
}
