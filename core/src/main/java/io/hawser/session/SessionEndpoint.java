// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What all sessions of a server or a client have in common, and how they hang on their connections. Any thread. */
final class SessionEndpoint<M> implements ConnectionHandler {
    private final Codec<M> codec;
    private final EventListener<M> listener;
    private final TaskPool tasks;
    private final @Nullable Correlation<M> correlation;
    private final SessionOptions options;
    private final Set<Session<M>> sessions = ConcurrentHashMap.newKeySet();

    SessionEndpoint(
            Codec<M> codec,
            EventListener<M> listener,
            TaskPool tasks,
            @Nullable Correlation<M> correlation,
            SessionOptions options) {
        if (codec.isTransient() && !tasks.isInline()) {
            throw new IllegalArgumentException(
                    "Messages of " + codec
                            + " end when the listener returns, so it has to run in the loop, not in a task pool; slices live longer");
        }
        this.codec = codec;
        this.listener = listener;
        this.tasks = tasks;
        this.correlation = correlation;
        this.options = options;
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

    int maxMessageBytes() {
        return options.maxMessageBytes();
    }

    Duration cron() {
        return options.cron();
    }

    Duration idleTimeout() {
        return options.idleTimeout();
    }

    /** Those that are open. */
    Set<Session<M>> sessions() {
        return sessions;
    }

    // ---- of connections

    @SuppressWarnings("unchecked") // only prepare() attaches
    private StreamSession<M> session(Connection connection) {
        return (StreamSession<M>) connection.attachment().orElseThrow();
    }

    @Override
    public boolean prepare(Connection connection) {
        final StreamSession<M> session = new StreamSession<>(this, connection);
        connection.attach(session);
        return session.prepare();
    }

    @Override
    public void onOpen(Connection connection) {
        session(connection).opened();
    }

    @Override
    public void onData(Connection connection) {
        session(connection).received();
    }

    @Override
    public void onWritable(Connection connection) {
        session(connection).roomBelow();
    }

    @Override
    public void onEnd(Connection connection) {
        session(connection).inputEnded();
    }

    @Override
    public void onError(Connection connection, Throwable error) {
        session(connection).failed(CloseCause.Kind.ERROR, error);
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        session(connection).gone(cause);
    }

    @Override
    public boolean isBusy(Connection connection) {
        return session(connection).isBusy();
    }

    /** Calls {@code action} with each open session. */
    void forEach(Consumer<Session<M>> action) {
        sessions.forEach(action);
    }
}
