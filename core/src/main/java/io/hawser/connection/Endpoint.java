// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.stage.StageFactory;
import java.util.List;

/**
 * What the connections of one server, or of one dial, have in common. Immutable; any thread.
 *
 * @param stages between the socket and the connection, the one next to the socket first
 */
record Endpoint(Engine engine, ConnectionHandler handler, ConnectionOptions options, List<StageFactory> stages) {
    Endpoint(Engine engine, ConnectionHandler handler, ConnectionOptions options) {
        this(engine, handler, options, options.stages());
    }

    Limits limits() {
        return engine.limits();
    }
}
