// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.loop.EventLoop;
import io.hawser.loop.ScheduledTask;
import io.hawser.loop.TimingWheel;
import io.hawser.transport.sim.SimRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/** Timers of loops: none fires early, none late by more than a tick and what the loop was held up, none is lost. */
final class TimerChecks {
    /** Turns of other loops and of this one come first. */
    private static final long SLACK_NS = 2_000_000;

    private final Simulation simulation;
    private final Ledger ledger;
    private final SimRandom random;
    private final List<Armed> all = new ArrayList<>();

    TimerChecks(Simulation simulation, Ledger ledger, SimRandom random) {
        this.simulation = simulation;
        this.ledger = ledger;
        this.random = random;
    }

    private final class Armed {
        private final EventLoop loop;
        private final Runnable task;
        private final long periodNs;
        private long dueNs;
        private long delayedBeforeNs;
        private int left;
        private boolean cancelled;
        private ScheduledTask scheduled;

        Armed(EventLoop loop, Runnable task, long dueNs, long periodNs, int times) {
            this.loop = loop;
            this.task = task;
            this.dueNs = dueNs;
            this.periodNs = periodNs;
            this.left = times;
            this.delayedBeforeNs = simulation.delayedNs();
        }

        void fire() {
            final long nowNs = simulation.network().nowNs();
            final String name = loop.name();
            simulation.network().trace(name, "timer", 0);
            ledger.check(loop.inLoop(), name, "a timer fired on a foreign thread");
            ledger.check(!cancelled, name, "a timer fired after it was cancelled");
            ledger.check(left > 0, name, "a timer fired too often");
            ledger.check(nowNs >= dueNs, name, "a timer fired " + (dueNs - nowNs) + " ns early");
            final long heldUpNs = simulation.delayedNs() - delayedBeforeNs;
            final long lateNs = nowNs - dueNs;
            ledger.check(
                    lateNs <= TimingWheel.DEFAULT_TICK_NS + SLACK_NS + heldUpNs,
                    name,
                    "a timer fired " + lateNs + " ns late");
            left--;
            if (periodNs > 0) {
                dueNs += Math.max(1, lateNs / periodNs + 1) * periodNs;
                delayedBeforeNs = simulation.delayedNs();
                if (left == 0) {
                    cancelled = true;
                    ledger.check(scheduled.cancel(), name, "a periodic timer could not be cancelled");
                }
            }
            task.run();
        }
    }

    /**
     * Runs {@code task} on the loop after {@code delayNs}.
     *
     * @throws RejectedExecutionException as the loop does
     */
    void schedule(EventLoop loop, long delayNs, Runnable task) {
        final Armed armed = new Armed(loop, task, simulation.network().nowNs() + delayNs, 0, 1);
        armed.scheduled = loop.schedule(armed::fire, Duration.ofNanos(delayNs));
        all.add(armed);
        if (random.chance(0.1)) {
            // One more, which is taken back.
            final Armed other = new Armed(loop, () -> {}, simulation.network().nowNs(), 0, 1);
            other.scheduled = loop.schedule(other::fire, Duration.ofNanos(random.between(0L, 2 * delayNs)));
            other.cancelled = true;
            ledger.check(other.scheduled.cancel(), loop.name(), "a timer could not be cancelled");
            ledger.check(!other.scheduled.cancel(), loop.name(), "a timer could be cancelled twice");
        }
    }

    /** Runs nothing every {@code periodNs}, so many times. */
    void repeat(EventLoop loop, long periodNs, int times) {
        final Armed armed = new Armed(loop, () -> {}, simulation.network().nowNs() + periodNs, periodNs, times);
        try {
            armed.scheduled =
                    loop.scheduleAtFixedRate(armed::fire, Duration.ofNanos(periodNs), Duration.ofNanos(periodNs));
            all.add(armed);
        } catch (RejectedExecutionException _) {
            // Then it does not run.
        }
    }

    /** All loops are alive, and all that was armed was due long ago. */
    void checkNoneLost() {
        for (Armed armed : all) {
            ledger.check(armed.left == 0, armed.loop.name(), "a timer never fired");
        }
    }
}
