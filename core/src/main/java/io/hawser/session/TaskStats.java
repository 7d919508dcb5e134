// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.time.Duration;

/**
 * What a task pool does.
 *
 * @param waiting tasks that wait now
 * @param running tasks that run now
 * @param completed tasks that have run
 * @param rejected tasks for which there was no room
 * @param totalWait the sum of the times that the completed ones waited
 * @param maxWait the longest of them
 */
public record TaskStats(
        long waiting, long running, long completed, long rejected, Duration totalWait, Duration maxWait) {}
