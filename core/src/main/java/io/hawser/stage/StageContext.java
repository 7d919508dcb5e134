// SPDX-License-Identifier: Apache-2.0
package io.hawser.stage;

import io.hawser.loop.EventLoop;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * Where a stage stands. Immutable.
 *
 * @param loop of the connection
 * @param dialled whether this side has made the connection
 * @param host whom it has dialled, as the address says it: a name, or the literal of an address without brackets; empty of an accepted
 *     connection, an adopted one, and one over a unix socket
 * @param port of the address that was dialled; else 0
 * @param closeTimeout how long a stage that has more to send when it is closed may take for it; positive
 * @param handshakes of the engine, where a stage that agrees on something with a peer that it has not dialled asks before it begins
 * @param executor for what takes long: runs it on another thread than the loop's, of which it gets no hold for ever
 */
public record StageContext(
        EventLoop loop,
        boolean dialled,
        String host,
        int port,
        Duration closeTimeout,
        Handshakes handshakes,
        Executor executor) {}
