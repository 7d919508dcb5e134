// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Many timers, long spans, and no garbage. */
class TimingWheelScaleTest {
    private static final long MS = 1_000_000;
    private static final int MILLION = 1_000_000;

    /** Far below one object per operation; only a constant is allowed for. */
    private static final long NO_GARBAGE_BYTES = 1_024;

    private long nowNs;
    private long fired;
    private long early;
    private long maxLateNs;
    private final TimingWheel wheel = new TimingWheel(MS, 0, (task, cause) -> {
        throw new AssertionError(cause);
    });

    private Timer checked() {
        Timer[] self = new Timer[1];
        self[0] = new Timer(() -> {
            fired++;
            long lateNs = nowNs - self[0].deadlineNs();
            early += lateNs < 0 ? 1 : 0;
            maxLateNs = Math.max(maxLateNs, lateNs);
        });
        return self[0];
    }

    @Test
    void shouldFireAMillionTimersEachWithinATick() {
        long seed = 20_250_916;
        var random = new SplittableRandom(seed);
        for (int i = 0; i < MILLION; i++) {
            wheel.schedule(checked(), 1 + random.nextLong(TimeUnit.MINUTES.toNanos(2)));
        }
        assertThat(wheel.size()).isEqualTo(MILLION);

        while (wheel.size() > 0) {
            nowNs = wheel.nextDeadlineNs();
            wheel.advance(nowNs, Integer.MAX_VALUE);
        }
        assertThat(fired).isEqualTo(MILLION);
        assertThat(early).as("fired early, seed %d", seed).isZero();
        assertThat(maxLateNs).as("most late, seed %d", seed).isLessThan(MS);
    }

    @Test
    void shouldFireAMillionTimersOfOneTickUnderALimit() {
        for (int i = 0; i < MILLION; i++) {
            wheel.schedule(checked(), 60_000 * MS);
        }
        nowNs = 60_000 * MS;
        long turns = 0;
        while (wheel.size() > 0) {
            assertThat(wheel.advance(nowNs, 1_000)).isLessThanOrEqualTo(1_000);
            turns++;
        }
        assertThat(fired).isEqualTo(MILLION);
        assertThat(turns)
                .as("1,000 turns to fire, and about as many for each level to cascade")
                .isLessThan(4_000);
    }

    /** Were it to go tick by tick, it would do so 10^12 times, and the test would not end. */
    @Test
    void shouldJumpOverYearsAtOnce() {
        long yearNs = TimeUnit.DAYS.toNanos(365);
        var fine = new TimingWheel(1_000, 0, (task, cause) -> {});
        Timer timer = checked();
        for (int year = 1; year <= 100; year++) {
            nowNs = year * yearNs;
            fine.schedule(timer, nowNs - 1);
            fine.advance(nowNs, Integer.MAX_VALUE);
        }
        assertThat(fired).isEqualTo(100);
    }

    @Test
    void shouldAllocateNothingToArmAndCancel() {
        var timers = new Timer[1_000];
        for (int i = 0; i < timers.length; i++) {
            timers[i] = checked();
        }
        var random = new SplittableRandom(7);
        long bytes = AllocationMeter.allocatedBytes(() -> {
            for (int i = 0; i < MILLION / 10; i++) {
                Timer timer = timers[random.nextInt(timers.length)];
                wheel.schedule(timer, random.nextLong(1L << random.nextInt(1, 50)));
                wheel.cancel(timers[random.nextInt(timers.length)]);
            }
        });
        assertThat(wheel.size()).isPositive();
        assertThat(bytes).isLessThan(NO_GARBAGE_BYTES);
    }

    @Test
    void shouldAllocateNothingPerTick() {
        for (int i = 1; i <= 10_000; i++) {
            wheel.schedulePeriodic(checked(), i * MS, (1 + i % 5_000) * MS);
        }
        long bytes = AllocationMeter.allocatedBytes(() -> {
            for (int tick = 0; tick < 10_000; tick++) {
                nowNs += MS;
                wheel.advance(nowNs, Integer.MAX_VALUE);
                wheel.nextDeadlineNs();
            }
        });
        assertThat(fired).isGreaterThan(100_000);
        assertThat(bytes).isLessThan(NO_GARBAGE_BYTES);
    }
}
