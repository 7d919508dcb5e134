// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.locks.LockSupport;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Mode;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.Signal;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** {@link WakeupGate} with {@link TaskQueue}: a loop never sleeps over a task, and is woken by one thread alone. */
final class WakeupGateStress {
    private WakeupGateStress() {}

    /** The loop wants to wait while a task is offered. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The loop saw the task before the other saw it wait.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Both saw each other; a wake-up too many.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The loop waits, and is woken.")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "The loop waits, and nobody wakes it.")
    @State
    public static class WaitAndOffer {
        private final TaskQueue queue = new TaskQueue(16);
        private final WakeupGate gate = new WakeupGate();

        @Actor
        public void loop(II_Result result) {
            gate.prepareToWait();
            result.r1 = queue.isEmpty() ? 1 : 0;
        }

        @Actor
        public void producer(II_Result result) {
            queue.offer(() -> {});
            result.r2 = gate.needsWakeup() ? 1 : 0;
        }
    }

    /** The loop has waited before, and been woken. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "0, 1", "1, 1"},
            expect = ACCEPTABLE,
            desc = "At least one sees the other.")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "The loop waits, and nobody wakes it.")
    @State
    public static class WaitAgainAndOffer {
        private final TaskQueue queue = new TaskQueue(16);
        private final WakeupGate gate = new WakeupGate();

        public WaitAgainAndOffer() {
            gate.prepareToWait();
            if (!gate.needsWakeup()) {
                throw new AssertionError("not waiting");
            }
        }

        @Actor
        public void loop(II_Result result) {
            gate.doneWaiting();
            gate.prepareToWait();
            result.r1 = queue.isEmpty() ? 1 : 0;
        }

        @Actor
        public void producer(II_Result result) {
            queue.offer(() -> {});
            result.r2 = gate.needsWakeup() ? 1 : 0;
        }
    }

    /** A task comes when the loop stops waiting for another reason, takes a turn, and waits again. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "0, 1", "1, 1"},
            expect = ACCEPTABLE,
            desc = "Taken in the turn, or woken for.")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "The loop waits with a task queued, and nobody wakes it.")
    @State
    public static class TurnAndOffer {
        private final TaskQueue queue = new TaskQueue(16);
        private final WakeupGate gate = new WakeupGate();
        private boolean ran;

        public TurnAndOffer() {
            gate.prepareToWait();
        }

        @Actor
        public void loop(II_Result result) {
            gate.doneWaiting();
            queue.drain(16, (_, _) -> {});
            gate.prepareToWait();
            // That it has run the task already is as good as seeing it.
            result.r1 = queue.isEmpty() && !ran ? 1 : 0;
        }

        @Actor
        public void producer(II_Result result) {
            queue.offer(() -> ran = true);
            result.r2 = gate.needsWakeup() ? 1 : 0;
        }
    }

    /** Two threads offer while the loop waits. */
    @JCStressTest
    @Outcome(
            id = {"0, 1", "1, 0"},
            expect = ACCEPTABLE,
            desc = "One of them wakes it.")
    @Outcome(expect = FORBIDDEN, desc = "None or both do.")
    @State
    public static class OneWakes {
        private final TaskQueue queue = new TaskQueue(16);
        private final WakeupGate gate = new WakeupGate();

        public OneWakes() {
            gate.prepareToWait();
        }

        @Actor
        public void first(II_Result result) {
            queue.offer(() -> {});
            result.r1 = gate.needsWakeup() ? 1 : 0;
        }

        @Actor
        public void second(II_Result result) {
            queue.offer(() -> {});
            result.r2 = gate.needsWakeup() ? 1 : 0;
        }
    }

    /** A loop that really parks gets the task. */
    @JCStressTest(Mode.Termination)
    @Outcome(id = "TERMINATED", expect = ACCEPTABLE, desc = "The task was run.")
    @Outcome(id = "STALE", expect = FORBIDDEN, desc = "The loop sleeps over the task.")
    @State
    public static class Park {
        private final TaskQueue queue = new TaskQueue(16);
        private final WakeupGate gate = new WakeupGate();
        private volatile Thread loop;
        private boolean ran;

        @Actor
        public void loop() {
            loop = Thread.currentThread();
            while (!ran) {
                gate.prepareToWait();
                if (queue.isEmpty()) {
                    LockSupport.park(this);
                }
                gate.doneWaiting();
                queue.drain(16, (_, _) -> {});
            }
        }

        @Signal
        public void producer() {
            queue.offer(() -> ran = true);
            if (gate.needsWakeup()) {
                LockSupport.unpark(loop);
            }
        }
    }
}
