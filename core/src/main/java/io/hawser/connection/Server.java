// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import io.hawser.transport.PassedSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A listening address. Any thread.
 *
 * <p>{@link #close()} stops the listening; connections that it has accepted live on until they or their engine are closed.
 * {@link #closeAsync(Duration)} closes them, too.
 */
public final class Server implements AutoCloseable {
    private final Engine engine;
    private final List<Acceptor> acceptors = new ArrayList<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final Address asked;
    private final Address address;
    private final Passing passing = new ServerPassing();
    private final ServerConnections connections;
    private final @Nullable UnixPath unixPath;
    /** Whether the file of a unix socket is removed in the end: not while another process serves there. */
    private volatile boolean removesPath;

    private volatile boolean closesEngine;

    private Server(
            Engine engine,
            Address asked,
            SocketAddress local,
            List<Acceptor> acceptors,
            ServerConnections connections,
            boolean removesPath) {
        this.engine = engine;
        this.connections = connections;
        this.asked = asked;
        this.address = local instanceof InetSocketAddress inet
                ? new Address(asked.scheme(), inet.getAddress().getHostAddress(), inet.getPort(), "")
                : asked;
        this.acceptors.addAll(acceptors);
        this.unixPath = asked.isUnix() ? UnixPath.bound(Path.of(asked.path())) : null;
        this.removesPath = removesPath;
    }

    static Server listen(
            Engine engine,
            Address address,
            ServerOptions options,
            ConnectionHandler handler,
            List<LoopConnections> acceptorLoops,
            List<LoopConnections> targets)
            throws IOException {
        final ServerConnections connections = new ServerConnections();
        final Endpoint endpoint = new Endpoint(engine, handler, options.connections()).of(connections);
        SocketAddress local = address.resolve().getFirst();
        if (address.isUnix()) {
            UnixPath.removeStale(Path.of(address.path()));
        }
        final boolean each = options.reusePort() && !address.isUnix();
        final var socketOptions = options.connections()
                .socket()
                .withReusePort(each || options.connections().socket().reusePort())
                .withV6Only(address.isV6Only() || options.connections().socket().v6Only());
        final List<Acceptor> acceptors = new ArrayList<>();
        try {
            final List<LoopConnections> homes = each ? targets : acceptorLoops.subList(0, 1);
            final int acceptsPerSecond = Math.max(1, engine.limits().acceptsPerSecond() / homes.size());
            for (LoopConnections home : homes) {
                final Acceptor acceptor = new Acceptor(
                        endpoint,
                        home,
                        each ? List.of(home) : targets,
                        options.balancer().get(),
                        acceptsPerSecond);
                final SocketAddress wanted = local;
                // With port 0 the first loop finds out the port that the others bind, too.
                local = onLoop(engine, home.loop(), () -> acceptor.listen(wanted, socketOptions));
                acceptors.add(acceptor);
            }
            final Server server = new Server(engine, address, local, acceptors, connections, true);
            for (Acceptor acceptor : acceptors) {
                onLoop(engine, acceptor.home().loop(), () -> {
                    acceptor.start();
                    return acceptor;
                });
            }
            return server;
        } catch (IOException e) {
            for (Acceptor acceptor : acceptors) {
                acceptor.home().loop().executeAlways(acceptor::close);
            }
            throw e;
        }
    }

    /**
     * One that uses sockets of another process, which are this one's now; it accepts from {@link Passing#start()} on.
     *
     * <p>With SO_REUSEPORT the kernel spreads connections over the sockets, so all must be accepted from, however many loops there are.
     */
    static Server adopt(
            Engine engine,
            Address address,
            ServerOptions options,
            ConnectionHandler handler,
            List<LoopConnections> acceptorLoops,
            List<LoopConnections> targets,
            List<PassedSocket> sockets)
            throws IOException {
        final ServerConnections connections = new ServerConnections();
        final Endpoint endpoint = new Endpoint(engine, handler, options.connections()).of(connections);
        // Where there are fewer sockets than loops, some loops would get no connections if each kept its own.
        final boolean each = options.reusePort() && sockets.size() >= targets.size();
        final List<LoopConnections> homes = each ? targets : acceptorLoops;
        final int acceptsPerSecond = Math.max(1, engine.limits().acceptsPerSecond() / sockets.size());
        final List<Acceptor> acceptors = new ArrayList<>();
        SocketAddress local = null;
        try {
            for (PassedSocket socket : sockets) {
                final LoopConnections home = homes.get(acceptors.size() % homes.size());
                final Acceptor acceptor = new Acceptor(
                        endpoint,
                        home,
                        each ? List.of(home) : targets,
                        options.balancer().get(),
                        acceptsPerSecond);
                local = onLoop(engine, home.loop(), () -> acceptor.adopt(socket));
                acceptors.add(acceptor);
            }
        } catch (IOException | RuntimeException e) {
            acceptors.forEach(acceptor -> acceptor.home().loop().executeAlways(acceptor::close));
            sockets.forEach(PassedSocket::close);
            throw e;
        }
        return new Server(engine, address, Objects.requireNonNull(local), acceptors, connections, false);
    }

    static <T> T onLoop(Engine engine, EventLoop loop, Callable<T> call) throws IOException {
        if (loop.inLoop()) {
            throw new IllegalStateException("This waits for the loop, so it is not to be called on one");
        }
        final CompletableFuture<T> result = new CompletableFuture<>();
        final boolean accepted = loop.executeAlways(() -> {
            try {
                result.complete(call.call());
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        });
        if (!accepted) {
            throw new IOException("The engine is closed");
        }
        try {
            return engine.await(result);
        } catch (CompletionException e) {
            switch (Objects.requireNonNullElse(e.getCause(), e)) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                default -> throw e;
            }
        }
    }

    /** How it goes from process to process. */
    Passing passing() {
        return passing;
    }

    /** The address that is really bound, with the port that the system picked. */
    public Address address() {
        return address;
    }

    /** The engine that runs it. */
    public Engine engine() {
        return engine;
    }

    /** Waits until it is closed. */
    public void join() {
        engine.await(closed);
    }

    /**
     * Makes the engine end with this server, for an engine that was started for it alone: closing the server closes the connections,
     * too.
     */
    public void closesEngine() {
        closesEngine = true;
    }

    /** Stops listening; completes when the address is free again. */
    public CompletableFuture<Void> closeAsync() {
        return closesEngine ? engine.closeAsync(Engine.DEFAULT_CLOSE_TIME) : stopListening();
    }

    /**
     * Stops listening and closes the connections that were accepted, as {@link Engine#closeAsync} does with all of an engine: what is pending is
     * sent, those that are busy close when they have finished, and what is left after {@code grace} is reset. Other connections of the engine notice
     * nothing. A handler may call it.
     *
     * @return completes when all is done
     */
    public CompletableFuture<Void> closeAsync(Duration grace) {
        return closesEngine
                ? engine.closeAsync(grace)
                : stopListening().thenCompose(_ -> engine.closeConnections(connections, grace));
    }

    CompletableFuture<Void> stopListening() {
        if (closing.compareAndSet(false, true)) {
            final CompletableFuture<?>[] all = acceptors.stream()
                    .map(acceptor -> {
                        final CompletableFuture<Void> one = new CompletableFuture<>();
                        final boolean accepted = acceptor.home().loop().executeAlways(() -> {
                            acceptor.close();
                            one.complete(null);
                        });
                        if (!accepted) {
                            one.complete(null);
                        }
                        return one;
                    })
                    .toArray(CompletableFuture[]::new);
            final var unused = CompletableFuture.allOf(all).whenComplete((_, _) -> {
                if (unixPath != null && removesPath) {
                    unixPath.remove();
                }
                engine.serverClosed(this);
                closed.complete(null);
            });
        }
        return closed;
    }

    /** Stops listening, and waits until that is done. Not to be called on a loop. */
    @Override
    public void close() {
        engine.requireNoLoop("close()");
        engine.await(closeAsync());
    }

    private final class ServerPassing implements Passing {
        @Override
        public Address asked() {
            return asked;
        }

        @Override
        public Address address() {
            return address;
        }

        @Override
        public List<PassedSocket> duplicate() throws IOException {
            final List<PassedSocket> duplicates = new ArrayList<>();
            try {
                for (Acceptor acceptor : acceptors) {
                    onLoop(engine, acceptor.home().loop(), acceptor::duplicate).ifPresent(duplicates::add);
                }
                return duplicates;
            } catch (IOException | RuntimeException e) {
                duplicates.forEach(PassedSocket::close);
                throw e;
            }
        }

        @Override
        public CompletableFuture<Void> hold() {
            return CompletableFuture.allOf(acceptors.stream()
                    .map(acceptor -> {
                        final CompletableFuture<Void> paused = new CompletableFuture<>();
                        if (!acceptor.home().loop().executeAlways(() -> acceptor.hold(() -> paused.complete(null)))) {
                            paused.complete(null);
                        }
                        return paused;
                    })
                    .toArray(CompletableFuture[]::new));
        }

        @Override
        public CompletableFuture<Void> start() {
            return CompletableFuture.allOf(acceptors.stream()
                    .map(acceptor -> Passing.onLoop(acceptor.home().loop(), acceptor::resume))
                    .toArray(CompletableFuture[]::new));
        }

        @Override
        public void keep() {
            removesPath = true;
        }

        @Override
        public CompletableFuture<Void> release() {
            removesPath = false;
            return stopListening();
        }
    }
}
