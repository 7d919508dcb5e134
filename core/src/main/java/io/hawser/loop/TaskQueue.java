// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The queue of tasks for a loop: many producers, one consumer, lock-free, first in first out.
 *
 * <p>Thread: {@link #offer}, {@link #offerAlways} and {@link #pendingUserTasks} from any thread; all else on the loop's
 * thread.
 *
 * <p>Bound: ordinary tasks are counted and refused above the capacity. A {@link LoopTask} is always accepted. It takes no
 * memory of the queue's, and it is queued at most once, so these are bounded by the number of their owners, which has a
 * limit of its own. They must not be refused either, as they carry the loop's own work, such as closing a connection: a
 * loop that refuses to release what it holds because it is full would stay full.
 *
 * <pre>{@code
 *   producers                              consumer
 *
 *   push                                   append reversed
 *     v                                          v
 *   arrivals: newest -> .. -> oldest   =>   ready: oldest -> .. -> newest   => run
 *            (taken as a whole)
 * }</pre>
 *
 * Producers push to a stack, which the consumer takes as a whole once per turn. In contrast to a linked queue with an
 * exchanged tail, there is no moment in which an offered task is counted but cannot be reached, so a producer that is
 * descheduled holds up nobody else's tasks; and as nothing is ever popped singly, the stack has no ABA problem.
 */
final class TaskQueue {
    private static final VarHandle ARRIVALS;
    private static final VarHandle ACCEPTED;
    private static final VarHandle STARTED;

    static {
        try {
            var lookup = MethodHandles.lookup();
            ARRIVALS = lookup.findVarHandle(TaskQueue.class, "arrivals", LoopTask.class);
            ACCEPTED = lookup.findVarHandle(TaskQueue.class, "accepted", long.class);
            STARTED = lookup.findVarHandle(TaskQueue.class, "started", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Put in place of the stack when the queue is closed, and never replaced. */
    private static final LoopTask CLOSED = new UserTask(() -> {});

    private final int capacity;

    /** The top of the stack. */
    private volatile @Nullable LoopTask arrivals;

    /** User tasks ever accepted; advanced by producers. */
    private volatile long accepted;

    /** User tasks ever begun; advanced by the consumer. */
    private volatile long started;

    // The consumer's own.
    private @Nullable LoopTask readyHead;
    private @Nullable LoopTask readyTail;
    private boolean closed;

    /**
     * Makes an empty queue.
     *
     * @param capacity the most ordinary tasks that may wait, at least 1
     */
    TaskQueue(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity must be at least 1: " + capacity);
        }
        this.capacity = capacity;
    }

    /**
     * Queues a task. After this has returned true, {@link #isEmpty()} is false until the task is taken to be run, and what
     * was written before the call is visible to the task.
     *
     * @param task the task; a {@link LoopTask} goes the way of {@link #offerAlways}
     * @return whether it will be run; false if the queue is full or closed
     */
    boolean offer(Runnable task) {
        if (task instanceof LoopTask loopTask) {
            return offerAlways(loopTask);
        }
        // Made before its place is counted, so that a failure to allocate cannot lose the place.
        var userTask = new UserTask(task);
        return reserve() && push(userTask);
    }

    /**
     * Queues a task that is not subject to the bound, unless it is queued already. If another producer is just about to
     * queue it, this returns at once, and it is that producer's offer that makes {@link #isEmpty()} false and calls for
     * the wake-up.
     *
     * @param task the task
     * @return whether it will be run; false if the queue is closed. Then the caller has to dispose of the task's work,
     *     that of the producers included who offered the same task meanwhile: one of them alone is told
     */
    boolean offerAlways(LoopTask task) {
        if (!task.markQueued()) {
            return true;
        }
        boolean pushed = push(task);
        if (!pushed) {
            task.markStarted();
        }
        return pushed;
    }

    /**
     * Runs tasks that were in the queue when this was called, and none that came later: those wait for the next turn, so
     * that a task which queues itself anew cannot hold the loop. What a task throws goes to the handler, and the next task
     * is run. What the handler throws leaves this method; the other tasks stay queued.
     *
     * @param budget the most tasks to run; those above it are first in the next call
     * @param failureHandler receives what tasks throw
     * @return how many tasks were run
     */
    int drain(int budget, TaskFailureHandler failureHandler) {
        takeArrivals();
        int count = 0;
        LoopTask task;
        while (count < budget && (task = pollReady()) != null) {
            count++;
            run(task, failureHandler);
        }
        return count;
    }

    /**
     * Tells whether nothing waits. For the wake-up protocol, see {@link WakeupGate}.
     *
     * <p>Memory order: the volatile read is ordered after the volatile write by which the gate announced the wait.
     *
     * @return whether no task is queued
     */
    boolean isEmpty() {
        if (readyHead != null) {
            return false;
        }
        LoopTask top = arrivals;
        return top == null || top == CLOSED;
    }

    /**
     * Refuses all further offers. Every offer that has returned true is in the queue now, so that draining until
     * {@link #isEmpty()} runs it. May be repeated.
     */
    void close() {
        if (!closed) {
            closed = true;
            // An exchange, hence no offer can fall between the last take and the closing.
            append((LoopTask) ARRIVALS.getAndSet(this, CLOSED));
        }
    }

    /**
     * Returns how many ordinary tasks wait; while others offer, an estimate.
     *
     * @return 0 to the capacity
     */
    int pendingUserTasks() {
        // The greater one is read last: the result can then be too great, but not negative.
        long startedBefore = started;
        return (int) Math.min(accepted - startedBefore, capacity);
    }

    /** Counts a user task in, unless that would exceed the capacity. */
    private boolean reserve() {
        // accepted is read before started: were it the other way round, started could be older, and a task be refused
        // though there is room. If accepted is outdated, the exchange fails. The bound is hence exact both ways.
        // Acquire for that order; neither counter publishes anything.
        long count;
        do {
            count = (long) ACCEPTED.getAcquire(this);
            if (count - (long) STARTED.getAcquire(this) >= capacity) {
                return false;
            }
        } while (!ACCEPTED.weakCompareAndSetPlain(this, count, count + 1));
        return true;
    }

    private boolean push(LoopTask task) {
        // The top is not dereferenced, and is confirmed by the exchange, so it may be read opaquely. The exchange is a
        // volatile one for two reasons: as a release it publishes the task and the link, to the consumer's acquire; and
        // its total order with the volatile read in WakeupGate.needsWakeup(), a store before a load, is what the
        // wake-up protocol rests on.
        LoopTask top;
        do {
            top = (LoopTask) ARRIVALS.getOpaque(this);
            if (top == CLOSED) {
                task.next = null;
                return false;
            }
            task.next = top;
        } while (!ARRIVALS.compareAndSet(this, top, task));
        return true;
    }

    private void takeArrivals() {
        // A look before the exchange, which would take the cache line from the producers for nothing in idle turns.
        // Missing a task here is harmless: before the loop waits it asks isEmpty().
        if (!closed && ARRIVALS.getOpaque(this) != null) {
            // Acquire, to see what the producers wrote. The null that is put there publishes nothing.
            append((LoopTask) ARRIVALS.getAndSetAcquire(this, (LoopTask) null));
        }
    }

    /** Puts a stack behind what is ready, oldest first. */
    private void append(@Nullable LoopTask newest) {
        if (newest == null) {
            return;
        }
        LoopTask oldest = newest;
        LoopTask older = newest.next;
        newest.next = null;
        while (older != null) {
            LoopTask stillOlder = older.next;
            older.next = oldest;
            oldest = older;
            older = stillOlder;
        }
        if (readyTail == null) {
            readyHead = oldest;
        } else {
            readyTail.next = oldest;
        }
        readyTail = newest;
    }

    private @Nullable LoopTask pollReady() {
        LoopTask task = readyHead;
        if (task != null) {
            readyHead = task.next;
            if (readyHead == null) {
                readyTail = null;
            }
            task.next = null;
        }
        return task;
    }

    private void run(LoopTask task, TaskFailureHandler failureHandler) {
        Runnable runnable;
        if (task instanceof UserTask userTask) {
            runnable = userTask.task;
            // There is one writer, so no exchange is needed. Before the run, as the task no longer waits.
            STARTED.setRelease(this, (long) STARTED.get(this) + 1);
        } else {
            runnable = task;
            // Before the run, so that whoever finds the task not queued any more, itself included, queues it anew.
            task.markStarted();
        }
        try {
            runnable.run();
        } catch (Throwable cause) {
            failureHandler.onFailure(runnable, cause);
        }
    }

    /** The node of an ordinary task. */
    private static final class UserTask extends LoopTask {
        final Runnable task;

        UserTask(Runnable task) {
            this.task = Objects.requireNonNull(task, "task");
        }

        @Override
        public void run() {
            task.run();
        }
    }
}
