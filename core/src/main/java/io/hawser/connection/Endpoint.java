// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.stage.StageFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * What the connections of one server, or of one dial, have in common. Immutable; any thread.
 *
 * @param stages between the socket and the connection, the one next to the socket first
 */
record Endpoint(Engine engine, ConnectionHandler handler, ConnectionOptions options, List<StageFactory> stages) {
    Endpoint(Engine engine, ConnectionHandler handler, ConnectionOptions options) {
        this(engine, handler, options, stagesOf(options));
    }

    private static List<StageFactory> stagesOf(ConnectionOptions options) {
        if (options.tls().isEmpty()) {
            return options.stages();
        }
        final List<StageFactory> all = new ArrayList<>(options.stages());
        all.add(options.tls().get());
        return List.copyOf(all);
    }

    Limits limits() {
        return engine.limits();
    }
}
