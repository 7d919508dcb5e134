// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The pauses between failed tries. */
final class BackoffTest {
    private static final long MS = 1_000_000;

    private static Backoff backoff(long seed, Duration interval, Duration ceiling) {
        return new Backoff(Reconnect.of(interval, ceiling), new SplittableRandom(seed));
    }

    @Test
    void shouldDoubleFromTheIntervalToTheCeiling() {
        for (long seed = 1; seed <= 200; seed++) {
            final Backoff backoff = backoff(seed, Duration.ofMillis(100), Duration.ofSeconds(1));
            assertThat(backoff.delayNs(1)).as("seed %d", seed).isBetween(100 * MS, 200 * MS);
            assertThat(backoff.delayNs(2)).as("seed %d", seed).isBetween(200 * MS, 400 * MS);
            assertThat(backoff.delayNs(3)).as("seed %d", seed).isBetween(400 * MS, 800 * MS);
            assertThat(backoff.delayNs(4)).as("seed %d", seed).isBetween(500 * MS, 1000 * MS);
            assertThat(backoff.delayNs(Integer.MAX_VALUE)).as("seed %d", seed).isBetween(500 * MS, 1000 * MS);
        }
    }

    @Test
    void shouldSpreadThem() {
        final Backoff backoff = backoff(7, Duration.ofMillis(100), Duration.ofSeconds(1));
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < 1000; i++) {
            final long delayNs = backoff.delayNs(9);
            least = Math.min(least, delayNs);
            most = Math.max(most, delayNs);
        }
        assertThat(least).isLessThan(510 * MS);
        assertThat(most).isGreaterThan(990 * MS);
    }

    @Test
    void shouldStayWithinExtremes() {
        final Backoff same = backoff(1, Duration.ofMillis(5), Duration.ofMillis(5));
        assertThat(same.delayNs(1)).isEqualTo(5 * MS);
        assertThat(same.delayNs(1000)).isEqualTo(5 * MS);
        final Backoff year = backoff(1, Duration.ofDays(1), Duration.ofDays(365));
        assertThat(year.delayNs(1000))
                .isBetween(Duration.ofDays(182).toNanos(), Duration.ofDays(365).toNanos());
    }

    @Test
    void shouldBeTheSameForTheSameSeed() {
        final Backoff one = backoff(42, Duration.ofMillis(100), Duration.ofSeconds(9));
        final Backoff other = backoff(42, Duration.ofMillis(100), Duration.ofSeconds(9));
        for (int i = 1; i < 50; i++) {
            assertThat(one.delayNs(i)).isEqualTo(other.delayNs(i));
        }
    }

    @Test
    void shouldRefuseWhatMakesNoSense() {
        assertThatThrownBy(() -> Reconnect.of(Duration.ZERO, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Reconnect.of(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Reconnect.of(Duration.ofSeconds(2), Duration.ofDays(366)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Reconnect.DEFAULT.withTries(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
