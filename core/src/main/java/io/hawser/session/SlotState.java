// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.time.Duration;
import java.util.Optional;

/**
 * What one of a client's sessions is at.
 *
 * @param slot which one, from 0
 * @param phase what it is at
 * @param failedTries how often in a row it could not be connected, or ended too soon; kept until a session has proved itself, see {@link Reconnect}
 * @param lastError why, the last time; empty if there was no failure since a session proved itself
 * @param untilNextTry in phase {@link Phase#WAITING} the time until the next try, from when this was made; else zero
 */
public record SlotState(int slot, Phase phase, int failedTries, Optional<Throwable> lastError, Duration untilNextTry) {
    /** What a slot can be at. */
    public enum Phase {
        /** It tries to connect. */
        CONNECTING,
        /** It has a session. */
        OPEN,
        /** A try has failed, and the next one is to come. */
        WAITING,
        /** It has no session and will have none: the client was closed, or all tries have failed. */
        CLOSED
    }
}
