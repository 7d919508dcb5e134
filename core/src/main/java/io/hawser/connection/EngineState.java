// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/** What an engine is at; it goes through these in their order, some left out. */
public enum EngineState {
    /** It listens and serves. */
    RUNNING,
    /** It is being closed: nothing listens any more, what is accepted is served. */
    NOT_ACCEPTING,
    /**
     * Idle connections are closed; busy ones when they have finished. Busy is a connection with part of a message unread, and one whose
     * {@link BlockingHandler} runs.
     */
    DRAINING,
    /** The deadline has passed: what is left is reset. Left out if nothing is. */
    FORCING,
    /** The loops have ended, and all memory is given back. */
    CLOSED
}
