// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.concurrent.CompletableFuture;

/** Where listeners run. {@link Tasks} has the ready-made ones. Any thread. */
public interface TaskPool extends AutoCloseable {
    /** The way of one session's tasks into the pool. */
    TaskLane newLane();

    /** Whether tasks run on the session's loop, at once. */
    boolean isInline();

    /** What happens to a message for whose task there is no room. */
    RejectionPolicy rejectionPolicy();

    /** What it has done, and what waits. */
    TaskStats stats();

    /** Lets what waits and runs finish, and accepts no more. Completes when that is done and its threads have nothing more to do. */
    CompletableFuture<Void> closeAsync();

    /** As {@link #closeAsync()}, and waits; not to be called by one of its tasks. */
    @Override
    default void close() {
        closeAsync().join();
    }
}
