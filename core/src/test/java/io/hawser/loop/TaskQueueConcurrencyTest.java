// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The queue and the gate between threads: nothing lost, nothing twice, in order, within the bound, and no one asleep. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TaskQueueConcurrencyTest {
    private static final int PRODUCERS = 4;
    private static final int TASKS_PER_PRODUCER = 50_000;

    private static final TaskFailureHandler FAIL = (task, cause) -> {
        throw new AssertionError(cause);
    };

    /** Runs a body on each of several threads, all at the same time; {@link Producers#await} tells their failures. */
    private static final class Producers implements AutoCloseable {
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final List<Future<?>> results = new ArrayList<>();

        Producers(int count, IntConsumer body) {
            var start = new CountDownLatch(count);
            for (int i = 0; i < count; i++) {
                int producer = i;
                Callable<Void> run = () -> {
                    start.countDown();
                    start.await();
                    body.accept(producer);
                    return null;
                };
                results.add(threads.submit(run));
            }
        }

        boolean areDone() {
            return results.stream().allMatch(Future::isDone);
        }

        void await() throws Exception {
            for (Future<?> result : results) {
                result.get(30, TimeUnit.SECONDS);
            }
        }

        @Override
        public void close() {
            threads.shutdownNow();
        }
    }

    /** Writes down what arrives, without synchronisation: that is the queue's business. */
    private static final class Ledger {
        final int[] nextOf = new int[PRODUCERS];
        int total;
        int outOfOrder;

        Runnable entry(int producer, int number) {
            return () -> {
                if (nextOf[producer] != number) {
                    outOfOrder++;
                }
                nextOf[producer] = number + 1;
                total++;
            };
        }
    }

    /** There are more threads than processors; nothing depends on it but the time that the test takes. */
    @SuppressWarnings("ThreadPriorityCheck")
    private static void giveWay() {
        Thread.yield();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1_000})
    void shouldLoseNothingAndKeepTheOrderOfEachProducer(int capacity) throws Exception {
        var queue = new TaskQueue(capacity);
        var ledger = new Ledger();
        int mostPending = 0;
        try (var producers = new Producers(PRODUCERS, producer -> {
            for (int i = 0; i < TASKS_PER_PRODUCER / 5; i++) {
                Runnable task = ledger.entry(producer, i);
                while (!queue.offer(task)) {
                    giveWay();
                }
            }
        })) {
            while (!producers.areDone() || !queue.isEmpty()) {
                mostPending = Math.max(mostPending, queue.pendingUserTasks());
                if (queue.drain(capacity, FAIL) == 0) {
                    giveWay();
                }
            }
            producers.await();
        }
        assertThat(ledger.total).isEqualTo(PRODUCERS * TASKS_PER_PRODUCER / 5);
        assertThat(ledger.outOfOrder).isZero();
        assertThat(mostPending).isLessThanOrEqualTo(capacity);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 1_023})
    void shouldAcceptExactlyTheCapacityFromManyProducersAtOnce(int capacity) throws Exception {
        for (int round = 0; round < 50; round++) {
            var queue = new TaskQueue(capacity);
            var accepted = new AtomicInteger();
            try (var producers = new Producers(PRODUCERS, producer -> {
                for (int i = 0; i < capacity; i++) {
                    if (queue.offer(() -> {})) {
                        accepted.incrementAndGet();
                    }
                }
            })) {
                producers.await();
            }
            assertThat(accepted.get()).isEqualTo(capacity);
            assertThat(queue.drain(Integer.MAX_VALUE, FAIL)).isEqualTo(capacity);
        }
    }

    /** Producers that share few tasks: every offer is followed by a run that sees what was written before it. */
    @Test
    void shouldShowALoopTaskWhatWasWrittenBeforeAnyOfItsOffers() throws Exception {
        var queue = new TaskQueue(1);
        int shared = 3;
        int[][] written = new int[shared][PRODUCERS * 16];
        int[][] seen = new int[shared][PRODUCERS];
        LoopTask[] tasks = new LoopTask[shared];
        var runs = new AtomicInteger();
        for (int t = 0; t < shared; t++) {
            int task = t;
            tasks[t] = new LoopTask() {
                @Override
                public void run() {
                    runs.incrementAndGet();
                    for (int p = 0; p < PRODUCERS; p++) {
                        seen[task][p] = written[task][p * 16];
                    }
                }
            };
        }
        try (var producers = new Producers(PRODUCERS, producer -> {
            for (int i = 1; i <= TASKS_PER_PRODUCER; i++) {
                int task = i % shared;
                written[task][producer * 16] = i;
                if (!queue.offerAlways(tasks[task])) {
                    throw new AssertionError("refused");
                }
            }
        })) {
            while (!producers.areDone() || !queue.isEmpty()) {
                queue.drain(2, FAIL);
            }
            producers.await();
        }
        assertThat(runs.get()).isBetween(shared, PRODUCERS * TASKS_PER_PRODUCER);
        for (int t = 0; t < shared; t++) {
            for (int p = 0; p < PRODUCERS; p++) {
                assertThat(seen[t][p]).isEqualTo(written[t][p * 16]).isGreaterThan(TASKS_PER_PRODUCER - shared);
            }
        }
    }

    @Test
    void shouldRunOrRefuseEachTaskThatIsOfferedWhileTheQueueIsClosed() throws Exception {
        for (int round = 0; round < 300; round++) {
            var queue = new TaskQueue(Integer.MAX_VALUE);
            var accepted = new AtomicInteger();
            var ran = new AtomicInteger();
            int closeAfter = round;
            try (var producers = new Producers(2, producer -> {
                boolean open = true;
                while (open) {
                    open = producer == 0
                            ? queue.offer(ran::incrementAndGet)
                            : queue.offerAlways(new LoopTask() {
                                @Override
                                public void run() {
                                    ran.incrementAndGet();
                                }
                            });
                    accepted.addAndGet(open ? 1 : 0);
                }
            })) {
                while (ran.get() < closeAfter) {
                    queue.drain(10, FAIL);
                }
                queue.close();
                producers.await();
                queue.drain(Integer.MAX_VALUE, FAIL);
            }
            assertThat(ran.get()).as("round %d", round).isEqualTo(accepted.get());
        }
    }

    /**
     * A consumer that really sleeps, with nothing but the gate to wake it. Each producer goes on only when its task was
     * run, so that a single lost wake-up stops the test.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void shouldNeverLoseAWakeUp(int producerCount) throws Exception {
        var queue = new TaskQueue(PRODUCERS);
        var gate = new WakeupGate();
        var stop = new AtomicBoolean();
        var wakeups = new AtomicInteger();
        var token = new AtomicBoolean();
        int[] waits = new int[1];
        var consumer = new Thread(() -> {
            while (!stop.get()) {
                if (queue.drain(8, FAIL) > 0) {
                    continue;
                }
                gate.prepareToWait();
                if (queue.isEmpty() && !stop.get()) {
                    waits[0]++;
                    while (!token.getAndSet(false)) {
                        LockSupport.park();
                    }
                }
                gate.doneWaiting();
            }
        });
        Runnable wakeUp = () -> {
            if (gate.needsWakeup()) {
                wakeups.incrementAndGet();
                token.set(true);
                LockSupport.unpark(consumer);
            }
        };
        consumer.start();
        int rounds = 20_000;
        try (var producers = new Producers(producerCount, producer -> {
            var done = new AtomicInteger();
            LoopTask task = new LoopTask() {
                @Override
                public void run() {
                    done.incrementAndGet();
                }
            };
            for (int i = 1; i <= rounds; i++) {
                boolean accepted = i % 2 == 0 ? queue.offer(done::incrementAndGet) : queue.offerAlways(task);
                wakeUp.run();
                while (done.get() != i) {
                    if (!accepted || Thread.interrupted()) {
                        throw new AssertionError("task " + i + " of producer " + producer + " was not run");
                    }
                    Thread.onSpinWait();
                }
            }
        })) {
            producers.await();
        } finally {
            // Past the gate, so that the test ends even when it fails.
            stop.set(true);
            token.set(true);
            LockSupport.unpark(consumer);
            consumer.join();
        }
        assertThat(waits[0]).as("the consumer did sleep").isPositive();
        assertThat(wakeups.get()).isPositive().isLessThanOrEqualTo(producerCount * rounds);
    }

    @Test
    void shouldAskOneProducerPerWaitForTheWakeUp() throws Exception {
        var gate = new WakeupGate();
        for (int wait = 0; wait < 200; wait++) {
            gate.prepareToWait();
            var asked = new AtomicInteger();
            try (var producers = new Producers(PRODUCERS, producer -> {
                for (int i = 0; i < 100; i++) {
                    asked.addAndGet(gate.needsWakeup() ? 1 : 0);
                }
            })) {
                producers.await();
            }
            assertThat(asked.get()).as("wait %d", wait).isEqualTo(1);
            gate.doneWaiting();
            assertThat(gate.needsWakeup()).isFalse();
        }
    }

    @Test
    void shouldAskNobodyWhileTheLoopRuns() {
        var gate = new WakeupGate();
        assertThat(gate.needsWakeup()).isFalse();
        gate.prepareToWait();
        gate.doneWaiting();
        assertThat(gate.needsWakeup()).isFalse();
    }
}
