// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrowthTest {
    private static final int READINGS = 120;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldFindALeakInNoiseThatIsAsGreat(long seed) {
        final Random random = new Random(seed);
        assertThat(isGrowing(i -> 30 + 5.0 * i / READINGS + random.nextGaussian()))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldNotTakeNoiseForALeak(long seed) {
        final Random random = new Random(seed);
        assertThat(isGrowing(_ -> 30 + 3 * random.nextGaussian())).isFalse();
    }

    @Test
    void shouldNotTakeTheWarmUpForALeak() {
        assertThat(isGrowing(i -> i < READINGS / 3 ? i : 40)).isFalse();
    }

    @Test
    void shouldNotTakeForALeakWhatFillsUpAndStays() {
        assertThat(isGrowing(i -> 40 * (1 - Math.exp(-i / 15.0)))).isFalse();
    }

    @Test
    void shouldNotMindSpikes() {
        assertThat(isGrowing(i -> i % 7 == 0 ? 90 : 30)).isFalse();
        assertThat(isGrowing(i -> i > READINGS - 10 ? 90 : 30)).isFalse();
    }

    @Test
    void shouldFindALeakBetweenSpikes() {
        assertThat(isGrowing(i -> (i % 7 == 0 ? 90 : 30) + 5.0 * i / READINGS)).isTrue();
    }

    @Test
    void shouldAllowAPartOfWhatIsThere() {
        assertThat(isGrowing(i -> 1000 + 20.0 * i / READINGS)).isFalse();
        assertThat(isGrowing(i -> 1000 + 200.0 * i / READINGS)).isTrue();
    }

    @Test
    void shouldSayNothingOnFewReadings() {
        assertThatThrownBy(() -> Growth.of(new double[Growth.LEAST_READINGS - 1], 1, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static boolean isGrowing(IntToDoubleFunction reading) {
        return Growth.of(IntStream.range(0, READINGS).mapToDouble(reading).toArray(), 1.5, 0.05)
                .isGrowing();
    }
}
