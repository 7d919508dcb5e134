// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/**
 * How far a peer is behind its {@link LeastRate}. A reading of the loop's time for each send, and no timer of its own.
 *
 * <p><b>Thread:</b> the loop's.
 */
final class SendPace {
    private static final long SECOND_NS = 1_000_000_000L;
    /** So many bytes at once count, so that no product overflows. */
    private static final long MOST_BYTES = 1 << 30;

    private final LeastRate rate;
    private final long timeoutNs;
    /** How far it was behind when the kernel last took something, and when that was. */
    private long behindNs;

    private long atNs;

    /** @param rate one with a timeout */
    SendPace(LeastRate rate) {
        this.rate = rate;
        this.timeoutNs = ConnectionTimeouts.nanos(rate.timeout());
    }

    LeastRate rate() {
        return rate;
    }

    /** There is something pending, and there was not. */
    void begin(long nowNs) {
        behindNs = 0;
        atNs = nowNs;
    }

    /** The kernel has taken {@code bytes} of what is pending, at least one. */
    void taken(long bytes, long nowNs) {
        final int perSecond = rate.bytesPerSecond();
        behindNs = perSecond == 0
                ? 0
                : Math.max(0, behindNs + (nowNs - atNs) - Math.min(bytes, MOST_BYTES) * SECOND_NS / perSecond);
        atNs = nowNs;
    }

    /** In how many nanoseconds it is too far behind if nothing more is taken; 0 or less if it is. */
    long leftNs(long nowNs) {
        return timeoutNs - behindNs - (nowNs - atNs);
    }

    /** What to say when it is too far behind. */
    String message(long nowNs) {
        if (nowNs - atNs >= timeoutNs) {
            return ConnectionTimeouts.Kind.WRITE.message(timeoutNs);
        }
        return "write rate: the peer took less than " + rate.bytesPerSecond()
                + " bytes a second of what is pending, and fell " + timeoutNs / 1_000_000 + " ms behind";
    }
}
