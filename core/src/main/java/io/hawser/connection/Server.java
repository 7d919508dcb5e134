// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
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
 * <p>Closing it stops the listening; connections that it has accepted live on until they or their engine are closed.
 */
public final class Server implements AutoCloseable {
    private final Engine engine;
    private final List<Acceptor> acceptors = new ArrayList<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final Address address;
    private final @Nullable UnixPath unixPath;
    private volatile boolean closesEngine;

    private Server(Engine engine, Address address, List<Acceptor> acceptors, @Nullable UnixPath unixPath) {
        this.engine = engine;
        this.address = address;
        this.acceptors.addAll(acceptors);
        this.unixPath = unixPath;
    }

    static Server listen(
            Engine engine,
            Address address,
            ServerOptions options,
            ConnectionHandler handler,
            List<LoopConnections> acceptorLoops,
            List<LoopConnections> targets)
            throws IOException {
        final Endpoint endpoint = new Endpoint(engine, handler, options.connections());
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
            final UnixPath unixPath = address.isUnix() ? UnixPath.bound(Path.of(address.path())) : null;
            final Address bound = local instanceof InetSocketAddress inet
                    ? new Address(address.scheme(), inet.getAddress().getHostAddress(), inet.getPort(), "")
                    : address;
            for (Acceptor acceptor : acceptors) {
                onLoop(engine, acceptor.home().loop(), () -> {
                    acceptor.start();
                    return acceptor;
                });
            }
            return new Server(engine, bound, acceptors, unixPath);
        } catch (IOException e) {
            for (Acceptor acceptor : acceptors) {
                acceptor.home().loop().executeAlways(acceptor::close);
            }
            throw e;
        }
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
                if (unixPath != null) {
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
}
