// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.Address;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import io.hawser.connection.ServerOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Accepts sessions. Any thread.
 *
 * <pre>{@code
 * var server = SessionServer.builder("tcp://0.0.0.0:7002", Codecs.lengthField(4).strings())
 *         .listener((session, message) -> session.send(message))
 *         .start();
 * }</pre>
 *
 * @param <M> the type of messages
 */
public final class SessionServer<M> implements AutoCloseable {
    private final Engine engine;
    private final boolean ownsEngine;
    private final SessionEndpoint<M> endpoint;
    private final List<Server> servers;
    private final AtomicBoolean retired = new AtomicBoolean();

    private SessionServer(Engine engine, boolean ownsEngine, SessionEndpoint<M> endpoint, List<Server> servers) {
        this.engine = engine;
        this.ownsEngine = ownsEngine;
        this.endpoint = endpoint;
        this.servers = servers;
    }

    /**
     * A server to be set up and started.
     *
     * @param address such as {@code tcp://0.0.0.0:7002} or {@code unix:///tmp/hawser.sock}; port 0 lets the system pick one, which
     *     {@link #address()} tells
     * @param codec what a message is
     * @throws IllegalArgumentException if {@code address} is none
     */
    public static <M> Builder<M> builder(String address, Codec<M> codec) {
        return new Builder<>(address, codec);
    }

    /** The address that is really bound, with the port that the system picked; the first of several. */
    public Address address() {
        return servers.getFirst().address();
    }

    /** All its addresses. */
    public List<Address> addresses() {
        return servers.stream().map(Server::address).toList();
    }

    /** The sessions that are open, as a view that changes with them. */
    public Collection<Session<M>> sessions() {
        return Collections.unmodifiableCollection(endpoint.sessions());
    }

    /** The engine that runs it. */
    public Engine engine() {
        return engine;
    }

    /** Waits until it is closed. */
    public void join() {
        servers.forEach(Server::join);
    }

    /**
     * Stops listening. With an engine of its own sessions are drained, too: what has come is answered, for
     * {@link Engine#DEFAULT_CLOSE_TIME} at most. Sessions on an engine that was given live on.
     */
    public CompletableFuture<Void> closeAsync() {
        final CompletableFuture<Void> below = ownsEngine
                ? engine.closeAsync(Engine.DEFAULT_CLOSE_TIME)
                : CompletableFuture.allOf(
                        servers.stream().map(Server::closeAsync).toArray(CompletableFuture[]::new));
        return below.thenCompose(_ -> {
            final CompletableFuture<Void> over = retire();
            return ownsEngine ? over : CompletableFuture.completedFuture(null);
        });
    }

    private CompletableFuture<Void> retire() {
        return retired.compareAndSet(false, true) ? endpoint.retire() : endpoint.ended();
    }

    /** As {@link #closeAsync()}, and waits. Not to be called on a loop. */
    @Override
    public void close() {
        if (ownsEngine) {
            engine.close();
        } else {
            servers.forEach(Server::close);
        }
        final CompletableFuture<Void> over = retire();
        if (ownsEngine) {
            over.join();
        }
    }

    /**
     * Sets up a server. Not thread-safe.
     *
     * @param <M> the type of messages
     */
    public static final class Builder<M> {
        private final List<Address> addresses = new ArrayList<>();
        private final Codec<M> codec;
        private EventListener<M> listener = (_, _) -> {
            throw new IllegalStateException("The server has no listener");
        };
        private Tasks tasks = Tasks.inline();
        private @Nullable TaskPool pool;
        private @Nullable Correlation<M> correlation;
        private @Nullable Heartbeat<M> heartbeat;
        private int maxPendingCalls = SessionOptions.DEFAULT_PENDING_CALLS;
        private @Nullable Engine engine;
        private ServerOptions options = ServerOptions.DEFAULT;
        private int maxMessageBytes;
        private Duration cron = Duration.ZERO;
        private Duration idleTimeout = Duration.ZERO;

