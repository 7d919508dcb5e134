// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A task that is itself the node of a loop's queue, so that handing it to the loop allocates nothing. Its owner, say a
 * connection with bytes to flush, makes it once and offers it whenever there is something to do.
 *
 * <p>It is queued at most once: offering it while it waits in the queue has no further effect. The run that follows sees
 * everything that was written before any of these offers. From the moment that {@link #run()} is called it may be offered
 * again, by itself or by others, and then runs once more.
 *
 * <p>Thread: may be offered by any thread; {@link #run()} is called on the loop's thread. A task belongs to one loop.
 */
public abstract class LoopTask implements Runnable {
    private static final VarHandle QUEUED;

    static {
        try {
            QUEUED = MethodHandles.lookup().findVarHandle(LoopTask.class, "queued", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Written by the producer that queued the task until it is published, from then on by the consumer. */
    @Nullable
    LoopTask next;

    @SuppressWarnings("unused") // by QUEUED
    private boolean queued;

    /** For subclasses. */
    protected LoopTask() {}

    /**
     * Claims the task for the calling producer.
     *
     * <p>Memory order: a read-modify-write in volatile mode even when the task is queued already. Its release half
     * publishes what this producer wrote, to the consumer's exchange in {@link #markStarted()}, which reads either this
     * write or one later in the chain of exchanges. Its acquire half makes the consumer's last read of {@link #next}
     * happen before the producer's write of it.
     *
     * @return whether the caller must queue the task; if false, another producer has, or is about to
     */
    final boolean markQueued() {
        return !(boolean) QUEUED.getAndSet(this, true);
    }

    /** Ends the claim: the consumer before the run, or the producer whose offer was refused. */
    final void markStarted() {
        QUEUED.getAndSet(this, false);
    }
}
