// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.cli.DatagramWindow.Verdict;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatagramWindowTest {
    private static final long TIMEOUT_NS = 100;

    private final DatagramWindow window = new DatagramWindow(4, TIMEOUT_NS);

    @Test
    void shouldHoldAsManyAsMayBeOnTheirWay() {
        send(4, 0);
        assertThat(window.hasRoom()).isFalse();
        assertThat(window.answered(2)).isEqualTo(Verdict.ANSWER);
        assertThat(window.hasRoom()).isTrue();
        assertThat(window.waiting()).isEqualTo(3);
    }

    @Test
    void shouldKeepTheTimeFromWhichTheLatencyCounts() {
        window.sent(17, 20);
        window.sent(18, 20);
        assertThat(window.sinceNs(0)).isEqualTo(17);
        assertThat(window.sinceNs(1)).isEqualTo(18);
    }

    @Test
    void shouldGiveUpWhatHasNotComeBackInTime() {
        send(1, 0);
        send(1, 10);
        send(1, 20);
        window.answered(1);
        window.expire(TIMEOUT_NS - 1);
        assertThat(window.counts().lost()).isZero();
        assertThat(window.expiryNs()).isEqualTo(TIMEOUT_NS);
        window.expire(TIMEOUT_NS);
        assertThat(window.counts().lost()).isEqualTo(1);
        assertThat(window.expiryNs()).isEqualTo(20 + TIMEOUT_NS);
        window.expire(20 + TIMEOUT_NS);
        assertThat(window.counts()).isEqualTo(new DatagramCounts(3, 2, 0, 0, 0));
        assertThat(window.waiting()).isZero();
    }

    @Test
    void shouldCountALateAnswerOnceAndKeepTheDatagramLost() {
        send(1, 0);
        window.expire(TIMEOUT_NS);
        assertThat(window.answered(0)).isEqualTo(Verdict.LATE);
        assertThat(window.answered(0)).isEqualTo(Verdict.DUPLICATE);
        assertThat(window.counts()).isEqualTo(new DatagramCounts(1, 1, 1, 1, 0));
    }

    @Test
    void shouldCountDuplicates() {
        send(1, 0);
        assertThat(window.answered(0)).isEqualTo(Verdict.ANSWER);
        assertThat(window.answered(0)).isEqualTo(Verdict.DUPLICATE);
        assertThat(window.waiting()).isZero();
        assertThat(window.counts()).isEqualTo(new DatagramCounts(1, 0, 0, 1, 0));
    }

    @Test
    void shouldCountAsReorderedWhatComesAfterALaterOne() {
        send(4, 0);
        window.answered(0);
        window.answered(3);
        window.answered(1);
        window.answered(2);
        // Twice, but a duplicate is not reordered, too.
        window.answered(1);
        assertThat(window.counts()).isEqualTo(new DatagramCounts(4, 0, 0, 1, 2));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 4, 5, 4 + 256, Long.MAX_VALUE, Long.MIN_VALUE})
    void shouldKnowWhatItHasNotSent(long number) {
        send(4, 0);
        assertThat(window.answered(number)).isEqualTo(Verdict.UNSENT);
        assertThat(window.counts()).isEqualTo(new DatagramCounts(4, 0, 0, 0, 0));
    }

    @Test
    void shouldGiveUpOneWhosePlaceIsNeeded() {
        send(1, 0);
        for (int i = 1; i <= 1000; i++) {
            send(1, 0);
            window.answered(i);
        }
        assertThat(window.counts()).isEqualTo(new DatagramCounts(1001, 1, 0, 0, 0));
        assertThat(window.answered(0)).isEqualTo(Verdict.LATE);
        assertThat(window.waiting()).isZero();
    }

    /** A network that loses, doubles, delays and swaps, seed by seed, against sets that forget nothing. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void shouldCountAsAModelDoes(long seed) {
        final Random random = new Random(seed);
        final List<Long> underway = new ArrayList<>();
        final Set<Long> answered = new HashSet<>();
        long answers = 0;
        long nowNs = 0;
        for (int step = 0; step < 20_000; step++) {
            nowNs += random.nextInt(40);
            window.expire(nowNs);
            if (window.hasRoom()) {
                final long number = window.next();
                window.sent(nowNs, nowNs);
                if (random.nextInt(10) > 0) {
                    underway.add(number);
                }
                if (random.nextInt(20) == 0) {
                    underway.add(number);
                }
            }
            Collections.shuffle(underway, random);
            while (!underway.isEmpty() && random.nextBoolean()) {
                final long number = underway.removeLast();
                final Verdict verdict = window.answered(number);
                if (window.next() - number <= 256) {
                    assertThat(verdict == Verdict.DUPLICATE).isEqualTo(!answered.add(number));
                }
                answers += verdict == Verdict.ANSWER ? 1 : 0;
            }
            final DatagramCounts counts = window.counts();
            assertThat(answers + counts.lost() + window.waiting()).isEqualTo(counts.sent());
        }
        assertThat(window.counts().lost()).isPositive();
        assertThat(window.counts().late()).isPositive();
        assertThat(window.counts().duplicated()).isPositive();
        assertThat(window.counts().reordered()).isPositive();
    }

    private void send(int count, long nowNs) {
        for (int i = 0; i < count; i++) {
            window.sent(nowNs, nowNs);
        }
    }
}
