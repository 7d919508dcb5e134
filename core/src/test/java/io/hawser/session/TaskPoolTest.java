// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Task pools by themselves. */
final class TaskPoolTest {
    static Stream<Tasks> pools() {
        return Stream.of(
                Tasks.pool(1),
                Tasks.pool(4),
                Tasks.pool(4).withQueues(4),
                Tasks.pool(4).withQueues(2),
                Tasks.virtualThreads(),
                Tasks.ordered(),
                Tasks.ordered(3));
    }

    static Stream<Tasks> orderedPools() {
        return Stream.of(Tasks.ordered(), Tasks.ordered(1), Tasks.ordered(3));
    }

    /** Holds its thread until it is told. */
    private static final class Gate implements Runnable {
        private final CountDownLatch running = new CountDownLatch(1);
        private final CountDownLatch open = new CountDownLatch(1);

        @Override
        public void run() {
            running.countDown();
            try {
                open.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        void awaitRunning() throws InterruptedException {
            running.await();
        }

        void open() {
            open.countDown();
        }
    }

    @ParameterizedTest
    @MethodSource("pools")
    void shouldRunEachTaskOnce(Tasks recipe) throws Exception {
        final int lanes = 10;
        final int tasks = 2000;
        final AtomicInteger[] runs =
                Stream.generate(AtomicInteger::new).limit(lanes * tasks).toArray(AtomicInteger[]::new);
        try (TaskPool pool = recipe.start()) {
            final List<Thread> threads = new ArrayList<>();
            for (int l = 0; l < lanes; l++) {
                final TaskLane lane = pool.newLane();
                final int first = l * tasks;
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < tasks; i++) {
                        final AtomicInteger mine = runs[first + i];
                        while (!lane.offer(mine::incrementAndGet)) {
                            final Semaphore room = new Semaphore(0);
                            lane.onRoom(room::release);
                            room.acquireUninterruptibly();
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(runs).allSatisfy(count -> assertThat(count.get()).isEqualTo(1));
    }

    @ParameterizedTest
    @MethodSource("orderedPools")
    void shouldKeepTheOrderOfALane(Tasks recipe) throws Exception {
        final int lanes = 20;
        final int tasks = 1000;
        final List<List<Integer>> order = new ArrayList<>();
        try (TaskPool pool = recipe.start()) {
            final List<TaskLane> made = new ArrayList<>();
            for (int l = 0; l < lanes; l++) {
                made.add(pool.newLane());
                // Not thread-safe, and it need not be.
                order.add(new ArrayList<>());
            }
            for (int i = 0; i < tasks; i++) {
                final int number = i;
                for (int l = 0; l < lanes; l++) {
                    final List<Integer> mine = order.get(l);
                    assertThat(made.get(l).offer(() -> mine.add(number))).isTrue();
                }
            }
        }
        assertThat(order).allSatisfy(mine -> {
            assertThat(mine).hasSize(tasks);
            assertThat(mine).isSorted();
        });
    }

    @ParameterizedTest
    @MethodSource("orderedPools")
    void shouldRunNoTwoTasksOfALaneAtOnce(Tasks recipe) throws Exception {
        final AtomicInteger inside = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        try (TaskPool pool = recipe.start()) {
            final TaskLane lane = pool.newLane();
            for (int i = 0; i < 1000; i++) {
                assertThat(lane.offer(() -> {
                            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                            LockSupport.parkNanos(1);
                            inside.decrementAndGet();
                        }))
                        .isTrue();
            }
        }
        assertThat(most.get()).isEqualTo(1);
    }

    @Test
    void shouldRunLanesInParallel() throws Exception {
        for (Tasks recipe : List.of(Tasks.ordered(), Tasks.ordered(2))) {
            try (TaskPool pool = recipe.start()) {
                final CyclicBarrier both = new CyclicBarrier(2);
                final List<CompletableFuture<Void>> met = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    final CompletableFuture<Void> mine = new CompletableFuture<>();
                    met.add(mine);
                    assertThat(pool.newLane().offer(() -> {
                                try {
                                    both.await();
                                    mine.complete(null);
                                } catch (Exception e) {
                                    mine.completeExceptionally(e);
                                }
                            }))
                            .isTrue();
                }
                for (CompletableFuture<Void> each : met) {
                    each.get(30, TimeUnit.SECONDS);
                }
            }
        }
    }

    @Test
    void shouldNotLetABusyLaneKeepAWorkerForItself() throws Exception {
        try (TaskPool pool = Tasks.ordered(1).start()) {
            final Gate gate = new Gate();
            final TaskLane busy = pool.newLane();
            final AtomicInteger done = new AtomicInteger();
            final CompletableFuture<Integer> doneBefore = new CompletableFuture<>();
            assertThat(busy.offer(gate)).isTrue();
            gate.awaitRunning();
            for (int i = 0; i < 1000; i++) {
                assertThat(busy.offer(done::incrementAndGet)).isTrue();
            }
            assertThat(pool.newLane().offer(() -> doneBefore.complete(done.get())))
                    .isTrue();
            gate.open();
            assertThat(doneBefore.get(30, TimeUnit.SECONDS)).isLessThan(1000);
        }
    }

    @ParameterizedTest
    @MethodSource("pools")
    void shouldRefuseWhatIsTooMuchAndTellWhenThereIsRoom(Tasks recipe) throws Exception {
        final int workers = Math.max(recipe.workers(), 1);
        final boolean virtual = recipe.kind() == Tasks.Kind.VIRTUAL;
        try (TaskPool pool = recipe.withCapacity(3).start()) {
            final TaskLane lane = pool.newLane();
            final List<Gate> gates = new ArrayList<>();
            for (int i = 0; i < (virtual ? 0 : recipe.kind() == Tasks.Kind.ORDERED ? 1 : workers); i++) {
                final Gate gate = new Gate();
                gates.add(gate);
                assertThat(lane.offer(gate)).isTrue();
                gate.awaitRunning();
            }
            int accepted = 0;
            while (accepted < 10) {
                final Gate gate = new Gate();
                if (!lane.offer(gate)) {
                    break;
                }
                gates.add(gate);
                accepted++;
            }
            // Of an ordered lane the one that runs is one of those that it may have.
            assertThat(accepted).isEqualTo(recipe.kind() == Tasks.Kind.ORDERED ? 2 : 3);
            assertThat(pool.stats().rejected()).isEqualTo(1);
            final CountDownLatch room = new CountDownLatch(1);
            lane.onRoom(room::countDown);
            assertThat(room.getCount()).isEqualTo(1);
            gates.forEach(Gate::open);
            assertThat(room.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(lane.offer(() -> {})).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("pools")
    void shouldFinishWhatItHasWhenItIsClosed(Tasks recipe) throws Exception {
        final TaskPool pool = recipe.start();
        final TaskLane lane = pool.newLane();
        final Gate gate = new Gate();
        final AtomicInteger done = new AtomicInteger();
        assertThat(lane.offer(gate)).isTrue();
        gate.awaitRunning();
        for (int i = 0; i < 100; i++) {
            assertThat(lane.offer(done::incrementAndGet)).isTrue();
        }
        final CompletableFuture<Void> closed = pool.closeAsync();
        assertThat(closed).isNotDone();
        gate.open();
        closed.get(30, TimeUnit.SECONDS);
        assertThat(done.get()).isEqualTo(100);
        assertThat(lane.offer(done::incrementAndGet)).isFalse();
        lane.force(done::incrementAndGet);
        assertThat(done.get()).as("a forced task of a closed pool runs here").isEqualTo(101);
        final TaskStats stats = pool.stats();
        assertThat(stats.completed()).isEqualTo(101);
        assertThat(stats.waiting()).isZero();
        assertThat(stats.running()).isZero();
        assertThat(stats.totalWait()).isGreaterThanOrEqualTo(stats.maxWait());
    }

    @ParameterizedTest
    @MethodSource("pools")
    void shouldGoOnAfterATaskThatFails(Tasks recipe) throws Exception {
        try (TaskPool pool = recipe.start()) {
            final TaskLane lane = pool.newLane();
            final CompletableFuture<Void> next = new CompletableFuture<>();
            assertThat(lane.offer(() -> {
                        throw new IllegalStateException("on purpose");
                    }))
                    .isTrue();
            assertThat(lane.offer(() -> next.complete(null))).isTrue();
            next.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void shouldRefuseWhatMakesNoSense() {
        assertThatThrownBy(() -> Tasks.pool(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tasks.pool(2).withQueues(3)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tasks.ordered(2).withQueues(2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tasks.ordered().withCapacity(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
