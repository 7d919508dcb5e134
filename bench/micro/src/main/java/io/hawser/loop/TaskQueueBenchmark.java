// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Tasks handed to a loop and run. Hawser's queue counts ordinary tasks against a bound, which the others do not; {@code HawserOwned} are tasks
 * that are their own nodes. In the package of the queue, which is not public.
 */
@State(Scope.Thread)
public class TaskQueueBenchmark {
    private static final int TASKS = 64;
    private static final int CHUNK = 1024;

    private final TaskFailureHandler failures = (_, cause) -> {
        throw new IllegalStateException(cause);
    };

    private long run;
    private final Runnable task = () -> run++;
    private final LoopTask[] owned =
            IntStream.range(0, TASKS).mapToObj(_ -> newTask()).toArray(LoopTask[]::new);

    private final TaskQueue hawser = new TaskQueue(65_536);
    private final Queue<Runnable> jctools = new MpscUnboundedVarHandleArrayQueue<>(CHUNK);
    private final Queue<Runnable> jdk = new ConcurrentLinkedQueue<>();

    private LoopTask newTask() {
        return new LoopTask() {
            @Override
            public void run() {
                run++;
            }
        };
    }

    // ---- 64 tasks offered, then run, by one thread

    /** Hawser. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public long oneThreadByHawser() {
        for (int i = 0; i < TASKS; i++) {
            hawser.offer(task);
        }
        hawser.drain(TASKS, failures);
        return run;
    }

    /** Hawser. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public long oneThreadByHawserOwned() {
        for (LoopTask own : owned) {
            hawser.offerAlways(own);
        }
        hawser.drain(TASKS, failures);
        return run;
    }

    /** JCTools. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public long oneThreadByJctools() {
        return oneThread(jctools);
    }

    /** The JDK. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public long oneThreadByJdk() {
        return oneThread(jdk);
    }

    private long oneThread(Queue<Runnable> queue) {
        for (int i = 0; i < TASKS; i++) {
            queue.offer(task);
        }
        for (Runnable next = queue.poll(); next != null; next = queue.poll()) {
            next.run();
        }
        return run;
    }

    // ---- 4096 tasks offered by other threads, and run here meanwhile

    private static final int ROUND = 4096;

    /** Threads that offer a share of a round each time they are told of one. */
    @State(Scope.Thread)
    public static class Producers {
        /** How many threads. */
        @Param({"1", "2"})
        public int producers;

        private Thread[] threads = {};
        private volatile int round;
        private volatile boolean ended;

        private void start(BooleanSupplier offer) {
            threads = IntStream.range(0, producers)
                    .mapToObj(i ->
                            Thread.ofPlatform().daemon().name("producer-" + i).start(() -> produce(offer)))
                    .toArray(Thread[]::new);
        }

        private void produce(BooleanSupplier offer) {
            int done = 0;
            while (!ended) {
                if (round == done) {
                    Thread.onSpinWait();
                    continue;
                }
                done++;
                for (int i = 0; i < ROUND / producers; i++) {
                    while (!offer.getAsBoolean()) {
                        Thread.onSpinWait();
                    }
                }
            }
        }

        private void next(BooleanSupplier offer) {
            if (threads.length == 0) {
                start(offer);
            }
            round++;
        }

        /** Joins them. */
        @TearDown(Level.Trial)
        public void stop() throws InterruptedException {
            ended = true;
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    /** Hawser. */
    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long producersByHawser(Producers producers) {
        producers.next(() -> hawser.offer(task));
        for (int taken = 0; taken < ROUND; ) {
            taken += hawser.drain(ROUND, failures);
        }
        return run;
    }

    /** JCTools. */
    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long producersByJctools(Producers producers) {
        producers.next(() -> jctools.offer(task));
        return drain(jctools);
    }

    /** The JDK. */
    @Benchmark
    @OperationsPerInvocation(ROUND)
    public long producersByJdk(Producers producers) {
        producers.next(() -> jdk.offer(task));
        return drain(jdk);
    }

    private long drain(Queue<Runnable> queue) {
        for (int taken = 0; taken < ROUND; ) {
            final Runnable next = queue.poll();
            if (next == null) {
                Thread.onSpinWait();
            } else {
                next.run();
                taken++;
            }
        }
        return run;
    }
}
