// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.stage.StageFactory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the connections of one server, or of one dial, have in common. Immutable; any thread.
 *
 * @param stages between the socket and the connection, the one next to the socket first
 * @param server whose connections they are; nobody's that were dialled or adopted
 */
record Endpoint(
        Engine engine,
        ConnectionHandler handler,
        ConnectionOptions options,
        List<StageFactory> stages,
        @Nullable ServerConnections server) {
    Endpoint(Engine engine, ConnectionHandler handler, ConnectionOptions options) {
        this(engine, handler, options, stagesOf(options), null);
    }

    /** The same for what a server accepts. */
    Endpoint of(ServerConnections accepting) {
        return new Endpoint(engine, handler, options, stages, accepting);
    }

    /** The same with another handler. */
    Endpoint with(ConnectionHandler next) {
        return new Endpoint(engine, next, options, stages, server);
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
