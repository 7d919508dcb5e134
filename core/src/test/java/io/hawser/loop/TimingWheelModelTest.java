// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The wheel against a plain model, an ordered set, under random operations, those made by callbacks included. */
class TimingWheelModelTest {
    private static final int TIMERS = 200;
    private static final int STEPS = 4_000;

    /** One timer under test, with what the model holds of it. */
    private static final class Subject {
        final int id;
        final Timer timer;
        boolean armed;
        long deadline;
        long period;
        long tick;
        long sequence;

        Subject(int id, Run run) {
            this.id = id;
            this.timer = new Timer(() -> run.onFired(this));
        }

        @Override
        public String toString() {
            return "#" + id + "@" + tick;
        }
    }

    /** One run; all times are elapsed times, which never wrap, while the wheel's clock begins at {@code startNs}. */
    private static final class Run {
        final SplittableRandom random;
        final long tickNs;
        final long startNs;
        final TimingWheel wheel;
        final int cascadeQuota;
        final List<Subject> subjects = new ArrayList<>();
        final TreeSet<Subject> armed =
                new TreeSet<>(Comparator.<Subject>comparingLong(s -> s.tick).thenComparingLong(s -> s.sequence));

        long now;
        long sequence;

        /** Timers armed since the advance began, which it must not fire, have a sequence from here. */
        long advanceSequence = Long.MAX_VALUE;

        int expectedFailures;
        int failures;
        long fired;

        Run(long seed, long tickNs, long startNs, int cascadeQuota) {
            this.random = new SplittableRandom(seed);
            this.tickNs = tickNs;
            this.startNs = startNs;
            this.cascadeQuota = cascadeQuota;
            this.wheel = new TimingWheel(tickNs, startNs, this::onFailure, cascadeQuota);
            for (int i = 0; i < TIMERS; i++) {
                subjects.add(new Subject(i, this));
            }
        }

        void onFailure(Runnable task, Throwable cause) {
            if (cause instanceof AssertionError failedCheck) {
                throw failedCheck;
            }
            failures++;
        }

        void step() {
            switch (random.nextInt(10)) {
                case 0, 1, 2, 3, 4 -> operate();
                case 5 -> sleepAsTold();
                default -> advance(now + randomSpan(), randomLimit());
            }
            check();
        }

        /** A span of time of any magnitude from below a tick to weeks. */
        long randomSpan() {
            return random.nextLong(1L << random.nextInt(1, 52));
        }

        int randomLimit() {
            return random.nextBoolean() ? Integer.MAX_VALUE : random.nextInt(8);
        }

        void operate() {
            Subject subject = subjects.get(random.nextInt(TIMERS));
            // Times that coincide with others' and with boundaries, as well as any.
            long deadline = switch (random.nextInt(4)) {
                case 0 -> now - randomSpan();
                case 1 -> now + random.nextLong(5) * tickNs;
                default -> now + randomSpan();
            };
            switch (random.nextInt(5)) {
                case 0 -> {
                    assertThat(wheel.cancel(subject.timer)).isEqualTo(subject.armed);
                    disarm(subject);
                }
                case 1 -> {
                    long period = 1 + randomSpan();
                    wheel.schedulePeriodic(subject.timer, startNs + deadline, period);
                    arm(subject, deadline, period);
                }
                case 2 -> {
                    assertThat(wheel.reschedule(subject.timer, startNs + deadline))
                            .isEqualTo(subject.armed);
                    arm(subject, deadline, subject.armed ? subject.period : 0);
                }
                default -> {
                    wheel.schedule(subject.timer, startNs + deadline);
                    arm(subject, deadline, 0);
                }
            }
        }

        void disarm(Subject subject) {
            armed.remove(subject);
            subject.armed = false;
        }

        void arm(Subject subject, long deadline, long period) {
            armed.remove(subject);
            subject.armed = true;
            subject.deadline = deadline;
            subject.period = period;
            subject.tick = deadline <= now ? Math.floorDiv(now, tickNs) : Math.ceilDiv(deadline, tickNs);
            subject.sequence = sequence++;
            armed.add(subject);
        }

