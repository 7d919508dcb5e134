// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

/** What a transport has in its queue: something that may have happened. */
sealed interface SimReady permits SimDatagramPort, SimListener, SimStream {
    /** Tells the sinks what has happened; how many completions that were. */
    int dispatch();

    /** Whether something is left to tell. */
    boolean isDue();
}
