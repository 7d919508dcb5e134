// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/** The tasks of one session in a {@link TaskPool}. Any thread. */
public interface TaskLane {
    /**
     * Has {@code task} run, once.
     *
     * @return false if there is no room, or the pool is closed; the task is not run then
     */
    boolean offer(Runnable task);

    /**
     * Has {@code task} run, once, even where there is no room, for the few tasks that a session has besides messages. In an ordered pool it runs
     * after all that were offered before. In a closed pool it runs on the caller's thread.
     */
    void force(Runnable task);

    /** Has {@code ready} run, once, on whatever thread, when there may be room again; at once if there is. */
    void onRoom(Runnable ready);

    /** The room that {@link #onRoom} has told of is not needed: another one who waits is told. */
    void passOn();
}
