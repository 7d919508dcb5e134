// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimingWheelTest {
    private static final long MS = 1_000_000;
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    private final List<String> fired = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final TimingWheel wheel = wheelFrom(0);

    private TimingWheel wheelFrom(long startNs) {
        return new TimingWheel(MS, startNs, (task, cause) -> failures.add(cause));
    }

    private Timer named(String name) {
        return new Timer(() -> fired.add(name));
    }

    @Test
    void shouldFireAtTheDeadlineAndNotBefore() {
        wheel.schedule(named("a"), 5 * MS);

        assertThat(wheel.advance(5 * MS - 1, NO_LIMIT)).isZero();
        assertThat(wheel.advance(5 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(wheel.advance(6 * MS, NO_LIMIT)).isZero();
        assertThat(fired).containsExactly("a");
    }

    @Test
    void shouldRoundADeadlineWithinATickUpToItsEnd() {
        wheel.schedule(named("a"), 5 * MS + 1);

        assertThat(wheel.nextDeadlineNs()).isEqualTo(6 * MS);
        assertThat(wheel.advance(6 * MS - 1, NO_LIMIT)).isZero();
        assertThat(wheel.advance(6 * MS, NO_LIMIT)).isEqualTo(1);
    }

    @Test
    void shouldMeasureADelayFromTheTickItBeganIn() {
        wheel.advance(10 * MS + MS / 2, NO_LIMIT);
        wheel.schedule(named("a"), 10 * MS + MS / 2 + 1);
        wheel.schedule(named("b"), 11 * MS);
        wheel.schedule(named("c"), 11 * MS + 1);

        assertThat(wheel.advance(11 * MS - 1, NO_LIMIT)).isZero();
        wheel.advance(11 * MS, NO_LIMIT);
        assertThat(fired).containsExactly("a", "b");
    }

    @Test
    void shouldFireInOrderOfTicksAndOfArmingWithinATick() {
        wheel.schedule(named("late"), 9_000 * MS);
        wheel.schedule(named("far first"), 5_000 * MS);
        wheel.schedule(named("early"), 3 * MS);
        wheel.advance(4_990 * MS, NO_LIMIT);
        wheel.schedule(named("near second"), 5_000 * MS - 1);

        wheel.advance(10_000 * MS, NO_LIMIT);
        assertThat(fired).containsExactly("early", "far first", "near second", "late");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, -MS, Long.MIN_VALUE + 1})
    void shouldFireAPastDeadlineOnTheNextAdvance(long deadlineNs) {
        wheel.schedule(named("a"), deadlineNs);

        assertThat(wheel.nextDeadlineNs()).isZero();
        assertThat(wheel.nextDelayNs(0)).isZero();
        assertThat(wheel.advance(0, NO_LIMIT)).isEqualTo(1);
    }

    @Test
    void shouldFireADeadlineThatHasPassedWithinTheSameTick() {
        wheel.advance(10 * MS + 500, NO_LIMIT);
        wheel.schedule(named("a"), 10 * MS + 400);

        assertThat(wheel.advance(10 * MS + 500, NO_LIMIT)).isEqualTo(1);
    }

    @Test
    void shouldFireLateOnesBehindThoseThatWereDueBefore() {
        wheel.schedule(named("due 1"), MS);
        wheel.schedule(named("due 2"), 2 * MS);
        wheel.advance(3 * MS, 1);
        wheel.schedule(named("late"), MS);
        wheel.schedule(named("next"), 4 * MS);

        wheel.advance(4 * MS, NO_LIMIT);
        assertThat(fired).containsExactly("due 1", "due 2", "late", "next");
    }

    @Test
    void shouldKeepTheRestDueWhenTheLimitIsReached() {
        for (int i = 0; i < 5; i++) {
            wheel.schedule(named("t" + i), (i / 2) * MS + 1);
        }

        assertThat(wheel.advance(10 * MS, 2)).isEqualTo(2);
        assertThat(wheel.size()).isEqualTo(3);
        assertThat(wheel.nextDelayNs(10 * MS)).isZero();
        assertThat(wheel.advance(10 * MS, 2)).isEqualTo(2);
        assertThat(wheel.advance(10 * MS, 2)).isEqualTo(1);
        assertThat(wheel.advance(10 * MS, 2)).isZero();
        assertThat(fired).containsExactly("t0", "t1", "t2", "t3", "t4");
    }

    @Test
    void shouldFireNothingWithALimitOfZero() {
        wheel.schedule(named("a"), MS);

        assertThat(wheel.advance(MS, 0)).isZero();
        assertThat(wheel.advance(MS, 1)).isEqualTo(1);
    }

    @Test
    void shouldNotGoBackWithTheClock() {
        wheel.advance(10 * MS, NO_LIMIT);
        wheel.advance(5 * MS, NO_LIMIT);
        wheel.schedule(named("a"), 11 * MS);

        assertThat(wheel.advance(11 * MS - 1, NO_LIMIT)).isZero();
        assertThat(wheel.advance(11 * MS, NO_LIMIT)).isEqualTo(1);
    }

    @Test
    void shouldTellWhetherACancelledTimerWasArmed() {
        Timer timer = named("a");
        assertThat(wheel.cancel(timer)).isFalse();
        wheel.schedule(timer, MS);
        assertThat(timer.isArmed()).isTrue();
        assertThat(wheel.size()).isEqualTo(1);

        assertThat(wheel.cancel(timer)).isTrue();
        assertThat(timer.isArmed()).isFalse();
        assertThat(wheel.cancel(timer)).isFalse();
        assertThat(wheel.size()).isZero();
        assertThat(wheel.advance(MS, NO_LIMIT)).isZero();
    }

    @Test
    void shouldCancelATimerThatIsDueAlready() {
        Timer second = named("second");
        wheel.schedule(named("first"), MS);
        wheel.schedule(second, MS);
        wheel.advance(2 * MS, 1);

        assertThat(wheel.cancel(second)).isTrue();
        assertThat(wheel.advance(3 * MS, NO_LIMIT)).isZero();
    }

    @Test
    void shouldMoveAnArmedTimer() {
        Timer timer = named("a");
        wheel.schedule(timer, 5 * MS);
        assertThat(wheel.reschedule(timer, 7 * MS)).isTrue();
        assertThat(timer.deadlineNs()).isEqualTo(7 * MS);

        assertThat(wheel.advance(6 * MS, NO_LIMIT)).isZero();
        wheel.schedule(timer, 9 * MS);
        assertThat(wheel.size()).isEqualTo(1);
        assertThat(wheel.advance(8 * MS, NO_LIMIT)).isZero();
        assertThat(wheel.advance(9 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(wheel.reschedule(timer, 10 * MS)).isFalse();
        assertThat(wheel.advance(10 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(wheel.size()).isZero();
    }

    @Test
    void shouldKeepAPeriodOnItsGridHoweverLateTheLoopIs() {
        List<Long> deadlines = new ArrayList<>();
        Timer[] self = new Timer[1];
        self[0] = new Timer(() -> deadlines.add(self[0].deadlineNs()));
        wheel.schedulePeriodic(self[0], 10 * MS + 3, 10 * MS);

        for (long nowNs : new long[] {13 * MS, 29 * MS, 31 * MS}) {
            assertThat(wheel.advance(nowNs, NO_LIMIT)).isEqualTo(1);
        }
        // Each entry is the deadline that follows the one which fired.
        assertThat(deadlines).containsExactly(20 * MS + 3, 30 * MS + 3, 40 * MS + 3);
    }

    @Test
    void shouldFireOnceForManyMissedPeriods() {
        Timer timer = named("tick");
        wheel.schedulePeriodic(timer, 10 * MS, 10 * MS);

        assertThat(wheel.advance(55 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(timer.deadlineNs()).isEqualTo(60 * MS);
        assertThat(wheel.advance(60 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(timer.deadlineNs()).as("exactly on time is not missed").isEqualTo(70 * MS);
    }

    @Test
    void shouldFireAPeriodBelowTheTickOncePerTick() {
        wheel.schedulePeriodic(named("tick"), 0, 1_000);

        wheel.advance(0, NO_LIMIT);
        for (int ms = 1; ms <= 10; ms++) {
            assertThat(wheel.advance(ms * MS, NO_LIMIT)).isEqualTo(1);
        }
    }

    @Test
    void shouldLetAPeriodicTimerEndItself() {
        Timer[] self = new Timer[1];
        List<Boolean> wasArmed = new ArrayList<>();
        self[0] = new Timer(() -> wasArmed.add(wheel.cancel(self[0])));
        wheel.schedulePeriodic(self[0], MS, MS);

        assertThat(wheel.advance(MS, NO_LIMIT)).isEqualTo(1);
        assertThat(wheel.advance(100 * MS, NO_LIMIT)).isZero();
        assertThat(wasArmed).containsExactly(true);
    }

    @Test
    void shouldKeepThePeriodOfAMovedTimerUntilItIsScheduledAnew() {
        Timer timer = named("tick");
        wheel.schedulePeriodic(timer, 10 * MS, 10 * MS);
        wheel.reschedule(timer, 13 * MS);
        assertThat(wheel.advance(13 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(timer.deadlineNs()).isEqualTo(23 * MS);

        wheel.schedule(timer, 14 * MS);
        assertThat(wheel.advance(14 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(timer.isArmed()).isFalse();

        wheel.schedulePeriodic(timer, 15 * MS, MS);
        wheel.cancel(timer);
        wheel.reschedule(timer, 15 * MS);
        wheel.advance(15 * MS, NO_LIMIT);
        assertThat(timer.isArmed()).as("the period ended with the cancellation").isFalse();
    }

    @Test
    void shouldNotFireWithinAnAdvanceWhatWasArmedByIt() {
        Timer[] self = new Timer[1];
        self[0] = new Timer(() -> wheel.schedule(self[0], 0));
        wheel.schedule(self[0], MS);
        wheel.schedule(new Timer(() -> wheel.schedule(named("between"), 3 * MS)), 2 * MS);

        assertThat(wheel.advance(100 * MS, NO_LIMIT)).isEqualTo(2);
        assertThat(wheel.advance(100 * MS, NO_LIMIT)).isEqualTo(2);
        assertThat(wheel.advance(100 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(fired).containsExactly("between");
    }

    @Test
    void shouldLetACallbackCancelAndMoveOthersThatAreDueInTheSameTick() {
        Timer cancelled = named("cancelled");
        Timer moved = named("moved");
        wheel.schedule(
                new Timer(() -> {
                    fired.add("first");
                    assertThat(wheel.cancel(cancelled)).isTrue();
                    wheel.schedule(moved, 50 * MS);
                }),
                MS);
        wheel.schedule(cancelled, MS);
        wheel.schedule(moved, MS);
        wheel.schedule(named("last"), MS);

        assertThat(wheel.advance(MS, NO_LIMIT)).isEqualTo(2);
        assertThat(fired).containsExactly("first", "last");
        assertThat(wheel.advance(50 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(fired).containsExactly("first", "last", "moved");
    }

    @Test
    void shouldGoOnAfterACallbackThatThrows() {
        Error failure = new AssertionError("on purpose");
        Timer failing = new Timer(() -> {
            throw failure;
        });
        wheel.schedulePeriodic(failing, MS, MS);
        wheel.schedule(named("next"), MS);

        assertThat(wheel.advance(MS, NO_LIMIT)).isEqualTo(2);
        assertThat(wheel.advance(2 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(failures).containsExactly(failure, failure);
        assertThat(fired).containsExactly("next");
    }

    @Test
    void shouldStaySoundWhenTheFailureHandlerThrows() {
        var strict = new TimingWheel(MS, 0, (task, cause) -> {
            throw new IllegalArgumentException(cause);
        });
        strict.schedule(
                new Timer(() -> {
                    throw new UnsupportedOperationException();
                }),
                MS);
        strict.schedule(named("next"), MS);

        assertThatThrownBy(() -> strict.advance(MS, NO_LIMIT)).isInstanceOf(IllegalArgumentException.class);
        assertThat(strict.size()).isEqualTo(1);
        assertThat(strict.advance(MS, NO_LIMIT)).isEqualTo(1);
        assertThat(fired).containsExactly("next");
    }

    @Test
    void shouldRefuseToAdvanceWithinACallback() {
        wheel.schedule(new Timer(() -> wheel.advance(MS, 1)), MS);

        wheel.advance(MS, NO_LIMIT);
        assertThat(failures).singleElement().isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldRefuseATimerThatIsArmedOnAnotherWheel() {
        TimingWheel other = wheelFrom(0);
        Timer timer = named("a");
        wheel.schedule(timer, MS);

        assertThatIllegalStateException().isThrownBy(() -> other.schedule(timer, MS));
        assertThatIllegalStateException().isThrownBy(() -> other.cancel(timer));
        assertThat(other.size()).isZero();
        wheel.cancel(timer);
        other.schedule(timer, MS);
        assertThat(other.advance(MS, NO_LIMIT)).isEqualTo(1);
    }

    @Test
    void shouldRefuseTicksAndPeriodsOutOfRange() {
        for (long tickNs : new long[] {Long.MIN_VALUE, -1, 0, 999, 1_000_000_001}) {
            assertThatIllegalArgumentException().isThrownBy(() -> new TimingWheel(tickNs, 0, (task, cause) -> {}));
        }
        for (long periodNs : new long[] {Long.MIN_VALUE, -1, 0, 1L << 62}) {
            assertThatIllegalArgumentException().isThrownBy(() -> wheel.schedulePeriodic(named("a"), 0, periodNs));
        }
    }

    @Test
    void shouldSayNeverWhenNothingIsArmed() {
        assertThat(wheel.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
        assertThat(wheel.nextDelayNs(5)).isEqualTo(Long.MAX_VALUE);
        Timer timer = named("a");
        wheel.schedule(timer, MS);
        assertThat(wheel.nextDelayNs(MS / 4)).isEqualTo(MS / 4 * 3);
        wheel.cancel(timer);
        assertThat(wheel.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {1, 63, 64, 65, 4_095, 4_096, 262_144, 30_000, 86_400_000, 31_536_000_000L, 3_000_000_000_000L})
    void shouldReachAFarDeadlineBySleepingAsTold(long delayMs) {
        long deadlineNs = TimeUnit.MILLISECONDS.toNanos(delayMs);
        wheel.schedule(named("a"), deadlineNs);

        int turns = 0;
        long nowNs = 0;
        while (fired.isEmpty()) {
            long nextNs = wheel.nextDeadlineNs();
            assertThat(nextNs).isGreaterThan(nowNs).isLessThanOrEqualTo(deadlineNs);
            nowNs = nextNs;
            wheel.advance(nowNs, NO_LIMIT);
            turns++;
        }
        assertThat(nowNs).isEqualTo(deadlineNs);
        assertThat(turns).as("at most one wake-up per level").isLessThanOrEqualTo(11);
    }

    @Test
    void shouldHoldDelaysOfCenturies() {
        wheel.schedule(named("a"), Long.MAX_VALUE);

        assertThat(wheel.advance(Long.MAX_VALUE / 2 - MS, NO_LIMIT)).isZero();
        assertThat(wheel.size()).isEqualTo(1);
        assertThat(wheel.nextDeadlineNs()).isNotEqualTo(Long.MAX_VALUE);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, -7 * MS, Long.MAX_VALUE, Long.MAX_VALUE - 20 * MS})
    void shouldWorkAcrossTheWrapAroundOfTheClock(long startNs) {
        TimingWheel wrapping = wheelFrom(startNs);
        wrapping.schedule(named("past"), startNs - 1);
        wrapping.schedule(named("a"), startNs + 10 * MS);
        wrapping.schedulePeriodic(named("p"), startNs + 15 * MS, 15 * MS);
        wrapping.schedule(named("z"), startNs + 100_000 * MS);

        assertThat(wrapping.advance(startNs + 10 * MS - 1, NO_LIMIT)).isEqualTo(1);
        assertThat(wrapping.nextDeadlineNs()).isEqualTo(startNs + 10 * MS);
        assertThat(wrapping.nextDelayNs(startNs + 10 * MS - 1)).isEqualTo(1);
        assertThat(wrapping.advance(startNs + 30 * MS - 1, NO_LIMIT)).isEqualTo(2);
        assertThat(wrapping.advance(startNs + 30 * MS, NO_LIMIT)).isEqualTo(1);
        assertThat(wrapping.advance(startNs + 100_000 * MS, NO_LIMIT)).isEqualTo(2);
        assertThat(fired).containsExactly("past", "a", "p", "p", "p", "z");
    }

    @Test
    void shouldSpreadTheCascadeOfACrowdedSlotOverSeveralAdvances() {
        var small = new TimingWheel(MS, 0, (task, cause) -> failures.add(cause), 10);
        for (int i = 0; i < 25; i++) {
            small.schedule(named("a" + i), 70 * MS);
        }

        assertThat(small.advance(70 * MS, 10)).isZero();
        assertThat(small.nextDelayNs(70 * MS)).isZero();
        // For the same tick, but armed when some of those before it are still above.
        small.schedule(named("b"), 71 * MS);
        assertThat(small.advance(70 * MS, 10)).isZero();
        assertThat(small.advance(71 * MS, 10)).isPositive();
        while (small.size() > 0) {
            small.advance(71 * MS, 10);
        }
        assertThat(fired).hasSize(26).startsWith("a0", "a1").endsWith("a24", "b");
    }
}
