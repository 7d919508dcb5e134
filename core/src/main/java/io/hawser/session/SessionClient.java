// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static java.util.stream.Collectors.joining;

import io.hawser.connection.Address;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.log.Log;
import io.hawser.loop.EventLoop;
import io.hawser.transport.DatagramOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a number of sessions open, and picks one for each message. Any thread.
 *
 * <pre>{@code
 * try (var client = SessionClient.builder("tcp://10.0.0.7:7002", Codecs.lengthField(4).strings())
 *         .listener((session, message) -> System.out.println(message))
 *         .sessions(4)
 *         .start()) {
 *     client.awaitConnected(Duration.ofSeconds(5));
 *     client.send("hello");
 * }
 * }</pre>
 *
 * <p><b>Reconnecting</b> is done by the session that ends, as its last step: at once, and if that fails after pauses that {@link Reconnect}
 * determines. While all sessions are open there is neither a timer nor a thread for it. A try goes through all addresses; each session begins with
 * another one, so that they are spread. Sessions that live are not moved.
 *
 * @param <M> the type of messages
 */
public final class SessionClient<M> implements AutoCloseable {
    private final Engine engine;
    private final boolean ownsEngine;
    private final ConnectionOptions options;
    private final DatagramOptions datagramOptions;
    private final SessionBalancer<M> balancer;
    private final ClientListener listener;
    /** The one that manages the slots. */
    private final EventLoop loop;

    private final List<ClientSlot<M>> slots;
    private final Runnable closeAction = this::closeWithEngine;
    private final AtomicBoolean closing = new AtomicBoolean();
    /** Sessions of which somebody may still be told. */
    private final AtomicInteger lives = new AtomicInteger();

    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private final SessionEndpoint<M> endpoint;
    /** In the order of the slots. */
    private volatile List<Session<M>> open = List.of();

    private volatile ClientState state = ClientState.DISCONNECTED;
    private volatile boolean slotsClosed;
    /** The loop's. */
    private final List<Waiter> waiters = new ArrayList<>();

    private record Waiter(int sessions, CompletableFuture<Boolean> result) {}

    private SessionClient(Engine engine, Builder<M> builder, SessionEndpoint<M> endpoint) {
        this.engine = engine;
        this.endpoint = endpoint;
        final var unused = over.thenCompose(_ -> endpoint.retire());
        this.ownsEngine = builder.engine == null;
        this.options = builder.options;
        this.datagramOptions = builder.datagramOptions;
        this.balancer = builder.balancer;
        this.listener = builder.clientListener;
        this.loop = engine.loops().getFirst();
        final Long seed = builder.seed;
        final var random = new SplittableRandom(
                seed != null ? seed : ThreadLocalRandom.current().nextLong());
        final Backoff backoff = new Backoff(builder.reconnect, random);
        final List<ClientSlot<M>> made = new ArrayList<>(builder.sessions);
        for (int i = 0; i < builder.sessions; i++) {
            made.add(new ClientSlot<>(this, i, endpoint, List.copyOf(builder.addresses), builder.reconnect, backoff));
        }
        this.slots = List.copyOf(made);
        endpoint.show(
                engine,
                "session client",
                builder.addresses.stream().map(Address::toString).collect(joining(", ")));
    }

    /**
     * A client to be set up and started.
     *
     * <p>Over {@code udp://…} a session is a connected socket, which is open at once, whether anybody is there or not; what the network reports is told
     * to {@link EventListener#onError}.
     *
     * @param address such as {@code tcp://10.0.0.7:7002}, {@code udp://10.0.0.7:7002} or {@code unix:///tmp/hawser.sock}
     * @param codec what a message is
     * @throws IllegalArgumentException if {@code address} is none that can be dialled
     */
    public static <M> Builder<M> builder(String address, Codec<M> codec) {
        return new Builder<M>(codec).address(address);
    }

    private void start() {
        if (!engine.addCloseAction(closeAction)) {
            closeWithEngine();
        }
        onLoop(() -> slots.forEach(ClientSlot::connect));
    }

