// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;

/** Sends back what comes, without copying it. Any number of connections and loops. */
final class EchoHandler implements ConnectionHandler {
    @Override
    public void onData(Connection connection) {
        connection.writer().append(connection.reader());
    }
}
