// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.time.Duration;

/**
 * When a client tries again to connect. The first try follows at once. After the n-th failed one in a row the client waits for a time that chance
 * picks between half and all of {@code interval * 2^n}, but no less than {@code interval} and no more than {@code ceiling}.
 *
 * <p>A session that ends before it has lived for {@code interval} or received a message counts as a failed try, too, so that a peer which accepts and
 * closes, or a listener which refuses, causes no storm. One that has received something and is younger than {@code interval} starts the count
 * anew, and the next try waits until {@code interval} has passed since it opened: no session is opened more often than that.
 *
 * @param interval the least time between failed tries; 1 ms to one day
 * @param ceiling the most; no less than {@code interval}, 365 days at most
 * @param tries after so many failed tries in a row it gives up for good; positive, {@link Integer#MAX_VALUE} for never
 */
public record Reconnect(Duration interval, Duration ceiling, int tries) {
    private static final Duration LEAST = Duration.ofMillis(1);
    private static final Duration MOST_INTERVAL = Duration.ofDays(1);
    private static final Duration MOST_CEILING = Duration.ofDays(365);

    /** From 100 ms to 30 s, for ever. */
    // Behind what its check needs.
    public static final Reconnect DEFAULT = of(Duration.ofMillis(100), Duration.ofSeconds(30));

    /** Checks the ranges. */
    public Reconnect {
        if (interval.compareTo(LEAST) < 0 || interval.compareTo(MOST_INTERVAL) > 0) {
            throw new IllegalArgumentException("The interval must be 1 ms to one day: " + interval);
        }
        if (ceiling.compareTo(interval) < 0 || ceiling.compareTo(MOST_CEILING) > 0) {
            throw new IllegalArgumentException(
                    "The ceiling must be no less than the interval, " + interval + ", nor over 365 days: " + ceiling);
        }
        if (tries < 1) {
            throw new IllegalArgumentException("There must be at least 1 try: " + tries);
        }
    }

    /** For ever. */
    public static Reconnect of(Duration interval, Duration ceiling) {
        return new Reconnect(interval, ceiling, Integer.MAX_VALUE);
    }

    /** As this, with another number of tries. */
    public Reconnect withTries(int count) {
        return new Reconnect(interval, ceiling, count);
    }
}