    // ---- sending

    /**
     * An open session, picked by the {@link SessionBalancer}.
     *
     * @throws SendFailedException with {@link SendFailedException.Reason#NOT_CONNECTED} if none is open
     */
    public Session<M> session() {
        final List<Session<M>> candidates = open;
        if (candidates.isEmpty()) {
            throw new SendFailedException(SendFailedException.Reason.NOT_CONNECTED, whyNot(), lastError());
        }
        return candidates.size() == 1 ? candidates.getFirst() : balancer.pick(candidates);
    }

    private String whyNot() {
        return state == ClientState.CLOSED
                ? "The client is closed"
                : "No session is open: " + slots.stream().map(ClientSlot::state).toList();
    }

    private @Nullable Throwable lastError() {
        return slots.stream()
                .flatMap(slot -> slot.state().lastError().stream())
                .findFirst()
                .orElse(null);
    }

    /** The sessions that are open, as they are now. */
    public List<Session<M>> sessions() {
        return open;
    }

    /**
     * As {@link Session#send(Object)} on {@link #session()}. It is not tried again on another session.
     *
     * @throws SendFailedException as both
     */
    public long send(M message) {
        return session().send(message);
    }

    /**
     * As {@link Session#call} on {@link #session()}; while no session is open, it waits for one. It is not tried again on another session. Not to be
     * called on a loop.
     *
     * @param timeout positive; of both waits together
     * @throws CallFailedException as {@link Session#call}
     * @throws SendFailedException as both
     */
    public M call(M request, Duration timeout) {
        if (!open.isEmpty()) {
            return session().call(request, timeout);
        }
        final long startNs = loop.clockNs();
        awaitConnected(timeout);
        final Session<M> session = session();
        final Duration left = timeout.minusNanos(loop.clockNs() - startNs);
        if (!left.isPositive()) {
            throw new CallFailedException(
                    CallFailedException.Reason.TIMED_OUT,
                    "A session opened too late for a call within " + timeout,
                    null);
        }
        return session.call(request, left);
    }

