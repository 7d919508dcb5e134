// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.util.concurrent.CompletableFuture;

/**
 * Gives loops and the engine around them their threads, and says what it means to wait: everything that would otherwise be up to
 * the scheduler of the operating system. {@link #threads()} is what engines run on; a simulation steps all loops on one thread, in
 * an order of its own and on a {@link Clock} of its own.
 *
 * <p><b>Thread:</b> any.
 */
public interface LoopDriver {
    /**
     * What a driver runs of a loop: either all of it by one call of {@link #run()}, or piece by piece by calls of {@link #step()},
     * one after the other, until it returns false.
     */
    interface Life {
        /** The loop's name, for its thread. */
        String name();

        /** Lives: opens the transport, takes turns, and ends. The calling thread is the loop's for ever. */
        void run();

        /**
         * Opens the transport on the first call, takes one turn on each further one, and ends the loop once it was stopped. The
         * calling thread is the loop's during the call only. The turn ends with {@link io.hawser.transport.Transport#await}, so
         * the wait goes on until the next call: who steps loops brings a transport that does not block in there.
         *
         * @return whether there is more to come
         */
        boolean step();
    }

    /** A daemon platform thread for each loop, virtual threads for what may block. */
    static LoopDriver threads() {
        return ThreadDriver.INSTANCE;
    }

    /** Runs {@code loop}; its transport is open, or has failed to, when this returns, or will on another thread without help. */
    void start(Life loop);

    /** Runs {@code task}, which may wait by {@link #await}, at another time or on another thread; never within this call. */
    void execute(String name, Runnable task);

    /**
     * Waits until {@code future} is completed, in whichever way. Not to be called on a loop.
     *
     * @param timeoutNs nanoseconds; {@link Long#MAX_VALUE} waits for ever
     * @return whether it is; false if the time has passed
     * @throws InterruptedException if the thread was interrupted
     */
    boolean await(CompletableFuture<?> future, long timeoutNs) throws InterruptedException;

    /**
     * Waits for ever until {@code future} is completed, in whichever way, and lets nobody interrupt that. Not to be called on a
     * loop.
     */
    void await(CompletableFuture<?> future);
}
