// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A rate with bursts. */
final class TokenBucketTest {
    private static final long SECOND_NS = 1_000_000_000L;

    @Test
    void shouldLetABurstOfOneSecondThrough() {
        final TokenBucket bucket = new TokenBucket(10, 0);
        for (int i = 0; i < 9; i++) {
            assertThat(bucket.take(0)).as("token %d", i).isTrue();
        }
        assertThat(bucket.take(0)).as("the last one").isFalse();
    }

    @Test
    void shouldHaveTokensAfterThePause() {
        final TokenBucket bucket = new TokenBucket(10, 0);
        for (int i = 0; i < 15; i++) {
            bucket.take(0);
        }
        final long pauseNs = bucket.pauseNs();

        assertThat(pauseNs).as("the overdraft is paid").isBetween(6 * SECOND_NS / 10, 7 * SECOND_NS / 10);
        bucket.take(pauseNs);
        assertThat(bucket.pauseNs()).isLessThan(2 * SECOND_NS / 10);
    }

    @Test
    void shouldKeepTheRateOverTime() {
        final long perSecond = 1000;
        final TokenBucket bucket = new TokenBucket(perSecond, 0);
        long nowNs = 0;
        int taken = 0;
        while (nowNs < 10 * SECOND_NS) {
            taken++;
            nowNs += bucket.take(nowNs) ? 1000 : bucket.pauseNs();
        }
        assertThat(taken).isBetween(9_500, 11_100);
    }

    @Test
    void shouldNotSaveMoreThanOneBurst() {
        final TokenBucket bucket = new TokenBucket(10, 0);
        int taken = 1;
        while (bucket.take(1000 * SECOND_NS)) {
            taken++;
        }
        assertThat(taken).isEqualTo(10);
    }
}
