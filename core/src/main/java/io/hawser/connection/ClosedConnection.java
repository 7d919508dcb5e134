// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.time.Duration;

/**
 * A connection that was closed lately; {@link Engine#recentCloses()} tells the last ones.
 *
 * @param id as {@link Connection#id()}
 * @param loop the name of its loop
 * @param peer the address of the other side as text, {@code 127.0.0.1:7000}; empty for a unix socket
 * @param dialled whether this side had made the connection
 * @param kind what kind of end it was
 * @param message what the failure behind it says; empty if there was none
 * @param bytesIn what was received from it, in bytes
 * @param bytesOut what the operating system took for sending, in bytes
 * @param lived how long it was there, to some 20 ms
 * @param ago the time since the close
 */
public record ClosedConnection(
        long id,
        String loop,
        String peer,
        boolean dialled,
        CloseCause.Kind kind,
        String message,
        long bytesIn,
        long bytesOut,
        Duration lived,
        Duration ago) {}
