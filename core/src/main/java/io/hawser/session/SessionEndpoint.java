// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.connection.ServiceSnapshot;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What all sessions of a server or a client have in common, and how they hang on their connections. Any thread. */
final class SessionEndpoint<M> implements ConnectionHandler {
    private final Codec<M> codec;
    private final EventListener<M> listener;
    private final TaskPool tasks;
    /** The pool ends with the last session. */
    private final boolean ownsTasks;

    private final @Nullable Correlation<M> correlation;
    private final @Nullable Heartbeat<M> heartbeat;
    private final SessionOptions options;
    private final Set<Session<M>> sessions;
    private final @Nullable SessionOwner<M> owner;
    /** Sessions whose close has not been told yet, and one for the server or client. */
    private final AtomicLong live;

    private final CompletableFuture<Void> ended;

    SessionEndpoint(
            Codec<M> codec,
            EventListener<M> listener,
            TaskPool tasks,
            boolean ownsTasks,
            @Nullable Correlation<M> correlation,
            @Nullable Heartbeat<M> heartbeat,
            SessionOptions options) {
        this.codec = codec;
        this.listener = listener;
        this.tasks = tasks;
        this.ownsTasks = ownsTasks;
        this.correlation = correlation;
        this.heartbeat = heartbeat;
        this.options = options;
        this.sessions = ConcurrentHashMap.newKeySet();
        this.owner = null;
        this.live = new AtomicLong(1);
        this.ended = new CompletableFuture<>();
    }

    private SessionEndpoint(SessionEndpoint<M> other, SessionOwner<M> owner) {
        this.codec = other.codec;
        this.listener = other.listener;
        this.tasks = other.tasks;
        this.correlation = other.correlation;
        this.heartbeat = other.heartbeat;
        this.options = other.options;
        this.sessions = other.sessions;
        this.owner = owner;
        this.ownsTasks = other.ownsTasks;
        this.live = other.live;
        this.ended = other.ended;
    }

    /** The same endpoint, for sessions of which {@code who} is told, too. */
    SessionEndpoint<M> ownedBy(SessionOwner<M> who) {
        return new SessionEndpoint<>(this, who);
    }

    /** Who is to be told of its sessions. */
    @Nullable
    SessionOwner<M> owner() {
        return owner;
    }

    Codec<M> codec() {
        return codec;
    }

    EventListener<M> listener() {
        return listener;
    }

    TaskPool tasks() {
        return tasks;
    }

    @Nullable
    Correlation<M> correlation() {
        return correlation;
    }

    @Nullable
    Heartbeat<M> heartbeat() {
        return heartbeat;
    }

    /** What a codec is told of the session of {@code connection}. */
    CodecContext context(Connection connection) {
        return new CodecContext(maxMessageBytes(), connection.loop().blocks());
    }

    int maxMessageBytes() {
        return options.maxMessageBytes();
    }

    int maxPendingCalls() {
        return options.maxPendingCalls();
    }

    Duration cron() {
        return options.cron();
    }

    Duration idleTimeout() {
        return options.idleTimeout();
    }

    /** Makes a session, which is counted until it is over. */
    <S extends AbstractSession<M>> S make(Supplier<S> maker) {
        live.incrementAndGet();
        try {
            return maker.get();
        } catch (Throwable t) {
            if (owner != null) {
                owner.stillborn(t);
            }
            sessionOver();
            throw t;
        }
    }

    /** Refuses a codec whose messages would end before a pool's threads, or a call's caller, see them. */
    static void requireFit(Codec<?> codec, @Nullable Correlation<?> correlation, boolean inline) {
        if (codec.isTransient() && correlation != null) {
            throw new IllegalArgumentException(
                    "Messages of " + codec
                            + " end when the listener returns, so none can be the response that a call waits for; slices live longer");
        }
        if (codec.isTransient() && !inline) {
            throw new IllegalArgumentException(
                    "Messages of " + codec
                            + " end when the listener returns, so it has to run inline, not in a task pool; slices live longer");
        }
    }

    void sessionOver() {
        if (live.decrementAndGet() == 0) {
            final CompletableFuture<Void> pool =
                    ownsTasks ? tasks.closeAsync() : CompletableFuture.completedFuture(null);
            final var unused = pool.thenRun(() -> ended.complete(null));
        }
    }

    /** Completes when all is over. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    /** There will be no new sessions; completes when those that are left are over, and the pool with them. To be called once. */
    CompletableFuture<Void> retire() {
        sessionOver();
        return ended;
    }

    /** Has it seen in the engine's snapshots until it is over. */
    void show(Engine engine, String kind, String name) {
        final Supplier<ServiceSnapshot> service = () -> snapshot(kind, name);
        engine.addService(service);
        final var unused = ended.whenComplete((_, _) -> engine.removeService(service));
    }

    private ServiceSnapshot snapshot(String kind, String name) {
        final Map<String, Long> figures = new LinkedHashMap<>();
        figures.put("sessions", (long) sessions.size());
        if (!tasks.isInline()) {
            final TaskStats stats = tasks.stats();
            figures.put("tasksWaiting", stats.waiting());
            figures.put("tasksRunning", stats.running());
            figures.put("tasksCompleted", stats.completed());
            figures.put("tasksRejected", stats.rejected());
            figures.put("totalWaitNs", stats.totalWait().toNanos());
            figures.put("maxWaitNs", stats.maxWait().toNanos());
        }
        return new ServiceSnapshot(kind, name, figures);
    }

