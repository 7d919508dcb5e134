// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** {@link TaskQueue}: no task is lost, none is run twice, and each producer's tasks are run in its order. */
final class TaskQueueStress {
    private static final TaskFailureHandler NO_FAILURE = (_, failure) -> {
        throw new AssertionError(failure);
    };

    private TaskQueueStress() {}

    /** A queue whose tasks write down the order in which they are run, as the digits of a number. */
    abstract static class Ordered {
        final TaskQueue queue = new TaskQueue(16);
        private int order;

        final void offer(int digit) {
            if (!queue.offer(() -> order = 10 * order + digit)) {
                throw new AssertionError("refused");
            }
        }

        /** How the tasks that wait now, and those before, were run. */
        final int drain() {
            queue.drain(16, NO_FAILURE);
            return order;
        }
    }

    /** One thread offers while the loop drains. */
    @JCStressTest
    @Outcome(
            id = {"0, 12", "1, 12", "12, 12"},
            expect = ACCEPTABLE,
            desc = "Both in their order, now or later.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, doubled or swapped.")
    @State
    public static class ProducerAndConsumer extends Ordered {
        @Actor
        public void producer() {
            offer(1);
            offer(2);
        }

        @Actor
        public void consumer(II_Result result) {
            result.r1 = drain();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = drain();
        }
    }

    /** Two threads offer. */
    @JCStressTest
    @Outcome(
            id = {"1234", "1324", "1342", "3124", "3142", "3412"},
            expect = ACCEPTABLE,
            desc = "Each in its order.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, doubled or swapped.")
    @State
    public static class TwoProducers extends Ordered {
        @Actor
        public void first() {
            offer(1);
            offer(2);
        }

        @Actor
        public void second() {
            offer(3);
            offer(4);
        }

        @Arbiter
        public void after(I_Result result) {
            result.r1 = drain();
        }
    }

    /** One thread offers while the loop offers to itself and drains. */
    @JCStressTest
    @Outcome(
            id = {"123", "132", "312"},
            expect = ACCEPTABLE,
            desc = "Each in its order.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, doubled or swapped.")
    @State
    public static class ConsumerOffers extends Ordered {
        @Actor
        public void producer() {
            offer(1);
            offer(2);
        }

        @Actor
        public void consumer() {
            offer(3);
            drain();
        }

        @Arbiter
        public void after(I_Result result) {
            result.r1 = drain();
        }
    }

    /** The bound is exact: of two that want the last place, one gets it. */
    @JCStressTest
    @Outcome(
            id = {"0, 1", "1, 0"},
            expect = ACCEPTABLE,
            desc = "One is refused.")
    @Outcome(expect = FORBIDDEN, desc = "None or both are refused.")
    @State
    public static class LastPlace {
        private final TaskQueue queue = new TaskQueue(1);

        @Actor
        public void first(II_Result result) {
            result.r1 = queue.offer(() -> {}) ? 1 : 0;
        }

        @Actor
        public void second(II_Result result) {
            result.r2 = queue.offer(() -> {}) ? 1 : 0;
        }
    }

    /** What is accepted is run, also when the queue is closed in the same moment. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Refused, and not run.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(expect = FORBIDDEN, desc = "The caller was told something else.")
    @State
    public static class Close {
        private final TaskQueue queue = new TaskQueue(16);
        private int runs;

        @Actor
        public void producer(II_Result result) {
            result.r1 = queue.offer(() -> runs++) ? 1 : 0;
        }

        @Actor
        public void consumer() {
            queue.close();
            queue.drain(16, NO_FAILURE);
        }

        @Arbiter
        public void after(II_Result result) {
            queue.drain(16, NO_FAILURE);
            result.r2 = runs;
        }
    }

    /** A {@link LoopTask} whose work is added before it is offered, while an earlier offer of it is being run, is run once more. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The run that was due did the work, too.")
    @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "Run once more.")
    @Outcome(expect = FORBIDDEN, desc = "The work was left undone.")
    @State
    public static class Coalesced {
        private final TaskQueue queue = new TaskQueue(16);
        private int work;
        private int seen;
        private int runs;
        private final LoopTask task = new LoopTask() {
            @Override
            public void run() {
                seen = Math.max(seen, work);
                runs++;
            }
        };

        public Coalesced() {
            queue.offerAlways(task);
        }

        @Actor
        public void producer() {
            work = 1;
            queue.offerAlways(task);
        }

        @Actor
        public void consumer() {
            queue.drain(16, NO_FAILURE);
        }

        @Arbiter
        public void after(II_Result result) {
            queue.drain(16, NO_FAILURE);
            result.r1 = seen;
            result.r2 = runs;
        }
    }

    /** Two threads offer one {@link LoopTask}: it is queued once. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Run once.")
    @Outcome(expect = FORBIDDEN, desc = "Lost or run twice.")
    @State
    public static class OfferedTwice {
        private final TaskQueue queue = new TaskQueue(16);
        private int runs;
        private final LoopTask task = new LoopTask() {
            @Override
            public void run() {
                runs++;
            }
        };

        @Actor
        public void first() {
            queue.offerAlways(task);
        }

        @Actor
        public void second() {
            queue.offerAlways(task);
        }

        @Arbiter
        public void after(I_Result result) {
            queue.drain(16, NO_FAILURE);
            result.r1 = runs;
        }
    }

    /** What waits is counted at least while it waits, and never below nothing. */
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "Not counted yet, or run already.")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Waiting.")
    @Outcome(id = "2", expect = ACCEPTABLE_INTERESTING, desc = "Too great: an estimate, as it says.")
    @Outcome(expect = FORBIDDEN, desc = "Negative.")
    @State
    public static class Pending {
        private final TaskQueue queue = new TaskQueue(16);

        @Actor
        public void loop() {
            queue.offer(() -> {});
            queue.drain(16, NO_FAILURE);
            queue.offer(() -> {});
            queue.drain(16, NO_FAILURE);
        }

        @Actor
        public void observer(I_Result result) {
            result.r1 = queue.pendingUserTasks();
        }
    }
}
