// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Runs the tasks of one lane one after another, and lanes in parallel: on workers, or each on a virtual thread that lives while it has tasks. */
final class OrderedPool implements TaskPool {
    /** After so many tasks a lane lets others have its worker. */
    private static final int TASKS_PER_TURN = 64;

    private final Tasks recipe;
    private final PoolPlaces places;
    private final @Nullable Workers workers;
    private final Executor threads;

    OrderedPool(Tasks recipe) {
        this.recipe = recipe;
        this.places = new PoolPlaces(recipe.capacity(), false);
        if (recipe.workers() == 0) {
            workers = null;
            threads = task -> Thread.ofVirtual().name(recipe.name()).start(task);
        } else {
            final Workers started = new Workers(recipe.name(), recipe.workers(), recipe.queues());
            workers = started;
            threads = started::execute;
        }
    }

    private record Job(Runnable task, long offeredNs) {}

    /** The tasks of one session. {@code size} counts those that wait and the one that runs; who brings it from zero has it run. */
    private final class Lane implements TaskLane, Runnable {
        private final Queue<Job> jobs = new ConcurrentLinkedQueue<>();
        private final AtomicInteger size = new AtomicInteger();
        /** Waits for room in this lane. */
        private final AtomicReference<@Nullable Runnable> waiter = new AtomicReference<>();

        private boolean isFull() {
            return size.get() >= recipe.sessionCapacity();
        }

        @Override
        public boolean offer(Runnable task) {
            if (isFull()) {
                places.reject();
                return false;
            }
            if (!places.take()) {
                return false;
            }
            execute(task);
            return true;
        }

        @Override
        public void force(Runnable task) {
            if (places.takeAlways()) {
                execute(task);
            } else {
                task.run();
            }
        }

        private void execute(Runnable task) {
            jobs.add(new Job(task, System.nanoTime()));
            if (size.getAndIncrement() == 0) {
                threads.execute(this);
            }
        }

        @Override
        public void run() {
            int left = TASKS_PER_TURN;
            do {
                final Job job = jobs.poll();
                if (job == null) {
                    throw new IllegalStateException("A lane has lost a task");
                }
                places.run(job.task, job.offeredNs);
                left--;
                if (size.decrementAndGet() == 0) {
                    left = -1;
                }
                tellOfRoom();
            } while (left > 0);
            if (left == 0) {
                threads.execute(this);
            }
        }

        private void tellOfRoom() {
            if (waiter.get() != null && !isFull()) {
                final Runnable ready = waiter.getAndSet(null);
                if (ready != null) {
                    ready.run();
                }
            }
        }

        @Override
        public void onRoom(Runnable ready) {
            if (isFull()) {
                waiter.set(ready);
                tellOfRoom();
            } else {
                places.onRoom(ready);
            }
        }

        @Override
        public void passOn() {
            places.tellOfRoom();
        }
    }

    @Override
    public TaskLane newLane() {
        return new Lane();
    }

    @Override
    public boolean isInline() {
        return false;
    }

    @Override
    public RejectionPolicy rejectionPolicy() {
        return recipe.policy();
    }

    @Override
    public TaskStats stats() {
        return places.stats();
    }

    @Override
    public CompletableFuture<Void> closeAsync() {
        return places.close().thenRun(() -> {
            if (workers != null) {
                workers.end();
            }
        });
    }

    @Override
    public String toString() {
        return recipe.toString();
    }
}