        private Builder(String address, Codec<M> codec) {
            addresses.add(Address.parse(address));
            this.codec = codec;
        }

        /** Listens on one more address. */
        public Builder<M> address(String another) {
            addresses.add(Address.parse(another));
            return this;
        }

        /** Who is told of messages. */
        public Builder<M> listener(EventListener<M> value) {
            listener = value;
            return this;
        }

        /** Where the listener runs, in a pool of the server's own, which ends with its last session; default {@link Tasks#inline()}. */
        public Builder<M> tasks(Tasks recipe) {
            tasks = recipe;
            pool = null;
            return this;
        }

        /** Where the listener runs: in a pool that others may use too, and that whoever started it closes after this server. */
        public Builder<M> tasks(TaskPool shared) {
            pool = shared;
            return this;
        }

        /** Which messages are responses to {@link Session#call}; default none. */
        public Builder<M> correlation(Correlation<M> value) {
            correlation = value;
            return this;
        }

        /**
         * How many calls of a session may wait for their responses at once; more fail with {@link SendFailedException.Reason#BLOCKED}. Default 65,536.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder<M> maxPendingCalls(int count) {
            maxPendingCalls = SessionOptions.requirePendingCalls(count);
            return this;
        }

        /** How sessions whose peer is gone without a word are found; default not at all. */
        public Builder<M> heartbeat(Heartbeat<M> value) {
            heartbeat = value;
            return this;
        }

        /** The engine to run on; by default one of its own, which ends with the server. */
        public Builder<M> engine(Engine value) {
            engine = value;
            return this;
        }

        /** How it accepts, and how its connections behave. */
        public Builder<M> options(ServerOptions value) {
            options = value;
            return this;
        }

        /**
         * The most bytes of a message, in either direction, all that frames it included; default
         * {@link io.hawser.connection.Limits#messageBytes()}. A longer one is refused as soon as its header says so.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder<M> maxMessageBytes(int bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("A message must be allowed 1 byte at least: " + bytes);
            }
            maxMessageBytes = bytes;
            return this;
        }

        /** The period of {@link EventListener#onCron} with which sessions begin; default none. */
        public Builder<M> cron(Duration period) {
            cron = period;
            return this;
        }

        /** The {@link Session#idleTimeout} with which sessions begin; default none. */
        public Builder<M> idleTimeout(Duration timeout) {
            idleTimeout = timeout;
            return this;
        }

        /**
         * Starts to listen.
         *
         * @throws java.net.BindException if an address is taken, not of this machine, or forbidden; the server listens on none then
         * @throws IOException if no transport works
         * @throws IllegalArgumentException if the options do not fit each other
         */
        public SessionServer<M> start() throws IOException {
            final Engine given = engine;
            final Engine home = given == null ? Engine.builder().start() : given;
            boolean started = false;
            try {
                final SessionOptions begin = SessionOptions.of(home, maxMessageBytes, cron, idleTimeout, maxPendingCalls);
                SessionEndpoint.requireFit(
                        codec, correlation, pool == null ? tasks.kind() == Tasks.Kind.INLINE : pool.isInline());
                final SessionEndpoint<M> endpoint = new SessionEndpoint<>(
                        codec, listener, pool == null ? tasks.start() : pool, pool == null, correlation, heartbeat, begin);
                final List<Server> servers = listen(home, endpoint);
                if (given == null) {
                    servers.forEach(Server::closesEngine);
                }
                started = true;
                return new SessionServer<>(home, given == null, endpoint, servers);
            } finally {
                if (!started && given == null) {
                    home.close();
                }
            }
        }

        private List<Server> listen(Engine home, SessionEndpoint<M> endpoint) throws IOException {
            boolean listening = false;
            try {
                final List<Server> servers = home.listen(addresses, options, endpoint);
                listening = true;
                return servers;
            } finally {
                if (!listening) {
                    final var unused = endpoint.retire();
                }
            }
        }
    }
}
