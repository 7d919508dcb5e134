// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Lets producers wake a waiting loop with one system call per wait rather than one per task.
 *
 * <pre>{@code
 *   consumer (the loop)                        producer
 *
 *   gate.prepareToWait();       (1) store      queue.offer(task);          (3) store
 *   if (queue.isEmpty()) {      (2) load       if (gate.needsWakeup()) {   (4) load
 *       wait, until a wake-up or a deadline        write the eventfd
 *   }                                          }
 *   gate.doneWaiting();
 * }</pre>
 *
 * <p>Why no wake-up is lost: this is the store-load pattern of Dekker's algorithm. Were the consumer to find the queue
 * empty although the task is offered, and the producer to find no one waiting, then (2) would have come before (3), and
 * (4) before (1); with (1) before (2) and (3) before (4) that is a cycle. So at least one of them sees the other. This
 * needs each side's load not to overtake its store, which neither release nor acquire forbids; volatile mode does, all
 * of whose operations have one total order. Hence what the producer publishes by, and what the consumer checks again,
 * must be accessed in volatile mode, as {@link TaskQueue} does; the same goes for a flag to stop the loop.
 *
 * <p>A wake-up may come late, when the loop has left that wait for another reason, and then ends the next wait early. So
 * waits may end for no reason, and the wake-up token (the eventfd's count) must be persistent, and be taken only after a
 * wait, not between {@link #prepareToWait()} and the wait.
 *
 * <p>Thread: {@link #needsWakeup()} from any thread; the others on the loop's thread.
 */
final class WakeupGate {
    private static final int RUNNING = 0;
    private static final int WAITING = 1;
    private static final int NOTIFIED = 2;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(WakeupGate.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int state = RUNNING;

    /** Announces a wait. The caller must then check once more, in volatile mode, that there is nothing to do. */
    void prepareToWait() {
        state = WAITING;
    }

    /**
     * Ends the announcement, if there was one, whether or not the loop has waited.
     *
     * <p>Memory order: opaque is enough. A producer that still reads WAITING wakes the loop needlessly, no more.
     */
    void doneWaiting() {
        // A look first: a busy loop calls this every turn, and shall not take the cache line from the producers each
        // time.
        if ((int) STATE.getOpaque(this) != RUNNING) {
            STATE.setOpaque(this, RUNNING);
        }
    }

    /**
     * Tells a producer, after it has published its work, whether it has to wake the loop. Of all the producers that ask
     * during one wait, one gets true; that one must see to it that the wake-up is sent. Costs one read while the loop runs.
     *
     * @return whether the caller must wake the loop
     */
    boolean needsWakeup() {
        return state == WAITING && STATE.compareAndSet(this, WAITING, NOTIFIED);
    }
}
