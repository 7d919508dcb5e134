// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.log.Log;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * The places in a task pool: how many are taken, who waits for one, and what has been done. Any thread.
 *
 * <p>{@code claims} counts the tasks that have a place, and one for the pool itself while it is open: whoever brings it to zero has closed the pool.
 */
final class PoolPlaces {
    private final long capacity;
    /** With virtual threads nothing waits, so those that run have to be bounded. */
    private final boolean boundsRunning;

    private final AtomicLong claims = new AtomicLong(1);
    private final AtomicLong waiting = new AtomicLong();
    private final AtomicLong running = new AtomicLong();
    private final LongAdder completed = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private final LongAdder waitNs = new LongAdder();
    private final AtomicLong maxWaitNs = new AtomicLong();
    private final Queue<Runnable> waiters = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    PoolPlaces(int capacity, boolean boundsRunning) {
        this.capacity = capacity;
        this.boundsRunning = boundsRunning;
    }

    /** Takes a place for a task that will wait. */
    boolean take() {
        if (waiting.incrementAndGet() + (boundsRunning ? running.get() : 0) > capacity || !claim()) {
            waiting.decrementAndGet();
            reject();
            return false;
        }
        return true;
    }

    void reject() {
        rejected.increment();
    }

    /** Takes a place although there may be none; false only in a closed pool. */
    boolean takeAlways() {
        if (!claim()) {
            return false;
        }
        waiting.incrementAndGet();
        return true;
    }

    /** A pool that is being closed still takes tasks while others are left; they may be needed for those to end. */
    private boolean claim() {
        long now = claims.get();
        while (now > 0) {
            if (claims.compareAndSet(now, now + 1)) {
                return true;
            }
            now = claims.get();
        }
        return false;
    }

    /** Runs a task that has a place; what it throws is logged. */
    void run(Runnable task, long offeredNs) {
        running.incrementAndGet();
        waiting.decrementAndGet();
        final long waitedNs = System.nanoTime() - offeredNs;
        waitNs.add(waitedNs);
        if (waitedNs > maxWaitNs.get()) {
            maxWaitNs.accumulateAndGet(waitedNs, Math::max);
        }
        if (!boundsRunning) {
            tellOfRoom();
        }
        try {
            task.run();
        } catch (Throwable t) {
            Log.log(System.Logger.Level.ERROR, "A task failed", t);
        }
        running.decrementAndGet();
        completed.increment();
        if (boundsRunning) {
            tellOfRoom();
        }
        unclaim();
    }

    private void unclaim() {
        if (claims.decrementAndGet() == 0) {
            closed.complete(null);
        }
    }

    void onRoom(Runnable ready) {
        waiters.add(ready);
        // It may have come before the waiter was there to be told.
        if (waiting.get() + (boundsRunning ? running.get() : 0) < capacity) {
            tellOfRoom();
        }
    }

    void tellOfRoom() {
        final Runnable waiter = waiters.poll();
        if (waiter != null) {
            waiter.run();
        }
    }

    TaskStats stats() {
        return new TaskStats(
                waiting.get(),
                running.get(),
                completed.sum(),
                rejected.sum(),
                Duration.ofNanos(waitNs.sum()),
                Duration.ofNanos(maxWaitNs.get()));
    }

    CompletableFuture<Void> close() {
        if (closing.compareAndSet(false, true)) {
            unclaim();
        }
        return closed;
    }
}
