// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.random.RandomGenerator;

/** How long to wait after failed tries; see {@link Reconnect}. Not thread-safe. */
final class Backoff {
    private final long intervalNs;
    private final long ceilingNs;
    private final RandomGenerator random;

    Backoff(Reconnect reconnect, RandomGenerator random) {
        this.intervalNs = reconnect.interval().toNanos();
        this.ceilingNs = reconnect.ceiling().toNanos();
        this.random = random;
    }

    /**
     * The wait in nanoseconds.
     *
     * @param failed the failed tries in a row, from 1
     */
    long delayNs(int failed) {
        long mostNs = intervalNs;
        // A year of nanoseconds can be doubled without an overflow.
        for (int i = 0; i < failed && mostNs < ceilingNs; i++) {
            mostNs *= 2;
        }
        mostNs = Math.min(mostNs, ceilingNs);
        final long leastNs = Math.max(intervalNs, mostNs / 2);
        return leastNs + random.nextLong(mostNs - leastNs + 1);
    }
}