        void onFired(Subject subject) {
            fired++;
            assertThat(armed.stream().filter(s -> s.sequence < advanceSequence).findFirst())
                    .as("the earliest timer, without those armed by this advance")
                    .contains(subject);
            assertThat(subject.deadline).as("never early").isLessThanOrEqualTo(now);
            if (subject.period > 0) {
                long next = subject.deadline;
                next += ((now - next) / subject.period + 1) * subject.period;
                arm(subject, next, subject.period);
            } else {
                disarm(subject);
            }
            assertThat(subject.timer.isArmed()).isEqualTo(subject.armed);
            for (int i = random.nextInt(3); i > 0; i--) {
                operate();
            }
            if (random.nextInt(8) == 0) {
                expectedFailures++;
                throw new UnsupportedOperationException("on purpose");
            }
        }

        void advance(long toNow, int limit) {
            now = toNow;
            advanceSequence = sequence;
            long dueBefore = armed.stream().filter(this::isDue).count();
            long firedBefore = fired;
            int reported = wheel.advance(startNs + now, limit);
            assertThat((long) reported).isEqualTo(fired - firedBefore).isLessThanOrEqualTo(limit);
            boolean left = armed.stream().anyMatch(s -> isDue(s) && s.sequence < advanceSequence);
            advanceSequence = Long.MAX_VALUE;
            if (left) {
                assertThat(wheel.nextDelayNs(startNs + now))
                        .as("something is due")
                        .isZero();
                if (Math.max(limit, cascadeQuota) > 11 * TIMERS) {
                    assertThat(reported).as("of " + dueBefore + " due").isEqualTo(limit);
                }
            }
        }

        boolean isDue(Subject subject) {
            return subject.tick <= now / tickNs;
        }

        void sleepAsTold() {
            if (wheel.size() > 0) {
                long delay = wheel.nextDelayNs(startNs + now);
                if (delay > 0) {
                    assertThat(armed.first().tick * tickNs).as("overslept").isGreaterThanOrEqualTo(now + delay);
                }
                advance(now + delay, Integer.MAX_VALUE);
            }
        }

        void check() {
            assertThat(wheel.size()).isEqualTo(armed.size());
            if (armed.isEmpty()) {
                assertThat(wheel.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
                return;
            }
            // In elapsed time, at which the comparison is plain.
            long next = wheel.nextDeadlineNs() - startNs;
            long first = armed.first().tick;
            assertThat(next).as("a lower bound").isLessThanOrEqualTo(Math.max(first * tickNs, now));
            boolean settled = !isDue(armed.first()) && next > now;
            if (settled && (first >> 6) == ((now / tickNs) >> 6)) {
                assertThat(next).as("exact within level 0").isEqualTo(first * tickNs);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1000000, 0, 1024",
        "2, 1000000, -5000000000, 100000",
        "3, 1000000, 9223372036854775807, 1",
        "4, 1000, -9223372036854775808, 3",
        "5, 1000, -1, 100000",
        "6, 1000003, 77, 2",
        "7, 1048576, 9223372036000000000, 100000",
        "8, 1000000000, 12345, 7",
        "9, 7919, 0, 1024",
        "10, 1000000, 0, 5"
    })
    void shouldDoAsTheModelDoes(long seed, long tickNs, long startNs, int cascadeQuota) {
        Run run = new Run(seed, tickNs, startNs, cascadeQuota);
        for (int step = 0; step < STEPS; step++) {
            try {
                run.step();
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed + ", step " + step + ", now " + run.now, e);
            }
        }
        assertThat(run.fired).as("seed " + seed).isGreaterThan(STEPS / 2);
        assertThat(run.failures)
                .as("seed " + seed)
                .isEqualTo(run.expectedFailures)
                .isPositive();
    }
}