    /** Those that are open. */
    Set<Session<M>> sessions() {
        return sessions;
    }

    // ---- to many

    /** Sends {@code message} to all for whom {@code to} is true; how many that were. */
    int broadcast(M message, Predicate<? super Session<M>> to, BlockSource blocks) {
        final Codec<M> encoder = codec.forSession(new CodecContext(maxMessageBytes(), blocks));
        try (Buffer encoded = new Buffer(blocks)) {
            if (!encoder.isOrdered()) {
                encodeOnce(encoder, message, encoded);
            }
            int count = 0;
            for (Session<M> session : sessions) {
                if (to.test(session) && send(session, message, encoder.isOrdered() ? null : encoded)) {
                    count++;
                }
            }
            return count;
        } finally {
            encoder.close();
        }
    }

    private void encodeOnce(Codec<M> encoder, M message, Buffer encoded) {
        try {
            encoded.setBound(maxMessageBytes());
            encoder.encode(message, encoded);
        } catch (BufferFullException e) {
            throw new SendFailedException(
                    SendFailedException.Reason.TOO_LONG, "A message is longer than " + maxMessageBytes() + " bytes", e);
        } catch (PoolExhaustedException e) {
            throw new SendFailedException(SendFailedException.Reason.BLOCKED, "There is no buffer memory left", e);
        } catch (Exception e) {
            throw new SendFailedException(
                    SendFailedException.Reason.NOT_ENCODED, "A message could not be encoded: " + e, e);
        }
    }

    private static <M> boolean send(Session<M> session, M message, @Nullable Buffer encoded) {
        try {
            if (encoded != null && session instanceof StreamSession<M> stream) {
                stream.sendShared(encoded);
            } else {
                session.send(message);
            }
            return true;
        } catch (SendFailedException e) {
            return false;
        }
    }

    // ---- of connections

    /** A session, or an opening that may become one. */
    private static Object attached(Connection connection) {
        return connection.attachment(Object.class);
    }

    /** Makes the session of a connection. The loop's thread. */
    void open(Connection connection, Codec<M> sessionCodec) {
        final StreamSession<M> session;
        try {
            session = make(() -> new StreamSession<>(this, connection, sessionCodec));
        } finally {
            if (connection.attachment().orElse(null) instanceof Opening<?>) {
                sessionOver();
            }
        }
        connection.attach(session);
        session.opened();
        session.received();
    }

    /** No session comes of a connection that was counted as one. */
    void notOpened(Throwable error) {
        if (owner != null) {
            owner.stillborn(error);
        }
        sessionOver();
    }

    @Override
    public boolean prepare(Connection connection) {
        return owner == null || owner.begins();
    }

    @Override
    public void onOpen(Connection connection) {
        final Optional<Handshake<M>> handshake = codec.handshake(connection);
        if (handshake.isEmpty()) {
            open(connection, codec.forSession(context(connection)));
        } else {
            final Opening<M> opening = new Opening<>(this, connection, handshake.get());
            live.incrementAndGet();
            connection.attach(opening);
            if (owner != null) {
                owner.shakesHands(connection);
            }
            opening.begin();
        }
    }

    @Override
    public void onData(Connection connection) {
        switch (attached(connection)) {
            case StreamSession<?> session -> session.received();
            case Opening<?> opening -> opening.received();
            case Object other -> throw foreign(other);
        }
    }

    @Override
    public void onWritable(Connection connection) {
        if (attached(connection) instanceof StreamSession<?> session) {
            session.roomBelow();
        }
    }

    @Override
    public void onEnd(Connection connection) {
        switch (attached(connection)) {
            case StreamSession<?> session -> session.inputEnded();
            case Opening<?> opening -> opening.inputEnded();
            case Object other -> throw foreign(other);
        }
    }

    @Override
    public void onError(Connection connection, Throwable error) {
        switch (connection.attachment().orElse(connection)) {
            case StreamSession<?> session -> session.failed(CloseCause.Kind.ERROR, error);
            case Opening<?> opening -> opening.failed(error);
            case Object _ -> ConnectionHandler.super.onError(connection, error);
        }
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        switch (connection.attachment().orElse(connection)) {
            case StreamSession<?> session -> session.gone(cause);
            case Opening<?> opening -> opening.gone(cause);
            case Object _ -> {
                // Its codec could not be made.
            }
        }
    }

    @Override
    public void onShutdown(Connection connection) {
        if (connection.attachment().orElse(connection) instanceof StreamSession<?> session) {
            session.shutdown();
        }
    }

    @Override
    public boolean isBusy(Connection connection) {
        return connection.attachment().orElse(connection) instanceof StreamSession<?> session && session.isBusy();
    }

    private static IllegalStateException foreign(Object attached) {
        return new IllegalStateException("Somebody else has attached to a session's connection: " + attached);
    }
}
