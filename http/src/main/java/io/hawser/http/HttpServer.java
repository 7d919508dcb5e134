// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.Address;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.connection.LeastRate;
import io.hawser.connection.Server;
import io.hawser.connection.ServerOptions;
import io.hawser.tls.Tls;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Serves HTTP/1.1 and 1.0. Any thread.
 *
 * <pre>{@code
 * try (var server = HttpServer.builder("http://0.0.0.0:8080")
 *         .handler((request, response) -> response.send("Hello, " + request.path() + "\n"))
 *         .start()) {
 *     server.join();
 * }
 * }</pre>
 *
 * <p><b>Strict:</b> what can be read in two ways is answered 400, and the connection closed: lengths that contradict each other, codings that are not
 * known, line ends without CR, names with spaces, hosts that differ. What is too much is answered 408, 413, 414, 431 or 503, as {@link HttpLimits} says.
 */
public final class HttpServer implements AutoCloseable {
    private final Engine engine;
    private final boolean ownsEngine;
    private final ServerContext context;
    private final List<Server> servers;

    private HttpServer(Engine engine, boolean ownsEngine, ServerContext context, List<Server> servers) {
        this.engine = engine;
        this.ownsEngine = ownsEngine;
        this.context = context;
        this.servers = servers;
    }

    /**
     * A server to be set up and started.
     *
     * @param address {@code http://host:port}, or with {@link Builder#tls} {@code https://host:port}, with the forms of host of {@link Address}; port 0 lets the system pick one, which {@link #address()}
     *     tells. {@code unix:///path} is HTTP, too
     * @throws IllegalArgumentException if it is none
     */
    public static Builder builder(String address) {
        return new Builder(address);
    }

    /** The address that is really bound, with the port that the system picked; the first of several. */
    public Address address() {
        return servers.getFirst().address();
    }

    /** All its addresses. */
    public List<Address> addresses() {
        return servers.stream().map(Server::address).toList();
    }

    /** The {@link #address()} as clients write it, {@code http://127.0.0.1:8080}; with all interfaces as host, {@code localhost}. */
    public String uri() {
        final Address address = address();
        if (address.isUnix()) {
            return address.toString();
        }
        final boolean all = address.host().isEmpty()
                || address.host().equals("0.0.0.0")
                || address.host().matches("[0:]+");
        final String host = all ? "localhost" : address.host();
        return (context.isSecure() ? "https://" : "http://") + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":"
                + address.port();
    }

    /** The engine that runs it. */
    public Engine engine() {
        return engine;
    }

    /** How many connections it has. */
    public int connectionCount() {
        return context.connectionCount();
    }

    /** Waits until it is closed. */
    public void join() {
        servers.forEach(Server::join);
    }

    /**
     * Stops listening and drains: idle connections are closed, requests that are being served are answered with {@code Connection: close}, and what
     * is left after {@code grace} is reset. An engine of its own ends then; one that was given, and what else it serves, goes on. A handler may call
     * it.
     *
     * @return completes when all is done
     */
    public CompletableFuture<Void> closeAsync(Duration grace) {
        context.closing();
        return ownsEngine
                ? engine.closeAsync(grace)
                : CompletableFuture.allOf(
                        servers.stream().map(server -> server.closeAsync(grace)).toArray(CompletableFuture[]::new));
    }

    /** As {@link #closeAsync} with {@link Engine#DEFAULT_CLOSE_TIME}, and waits. Not to be called on a loop. */
    @Override
    public void close() {
        context.closing();
        if (ownsEngine) {
            engine.close();
        } else {
            servers.forEach(Server::close);
            engine.await(closeAsync(Engine.DEFAULT_CLOSE_TIME));
        }
    }

    /** Sets up a server. Not thread-safe. */
    public static final class Builder {
        private final List<Address> addresses = new ArrayList<>();
        private @Nullable HttpHandler handler;
        private @Nullable Engine engine;
        private HttpLimits limits = HttpLimits.DEFAULT;
        private ServerOptions options = ServerOptions.DEFAULT;
        private Optional<String> serverName = Optional.empty();
        private @Nullable Tls tls;
        private boolean inLoop;

        private Builder(String address) {
            addresses.add(parse(address));
        }

        private static Address parse(String address) {
            if (address.startsWith("http://")) {
                return parse(address, "http://", "tcp://");
            }
            if (address.startsWith("https://")) {
                return parse(address, "https://", "tls://");
            }
            if (address.startsWith("unix://")) {
                return Address.parse(address);
            }
            throw new IllegalArgumentException(
                    "An address of HTTP is http://host:port, https://host:port or unix:///path: '" + address + "'");
        }

        private static Address parse(String address, String scheme, String below) {
            final String rest = address.substring(scheme.length());
            final int slash = rest.indexOf('/');
            if (slash >= 0 && slash < rest.length() - 1) {
                throw new IllegalArgumentException("A server listens at " + scheme
                        + "host:port, and its handler knows of paths: '" + address + "'");
            }
            final String bare = slash < 0 ? rest : rest.substring(0, slash);
            try {
                return Address.parse(below + bare);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        String.valueOf(e.getMessage()).replace(below + bare, address), e);
            }
        }

