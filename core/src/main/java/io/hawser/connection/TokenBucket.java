// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/**
 * Lets so much through in a second, and bursts of as much as comes in a second. It can be overdrawn by what was on its way already. One
 * thread; the clock is the caller's.
 */
final class TokenBucket {
    private static final long SECOND_NS = 1_000_000_000L;
    /** Going on pays when there is work for some time again. */
    private static final long PAUSE_NS = 10_000_000L;

    private final long perSecond;
    /** In tokens times nanoseconds, so that nothing is lost by rounding. */
    private long level;

    private long lastNs;

    TokenBucket(long perSecond, long nowNs) {
        this.perSecond = perSecond;
        this.level = perSecond * SECOND_NS;
        this.lastNs = nowNs;
    }

    /** Takes one token; whether there are more. */
    boolean take(long nowNs) {
        final long elapsedNs = Math.clamp(nowNs - lastNs, 0, 2 * SECOND_NS);
        lastNs = nowNs;
        level = Math.min(level + elapsedNs * perSecond, perSecond * SECOND_NS) - SECOND_NS;
        return level >= SECOND_NS;
    }

    /** In how many nanoseconds there are tokens again, for some time. */
    long pauseNs() {
        final long missing = Math.max(0, SECOND_NS - level);
        return missing / perSecond + 1 + PAUSE_NS;
    }
}
