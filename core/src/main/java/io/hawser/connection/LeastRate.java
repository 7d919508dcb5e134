// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.time.Duration;

/**
 * How slowly a peer may take what is pending for it, {@link Connection#leastRate(LeastRate)}. Immutable.
 *
 * <p>While bytes are pending the peer falls behind by the time that passes, and each byte that the kernel takes makes good for a part of it:
 * {@code bytesPerSecond} of them for a second. When the peer is behind by {@code timeout}, its connection is reset. So one that takes nothing has
 * {@code timeout}; one that takes a little less than it should has longer; one that takes as much as it should, and never nothing for
 * {@code timeout}, has for ever. Being ahead is not saved up, and when nothing is pending nothing is owed.
 *
 * @param timeout by how much the peer may fall behind; zero for as much as it likes
 * @param bytesPerSecond at least 0; with 0 any byte makes good for all
 */
public record LeastRate(Duration timeout, int bytesPerSecond) {
    /** A peer may take nothing for ever. */
    public static final LeastRate NONE = new LeastRate(Duration.ZERO, 0);

    /** Checks the ranges. */
    public LeastRate {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout must not be negative: " + timeout);
        }
        if (bytesPerSecond < 0) {
            throw new IllegalArgumentException("bytesPerSecond must not be negative: " + bytesPerSecond);
        }
    }

    /** As this, with another rate. */
    public LeastRate withBytesPerSecond(int bytes) {
        return new LeastRate(timeout, bytes);
    }
}
