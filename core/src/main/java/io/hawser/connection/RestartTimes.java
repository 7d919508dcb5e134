// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.time.Duration;

/**
 * How long the two processes of a restart wait for each other. Immutable.
 *
 * @param answer for what the other one should say at once. For so long at most does nobody accept, should the successor hang after the
 *     predecessor has paused; what comes then waits in the backlog
 * @param preparation for the successor to be ready; the predecessor accepts meanwhile, but talks with nobody else
 */
record RestartTimes(Duration answer, Duration preparation) {
    static final RestartTimes DEFAULT = new RestartTimes(Duration.ofSeconds(5), Duration.ofMinutes(2));
}
