// SPDX-License-Identifier: Apache-2.0
package io.hawser;

import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import java.io.IOException;

/**
 * The shortest way to a first program. What needs more than one address, limits of its own, or clients goes through {@link Engine}.
 */
public final class Hawser {
    private Hawser() {}

    /**
     * Listens, with an engine of its own that ends with the server. Any thread.
     *
     * <pre>{@code
     * try (var server = Hawser.listen("tcp://0.0.0.0:7000", c -> c.writer().append(c.reader()))) {
     *     server.join();
     * }
     * }</pre>
     *
     * @param address such as {@code tcp://0.0.0.0:7000}, {@code tcp://[::]:7000} or {@code unix:///tmp/hawser.sock}; port 0 lets the
     *     system pick one, which {@link Server#address()} tells
     * @throws IllegalArgumentException if it is no address
     * @throws java.net.BindException if it is taken, not of this machine, or forbidden
     * @throws IOException if no transport works
     */
    public static Server listen(String address, ConnectionHandler handler) throws IOException {
        final Engine engine = Engine.builder().start();
        try {
            final Server server = engine.listen(address, handler);
            server.closesEngine();
            return server;
        } catch (IOException | RuntimeException e) {
            engine.close();
            throw e;
        }
    }
}
