// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static java.util.stream.Collectors.joining;

import io.hawser.connection.Address;
import io.hawser.connection.DatagramServer;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import io.hawser.connection.ServerOptions;
import io.hawser.transport.DatagramOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
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
    private final DatagramSessions<M> datagrams;
    private final List<Server> servers;
    private final AtomicBoolean retired = new AtomicBoolean();
    private final List<DatagramServer> sockets;
    private final List<Address> addresses;

    private SessionServer(Builder<M> builder, Engine engine, SessionEndpoint<M> endpoint, DatagramSessions<M> datagrams)
            throws IOException {
        this.engine = engine;
        this.ownsEngine = builder.engine == null;
        this.endpoint = endpoint;
        this.datagrams = datagrams;
        final List<Server> listening = new ArrayList<>();
        final List<DatagramServer> bound = new ArrayList<>();
        final List<Address> real = new ArrayList<>();
        boolean all = false;
        try {
            for (Address address : builder.addresses) {
                if (address.isUdp()) {
                    bound.add(engine.bind(address, builder.datagramOptions, datagrams));
                    real.add(bound.getLast().address());
                } else {
                    listening.add(engine.listen(address, builder.options, endpoint));
                    real.add(listening.getLast().address());
                }
            }
            all = true;
        } finally {
            if (!all) {
                listening.forEach(Server::close);
                bound.forEach(DatagramServer::close);
            }
        }
        this.servers = List.copyOf(listening);
        this.sockets = List.copyOf(bound);
        this.addresses = List.copyOf(real);
        if (ownsEngine) {
            servers.forEach(Server::closesEngine);
            sockets.forEach(DatagramServer::closesEngine);
        }
        endpoint.show(
                engine,
                "session server",
                addresses.stream().map(Address::toString).collect(joining(", ")));
    }

    /**
     * A server to be set up and started.
     *
     * <p>Over {@code udp://…} each peer address is a session, made by its first datagram. A datagram holds one message or several; one that does not
     * decode is counted, told to {@link EventListener#onError} and dropped, and closes nothing. Peers of which nothing comes for the
     * {@link Builder#idleTimeout}, by default a minute, are forgotten.
     *
     * @param address such as {@code tcp://0.0.0.0:7002}, {@code udp://0.0.0.0:7002} or {@code unix:///tmp/hawser.sock}; port 0 lets the system
     *     pick one, which {@link #address()} tells
     * @param codec what a message is
     * @throws IllegalArgumentException if {@code address} is none
     */
    public static <M> Builder<M> builder(String address, Codec<M> codec) {
        return new Builder<>(address, codec, DatagramMode.PEER);
    }

    /**
     * A server over UDP with one session for each socket, whose messages carry the address of their peer. What the listener throws is told to
     * {@link EventListener#onError}, and closes nothing.
     *
     * @param address such as {@code udp://0.0.0.0:7002}
     * @throws IllegalArgumentException if {@code address} is none for datagrams
     */
    public static <M> Builder<Addressed<M>> datagrams(String address, Codec<M> codec) {
        final var builder = new Builder<>(address, new AddressedCodec<>(codec), DatagramMode.SOCKET);
        builder.requireUdp();
        return builder;
    }

    /** The address that is really bound, with the port that the system picked; the first of several. */
    public Address address() {
        return addresses.getFirst();
    }

    /** All its addresses. */
    public List<Address> addresses() {
        return addresses;
    }

    /** The sessions that are open, as a view that changes with them. */
    public Collection<Session<M>> sessions() {
        return Collections.unmodifiableCollection(endpoint.sessions());
    }

    /**
     * Sends one message to many sessions. It is encoded once, and their connections send the same memory; only where the codec keeps an order of each
     * session (compressed streams), and over UDP, it is encoded for each. Any thread.
     *
     * @param to which sessions; asked on this thread
     * @return how many it was queued for: sessions that are closed, or to which too much is pending, are left out
     * @throws SendFailedException if the message cannot be encoded, or is too long
     */
    public int broadcast(M message, Predicate<? super Session<M>> to) {
        return endpoint.broadcast(message, to, engine.pool());
    }

    /** As {@link #broadcast(Object, Predicate)}, to all. */
    public int broadcast(M message) {
        return broadcast(message, _ -> true);
    }

    /** Datagrams that were dropped since their peer was unknown and there were as many as {@link Builder#maxPeers} allows. */
    public long refusedPeers() {
        return datagrams.refusedPeers().sum();
    }

    /** Datagrams that were dropped since they did not decode. */
    public long undecodedDatagrams() {
        return datagrams.dropped().sum();
    }

    /** The engine that runs it. */
    public Engine engine() {
        return engine;
    }

    /** Waits until it is closed. */
    public void join() {
        servers.forEach(Server::join);
        sockets.forEach(DatagramServer::join);
    }

    /**
     * Stops listening. With an engine of its own sessions are drained, too: what has come is answered, for
     * {@link Engine#DEFAULT_CLOSE_TIME} at most. Sessions on an engine that was given live on, but for those over UDP, which end with their
     * socket; {@link #closeAsync(Duration)} drains them, too.
     */
    public CompletableFuture<Void> closeAsync() {
        return ownsEngine
                ? closeAsync(Engine.DEFAULT_CLOSE_TIME)
                : stop(Server::closeAsync).thenAccept(_ -> {
                    final CompletableFuture<Void> unused = retire();
                });
    }

    /**
     * Stops listening and drains the sessions, as {@link Server#closeAsync(Duration)} does the connections. Other sessions of the engine notice
     * nothing, and it lives on if it was given. Any thread.
     *
     * @param grace how long what has come may take to be answered, before sessions that are left are reset
     * @return completes when the last session is over
     */
    public CompletableFuture<Void> closeAsync(Duration grace) {
        return (ownsEngine ? engine.closeAsync(grace) : stop(server -> server.closeAsync(grace)))
                .thenCompose(_ -> retire());
    }

    private CompletableFuture<Void> stop(Function<Server, CompletableFuture<Void>> how) {
        return CompletableFuture.allOf(
                Stream.concat(servers.stream().map(how), sockets.stream().map(DatagramServer::closeAsync))
                        .toArray(CompletableFuture[]::new));
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
            sockets.forEach(DatagramServer::close);
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
        private static final Duration PEER_IDLE_TIMEOUT = Duration.ofMinutes(1);

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

        private final DatagramMode datagramMode;
        private DatagramOptions datagramOptions = DatagramOptions.DEFAULT;
        private int maxPeers = 10_000;

        private Builder(String address, Codec<M> codec, DatagramMode datagramMode) {
            addresses.add(Address.parse(address));
            this.codec = codec;
            this.datagramMode = datagramMode;
        }

        private void requireUdp() {
            for (Address address : addresses) {
                if (!address.isUdp()) {
                    throw new IllegalArgumentException(address + " is not for datagrams, as udp://127.0.0.1:7000 is");
                }
            }
        }

        /** Listens on one more address. */
        public Builder<M> address(String another) {
            addresses.add(Address.parse(another));
            if (datagramMode == DatagramMode.SOCKET) {
                requireUdp();
            }
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

        /** How UDP sockets behave. */
        public Builder<M> datagramOptions(DatagramOptions value) {
            datagramOptions = value;
            return this;
        }

        /**
         * How many peers a UDP socket may have as sessions at once; datagrams of others are dropped, and {@link SessionServer#refusedPeers} counts them.
         * Default 10,000.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder<M> maxPeers(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("There must be room for 1 peer at least: " + count);
            }
            maxPeers = count;
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
                final SessionOptions begin =
                        SessionOptions.of(home, maxMessageBytes, cron, idleTimeout, maxPendingCalls);
                if (addresses.stream().anyMatch(Address::isUdp)) {
                    DatagramSessions.requireFit(codec, correlation);
                }
                SessionEndpoint.requireFit(
                        codec, correlation, pool == null ? tasks.kind() == Tasks.Kind.INLINE : pool.isInline());
                final SessionEndpoint<M> endpoint = new SessionEndpoint<>(
                        codec,
                        listener,
                        pool == null ? tasks.start() : pool,
                        pool == null,
                        correlation,
                        heartbeat,
                        begin);
                final SessionServer<M> server = listen(home, endpoint);
                started = true;
                return server;
            } finally {
                if (!started && given == null) {
                    home.close();
                }
            }
        }

        private SessionServer<M> listen(Engine home, SessionEndpoint<M> endpoint) throws IOException {
            final boolean forPeers = datagramMode == DatagramMode.PEER;
            final Duration idle = forPeers && idleTimeout.isZero() ? PEER_IDLE_TIMEOUT : idleTimeout;
            boolean listening = false;
            try {
                final SessionServer<M> server = new SessionServer<>(
                        this, home, endpoint, new DatagramSessions<>(endpoint, datagramMode, maxPeers, idle));
                listening = true;
                return server;
            } finally {
                if (!listening) {
                    final var unused = endpoint.retire();
                }
            }
        }
    }
}
