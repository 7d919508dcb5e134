// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import io.hawser.loop.LoopStats;
import java.time.Duration;

/**
 * How a loop stands. Counts are since its start, so the difference of two snapshots tells what happened between them.
 *
 * @param name the thread's name
 * @param connections how many connections it has, those on their way to it included
 * @param turns turns taken
 * @param busyTurns turns that found something to do
 * @param busy how long these took, without waiting
 * @param busyFor how long it has been at work on the present turn, zero if it waits: more than a few milliseconds mean that a handler
 *     holds it up now
 * @param stalls turns longer than {@link LoopStats#STALL_NS}
 * @param longestTurn the longest turn, without waiting
 * @param tasks tasks run
 * @param waitingTasks tasks that wait to be run
 * @param timers timers fired
 * @param armedTimers timers that are armed
 * @param bytesIn bytes received by its connections
 * @param bytesOut bytes of its connections that the operating system took
 * @param messagesIn messages that its sessions have decoded
 * @param messagesOut messages that were encoded for its sessions
 * @param accepted connections accepted
 * @param opened connections opened, accepted and dialled
 * @param closed connections closed
 */
public record LoopSnapshot(
        String name,
        int connections,
        long turns,
        long busyTurns,
        Duration busy,
        Duration busyFor,
        long stalls,
        Duration longestTurn,
        long tasks,
        int waitingTasks,
        long timers,
        int armedTimers,
        long bytesIn,
        long bytesOut,
        long messagesIn,
        long messagesOut,
        long accepted,
        long opened,
        long closed) {
    static LoopSnapshot of(EventLoop loop, int connections) {
        final LoopStats stats = loop.stats();
        return new LoopSnapshot(
                loop.name(),
                connections,
                stats.turns(),
                stats.busyTurns(),
                Duration.ofNanos(stats.busyNs()),
                Duration.ofNanos(stats.busyForNs(loop.clockNs())),
                stats.stalls(),
                Duration.ofNanos(stats.longestTurnNs()),
                stats.tasks(),
                loop.waitingTasks(),
                stats.timers(),
                stats.timersArmed(),
                stats.bytesIn(),
                stats.bytesOut(),
                stats.messagesIn(),
                stats.messagesOut(),
                stats.connectionsAccepted(),
                stats.connectionsOpened(),
                stats.connectionsClosed());
    }
}
