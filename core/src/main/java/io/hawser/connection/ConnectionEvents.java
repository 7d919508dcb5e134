// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.jfr.ConnectionClosedEvent;
import io.hawser.jfr.ConnectionOpenedEvent;

/** What the Flight Recorder gets to know of connections; to be touched only while something is recorded. The loop's thread. */
final class ConnectionEvents {
    private ConnectionEvents() {}

    static void opened(StreamConnection connection) {
        if (ConnectionOpenedEvent.isWanted()) {
            new ConnectionOpenedEvent(
                            connection.loop().name(),
                            connection.id(),
                            AddressText.of(connection.localAddress()),
                            AddressText.of(connection.remoteAddress()),
                            connection.isDialled())
                    .commit();
        }
    }

    static void closed(StreamConnection connection, CloseCause cause, long livedNs) {
        if (ConnectionClosedEvent.isWanted()) {
            new ConnectionClosedEvent(
                            connection.loop().name(),
                            connection.id(),
                            AddressText.of(connection.remoteAddress()),
                            cause.kind().name(),
                            CloseLog.message(cause.error().orElse(null)),
                            connection.bytesIn(),
                            connection.bytesOut(),
                            livedNs)
                    .commit();
        }
    }
}