        /**
         * Listens there, too.
         *
         * @throws IllegalArgumentException as {@link HttpServer#builder}
         */
        public Builder address(String address) {
            addresses.add(parse(address));
            return this;
        }

        /** Who answers the requests. Needed. */
        public Builder handler(HttpHandler answering) {
            handler = Objects.requireNonNull(answering, "handler");
            return this;
        }

        /**
         * Has the handler called on the loop's thread, which it must not block, in place of a virtual thread. It gets a request when all of it has come,
         * with a body of {@link HttpLimits#bufferedBodyBytes()} at most; its answer may go on after it has returned, {@link Response#defer()}. A whole
         * answer, {@code send} or {@code sendFile}, may have any length, and goes out as the peer takes it. What is streamed leaves at the end of the turn,
         * and is bounded by {@link io.hawser.connection.Limits#outboundBytes()}: nobody waits.
         */
        public Builder inLoop() {
            inLoop = true;
            return this;
        }

        /**
         * Who the server is, for {@code https} addresses. Whatever its {@link Tls.Builder#applicationProtocols}, this server agrees on
         * {@code http/1.1} with clients that ask by ALPN, and refuses those that speak something else only, as RFC 7301, 3.2, says.
         */
        public Builder tls(Tls settings) {
            tls = Objects.requireNonNull(settings, "tls");
            return this;
        }

        /** The bounds. */
        public Builder limits(HttpLimits bounds) {
            limits = Objects.requireNonNull(bounds, "limits");
            return this;
        }

        /** The engine that runs it, and lives on after it; by default one of its own. */
        public Builder engine(Engine running) {
            engine = Objects.requireNonNull(running, "engine");
            return this;
        }

        /**
         * How it listens, and how its connections behave. A write timeout that is set here is taken in place of that of {@link HttpLimits}, and means
         * what that one does, in both styles; TLS that is set here is as {@link #tls}.
         */
        public Builder options(ServerOptions how) {
            options = Objects.requireNonNull(how, "options");
            return this;
        }

        /**
         * What the Server field of all answers says; by default there is none.
         *
         * @throws IllegalArgumentException if it is no value of a field
         */
        public Builder serverName(String name) {
            Headers.of("Server", name);
            serverName = Optional.of(name);
            return this;
        }

        /**
         * Starts it. When this returns, connections are accepted. Not to be called on a loop.
         *
         * @throws java.net.BindException if an address is taken, not of this machine, or forbidden
         * @throws IOException for any other failure
         * @throws IllegalStateException if there is no handler, or TLS on one side only: an https address, or {@link #tls}
         */
        public HttpServer start() throws IOException {
            final HttpHandler answering = handler;
            if (answering == null) {
                throw new IllegalStateException("An HTTP server needs a handler");
            }
            final Tls with = tls == null ? options.connections().tls().orElse(null) : tls;
            if (with == null && addresses.stream().anyMatch(Address::isTls)) {
                throw new IllegalStateException("An https address needs tls()");
            }
            if (with != null && !addresses.stream().allMatch(Address::isTls)) {
                throw new IllegalStateException(
                        "With tls() all addresses are https addresses; others need a server of their own");
            }
            final Duration set = options.connections().writeTimeout();
            final LeastRate rate =
                    new LeastRate(set.isZero() ? limits.writeTimeout() : set, limits.writeBytesPerSecond());
            final ServerContext context = new ServerContext(answering, limits, rate, with != null, serverName);
            final Engine given = engine;
            if (given != null) {
                return new HttpServer(given, false, context, listen(given, context, with));
            }
            final Engine own = Engine.builder().start();
            boolean started = false;
            try {
                final List<Server> servers = listen(own, context, with);
                servers.forEach(Server::closesEngine);
                started = true;
                return new HttpServer(own, true, context, servers);
            } finally {
                if (!started) {
                    own.close();
                }
            }
        }

        private List<Server> listen(Engine on, ServerContext context, @Nullable Tls with) throws IOException {
            // Whoever waits for room is to wait for as long as the peer takes what is pending as fast as it should.
            ServerOptions effective =
                    options.withConnections(options.connections().withWriteTimeout(Duration.ZERO));
            if (with != null) {
                effective = effective.withConnections(effective.connections().withTls(with.speaking(Http.PROTOCOL)));
            }
            if (inLoop) {
                final ConnectionHandler endpoint = new HttpLoopEndpoint(context);
                return on.listen(addresses, effective, endpoint);
            }
            final HttpBlockingEndpoint endpoint = new HttpBlockingEndpoint(context);
            final List<Server> listening = new ArrayList<>();
            boolean all = false;
            try {
                for (Address address : addresses) {
                    listening.add(on.serve(address, effective, endpoint));
                }
                all = true;
                return List.copyOf(listening);
            } finally {
                if (!all) {
                    listening.forEach(Server::close);
                }
            }
        }
    }
}
