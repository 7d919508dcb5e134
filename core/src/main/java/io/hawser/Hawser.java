// SPDX-License-Identifier: Apache-2.0
package io.hawser;

import io.hawser.connection.Address;
import io.hawser.connection.BlockingHandler;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.DatagramHandler;
import io.hawser.connection.DatagramServer;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

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
        return own(engine -> engine.listen(address, handler));
    }

    /**
     * Serves in the blocking style, with an engine of its own that ends with the server: the handler runs on a virtual thread for each
     * busy connection. Any thread.
     *
     * <pre>{@code
     * Hawser.serve("tcp://0.0.0.0:7001", c -> {
     *     int length = c.reader().readInt();
     *     try (var body = c.reader().slice(length)) {
     *         c.writer().writeInt(length).append(body).flush();
     *     }
     * });
     * }</pre>
     *
     * @param address as of {@link #listen}
     * @throws IllegalArgumentException as {@link #listen}
     * @throws IOException as {@link #listen}
     */
    public static Server serve(String address, BlockingHandler handler) throws IOException {
        return own(engine -> engine.serve(address, handler));
    }

    private interface Start {
        Server on(Engine engine) throws IOException;
    }

    private static Server own(Start start) throws IOException {
        final Engine engine = Engine.builder().start();
        try {
            final Server server = start.on(engine);
            server.closesEngine();
            return server;
        } catch (IOException | RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    /**
     * Connects, for use in blocking code; the connection is the caller's to close. Connections dialled so share one small engine, which
     * lives as long as the process. Any thread but a loop's.
     *
     * <pre>{@code
     * try (var c = Hawser.dial("tcp://127.0.0.1:7000")) {
     *     c.writer().writeString("hello");
     *     String answer = c.reader().readString(5);
     * }
     * }</pre>
     *
     * @throws IllegalArgumentException if {@code address} is none
     * @throws IOException if it cannot be reached within {@link ConnectionOptions#dialTimeout()}
     */
    public static Connection dial(String address) throws IOException {
        return Dialling.engine().dial(Address.parse(address), ConnectionOptions.DEFAULT);
    }

    /** The engine of {@link #dial}, started with the first one. */
    private static final class Dialling {
        private static @Nullable Engine engine;

        static synchronized Engine engine() throws IOException {
            if (engine == null) {
                engine = Engine.builder().name("hawser-dial").loops(1).start();
            }
            return engine;
        }
    }

    /**
     * Binds a UDP address, with an engine of its own that ends with the server. Any thread.
     *
     * <pre>{@code
     * try (var server = Hawser.bind("udp://0.0.0.0:7000", (endpoint, datagram) -> datagram.reply(datagram.reader()))) {
     *     server.join();
     * }
     * }</pre>
     *
     * @param address such as {@code udp://0.0.0.0:7000} or {@code udp://[::]:7000}; port 0 lets the system pick one
     * @throws IllegalArgumentException if it is none
     * @throws java.net.BindException if it is taken, not of this machine, or forbidden
     * @throws IOException if no transport works
     */
    public static DatagramServer bind(String address, DatagramHandler handler) throws IOException {
        final Engine engine = Engine.builder().start();
        try {
            final DatagramServer server = engine.bind(address, handler);
            server.closesEngine();
            return server;
        } catch (IOException | RuntimeException e) {
            engine.close();
            throw e;
        }
    }
}