    /** As {@link #call}, without waiting: fails at once if no session is open. What {@link #call} throws is what the result fails with. */
    public CompletableFuture<M> callAsync(M request, Duration timeout) {
        try {
            return session().callAsync(request, timeout);
        } catch (SendFailedException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    // ---- what there is to know

    /** What all sessions together are at. */
    public ClientState state() {
        return state;
    }

    /** What each session is at. */
    public List<SlotState> slots() {
        return slots.stream().map(ClientSlot::state).toList();
    }

    /** The engine that runs it. */
    public Engine engine() {
        return engine;
    }

    /**
     * Waits until a session is open. Not to be called on a loop.
     *
     * @return false if the time has passed, the client is closed or has given up, or the thread was interrupted, which stays so
     */
    public boolean awaitConnected(Duration timeout) {
        return awaitConnected(1, timeout);
    }

    /**
     * As {@link #awaitConnected(Duration)}, until {@code count} sessions are open at once.
     *
     * @throws IllegalArgumentException if it is not one to the number of sessions
     */
    public boolean awaitConnected(int count, Duration timeout) {
        if (count < 1 || count > slots.size()) {
            throw new IllegalArgumentException("There are 1 to " + slots.size() + " sessions: " + count);
        }
        final Waiter waiter = new Waiter(count, new CompletableFuture<>());
        if (!loop.executeAlways(() -> await(waiter))) {
            return false;
        }
        final boolean done = engine.awaitDone(waiter.result(), timeout);
        if (!done) {
            loop.executeAlways(() -> waiters.remove(waiter));
        }
        return done && waiter.result().join();
    }

    private void await(Waiter waiter) {
        waiters.add(waiter);
        completeWaiters();
    }

    private void completeWaiters() {
        for (final Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
            final Waiter waiter = each.next();
            final boolean connected = open.size() >= waiter.sessions();
            if (connected || state == ClientState.CLOSED) {
                each.remove();
                waiter.result().complete(connected);
            }
        }
    }

    // ---- for slots

    EventLoop loop() {
        return loop;
    }

    /** Runs {@code action} on the client's loop, at once if this is it. A loop that has ended has closed everything before. */
    void onLoop(Runnable action) {
        if (loop.inLoop()) {
            action.run();
        } else {
            loop.executeAlways(action);
        }
    }

    CompletableFuture<?> dial(Address address, SessionEndpoint<M> endpoint) {
        if (address.isUdp()) {
            return engine.connectDatagram(
                    address,
                    datagramOptions,
                    new DatagramSessions<>(endpoint, DatagramMode.CONNECTED, 1, endpoint.idleTimeout()));
        }
        return engine.dial(address, options, endpoint);
    }

    /** A slot is at another phase. The loop's thread. */
    void changed(ClientSlot<M> slot) {
        final List<Session<M>> now = new ArrayList<>(slots.size());
        boolean over = true;
        for (ClientSlot<M> each : slots) {
            final Session<M> session = each.session();
            if (session != null) {
                now.add(session);
            }
            over &= each.phase() == SlotState.Phase.CLOSED;
        }
        open = List.copyOf(now);
        final ClientState before = state;
        final ClientState next;
        if (over) {
            next = ClientState.CLOSED;
        } else if (now.isEmpty()) {
            next = ClientState.DISCONNECTED;
        } else {
            next = now.size() == slots.size() ? ClientState.CONNECTED : ClientState.PARTIAL;
        }
        state = next;
        tell(() -> listener.onSlot(slot.state()));
        if (next != before) {
            tell(() -> listener.onState(next));
        }
        completeWaiters();
    }

    private static void tell(Runnable callback) {
        try {
            callback.run();
        } catch (Throwable t) {
            Log.log(System.Logger.Level.WARNING, "The listener of a client failed", t);
        }
    }

    /** A session is about to be made; whether it may be. Any thread. */
    boolean begins() {
        // Counted first, then looked at: a close that comes in between waits for it.
        lives.incrementAndGet();
        if (!closing.get()) {
            return true;
        }
        sessionOver();
        return false;
    }

    /** Any thread. */
    void sessionOver() {
        if (lives.decrementAndGet() == 0 && slotsClosed) {
            over.complete(null);
        }
    }

    // ---- the end

    private void closeWithEngine() {
        if (closing.compareAndSet(false, true)) {
            engine.removeCloseAction(closeAction);
            if (!loop.executeAlways(this::closeSlots)) {
                over.complete(null);
            }
        }
    }

    private void closeSlots() {
        slots.forEach(ClientSlot::close);
        slotsClosed = true;
        if (lives.get() == 0) {
            over.complete(null);
        }
    }

    /**
     * Closes all sessions, each with what is pending, and connects no more: neither a dial nor a pause between two tries goes on.
     *
     * @return completes when all listeners have been told; with an engine of its own, when that is closed, too
     */
    public CompletableFuture<Void> closeAsync() {
        closeWithEngine();
        final CompletableFuture<Void> below = ownsEngine ? engine.closeAsync(Engine.DEFAULT_CLOSE_TIME) : over;
        return below.thenCompose(_ -> endpoint.ended());
    }

    /** As {@link #closeAsync()}, and waits. Not to be called on a loop. */
    @Override
    public void close() {
        if (EventLoop.isLoopThread()) {
            throw new IllegalStateException(
                    "close() waits for the sessions, so it is not to be called on a loop; use closeAsync()");
        }
        engine.await(closeAsync());
    }

    @Override
    public String toString() {
        return "client, " + open.size() + " of " + slots.size() + " sessions open";
    }

    /**
     * Sets up a client. Not thread-safe.
     *
     * @param <M> the type of messages
     */
    public static final class Builder<M> {
        private static final int MOST_SESSIONS = 10_000;

        private final List<Address> addresses = new ArrayList<>();
        private final Codec<M> codec;
        private EventListener<M> listener = (_, _) -> {
            throw new IllegalStateException("The client has no listener");
        };
        private Tasks tasks = Tasks.inline();
        private @Nullable TaskPool pool;
        private @Nullable Correlation<M> correlation;
        private @Nullable Heartbeat<M> heartbeat;
        private int maxPendingCalls = SessionOptions.DEFAULT_PENDING_CALLS;
        private @Nullable Engine engine;
        private ConnectionOptions options = ConnectionOptions.DEFAULT;
        private DatagramOptions datagramOptions = DatagramOptions.DEFAULT;
        private Reconnect reconnect = Reconnect.DEFAULT;
        private SessionBalancer<M> balancer = SessionBalancer.roundRobin();
        private ClientListener clientListener = ClientListener.NONE;
        private @Nullable Long seed;
        private int sessions = 1;
        private int maxMessageBytes;
        private Duration cron = Duration.ZERO;
        private Duration idleTimeout = Duration.ZERO;

        private Builder(Codec<M> codec) {
            this.codec = codec;
        }

        /**
         * One more address of the same service.
         *
         * @throws IllegalArgumentException if {@code another} is none that can be dialled
         */
        public Builder<M> address(String another) {
            final Address address = Address.parse(another);
            if (!address.isUnix() && (address.port() == 0 || address.host().isEmpty())) {
                throw new IllegalArgumentException("To connect takes a host and a port: " + another);
            }
            addresses.add(address);
            return this;
        }

        /** Who is told of messages. */
        public Builder<M> listener(EventListener<M> value) {
            listener = value;
            return this;
        }

        /** Who is told how sessions come and go; default nobody. */
        public Builder<M> clientListener(ClientListener value) {
            clientListener = value;
            return this;
        }

        /**
         * How many sessions to keep open; default 1.
         *
         * @throws IllegalArgumentException if it is not 1 to 10,000
         */
        public Builder<M> sessions(int count) {
            if (count < 1 || count > MOST_SESSIONS) {
                throw new IllegalArgumentException("There may be 1 to " + MOST_SESSIONS + " sessions: " + count);
            }
            sessions = count;
            return this;
        }

        /** Which session a message takes; default {@link SessionBalancer#roundRobin()}. */
        public Builder<M> balancer(SessionBalancer<M> value) {
            balancer = value;
            return this;
        }

        /** When to try again; default {@link Reconnect#DEFAULT}. */
        public Builder<M> reconnect(Reconnect value) {
            reconnect = value;
            return this;
        }

        /** Determines the jitter of the pauses between tries; default by chance, so that many clients do not come at once. */
        public Builder<M> seed(long value) {
            seed = value;
            return this;
        }

        /** Where the listener runs, in a pool of the client's own, which ends with its last session; default {@link Tasks#inline()}. */
        public Builder<M> tasks(Tasks recipe) {
            tasks = recipe;
            pool = null;
            return this;
        }

        /** Where the listener runs: in a pool that others may use too, and that whoever started it closes after this client. */
        public Builder<M> tasks(TaskPool shared) {
            pool = shared;
            return this;
        }

        /** Which messages are responses to {@link SessionClient#call}; default none. */
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

        /** The engine to run on; by default one of its own, which ends with the client. */
        public Builder<M> engine(Engine value) {
            engine = value;
            return this;
        }

        /** How UDP sockets behave. */
        public Builder<M> datagramOptions(DatagramOptions value) {
            datagramOptions = value;
            return this;
        }

        /** How connections behave. */
        public Builder<M> options(ConnectionOptions value) {
            options = value;
            return this;
        }

        /**
         * As {@link SessionServer.Builder#maxMessageBytes}.
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
         * Starts to connect, and does not wait for it: that nobody listens yet, or that a name is not known yet, is no failure.
         *
         * @throws IOException if the engine cannot be started, since no transport works
         * @throws IllegalArgumentException if the options do not fit each other
         */
        public SessionClient<M> start() throws IOException {
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
                final SessionClient<M> client = new SessionClient<>(home, this, endpoint);
                client.start();
                started = true;
                return client;
            } finally {
                if (!started && given == null) {
                    home.close();
                }
            }
        }
    }
}
