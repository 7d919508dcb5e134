// SPDX-License-Identifier: Apache-2.0
package io.hawser.stage;

/**
 * The handshakes of an engine that peers have begun and that are not over: what a peer is given memory and time of a processor for before it is known.
 * There is a limit for all of them together, {@link io.hawser.connection.Limits#handshakes}. Any thread.
 */
public interface Handshakes {
    /**
     * One more is to begin.
     *
     * @return false if there are as many as may be, which is counted as a hit of the limit. After true, {@link #end()} is called once
     */
    boolean tryBegin();

    /** One is over, in whatever way, and nothing runs for it any more. */
    void end();
}
