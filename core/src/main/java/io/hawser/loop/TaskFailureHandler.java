// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

/**
 * Receives what a task or a timer's callback has thrown, so that one failing task does not take the loop with it.
 *
 * <p>Thread: called on the loop's thread, from within the turn. Should the handler itself throw, that leaves the turn's
 * step (the call of {@link TimingWheel#advance} or the drain of the queue); no task and no timer is lost by it, they are
 * run by the next turn.
 */
@FunctionalInterface
public interface TaskFailureHandler {

    /**
     * Tells of a failed task.
     *
     * @param task the task as it was given to the loop, or the callback of the timer
     * @param cause what it has thrown, an {@link Error} as well as an exception
     */
    void onFailure(Runnable task, Throwable cause);
}
