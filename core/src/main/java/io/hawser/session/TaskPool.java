// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/**
 * Where listeners run. Made with {@link Tasks}; one may serve several endpoints, and whoever started it closes it. Any thread.
 */
public interface TaskPool extends AutoCloseable {
    /** The way of one session's tasks into the pool. */
    TaskLane newLane();

    /** Whether tasks run on the session's loop, at once. */
    boolean isInline();

    /** What happens to a message for whose task there is no room. */
    RejectionPolicy rejectionPolicy();

    /** What it has done, and what waits. */
    TaskStats stats();

    /** Lets what waits and runs finish, and accepts no more. Waits for the threads, but not on one of its own. */
    @Override
    void close();
}
