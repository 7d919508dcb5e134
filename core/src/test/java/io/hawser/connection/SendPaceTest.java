// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How far a peer falls behind, and what makes good for it. */
final class SendPaceTest {
    private static final long SECOND_NS = 1_000_000_000L;
    /** As {@code System.nanoTime} may begin. */
    private static final long BEGIN_NS = Long.MAX_VALUE - 5 * SECOND_NS;

    private static SendPace pace(int bytesPerSecond) {
        final SendPace pace = new SendPace(new LeastRate(Duration.ofSeconds(10), bytesPerSecond));
        pace.begin(BEGIN_NS);
        return pace;
    }

    private static long at(int second) {
        return BEGIN_NS + second * SECOND_NS;
    }

    @Test
    void shouldGiveAPeerThatTakesNothingTheTimeout() {
        final SendPace pace = pace(100);

        assertThat(pace.leftNs(at(4))).isEqualTo(6 * SECOND_NS);
        assertThat(pace.leftNs(at(10))).isZero();
        assertThat(pace.message(at(10))).startsWith("write timeout: the peer took nothing");
    }

    @Test
    void shouldHaveASlowPeerFallBehind() {
        final SendPace pace = pace(100);
        for (int second = 1; second <= 19; second++) {
            pace.taken(50, at(second));
            assertThat(pace.leftNs(at(second))).isEqualTo(10 * SECOND_NS - second * SECOND_NS / 2);
        }

        pace.taken(50, at(20));

        assertThat(pace.leftNs(at(20))).isZero();
        assertThat(pace.message(at(20)))
                .isEqualTo(
                        "write rate: the peer took less than 100 bytes a second of what is pending, and fell 10000 ms behind");
    }

    @Test
    void shouldNotSaveUpWhatAPeerIsAhead() {
        final SendPace pace = pace(100);
        pace.taken(Long.MAX_VALUE, at(9));

        assertThat(pace.leftNs(at(9))).isEqualTo(10 * SECOND_NS);
        pace.taken(1, at(18));
        assertThat(pace.leftNs(at(18))).isEqualTo(SECOND_NS + SECOND_NS / 100);
    }

    @Test
    void shouldOweNothingWhenAllIsTaken() {
        final SendPace pace = pace(100);
        pace.begin(at(9));

        assertThat(pace.leftNs(at(9))).isEqualTo(10 * SECOND_NS);
    }

    @Test
    void shouldTakeAnyByteForEnoughWithoutARate() {
        final SendPace pace = pace(0);
        pace.taken(1, at(9));

        assertThat(pace.leftNs(at(9))).isEqualTo(10 * SECOND_NS);
    }

    @Test
    void shouldRefuseWhatIsNegative() {
        assertThatThrownBy(() -> new LeastRate(Duration.ofNanos(-1), 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LeastRate(Duration.ofSeconds(1), -1)).isInstanceOf(IllegalArgumentException.class);
    }
}
