// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Sessions of connections that somebody else makes, with all that those of a {@link SessionServer} have: for protocols that begin as another one, such
 * as an upgrade of HTTP. Any thread.
 *
 * @param <M> the type of messages
 */
public final class SessionGroup<M> {
    private final Engine engine;
    private final SessionEndpoint<M> endpoint;
    private final AtomicBoolean retired = new AtomicBoolean();

    private SessionGroup(Engine engine, SessionEndpoint<M> endpoint) {
        this.engine = engine;
        this.endpoint = endpoint;
    }

    /**
     * A group to be set up.
     *
     * @param engine whose connections they are
     * @param codec what a message is
     */
    public static <M> Builder<M> builder(Engine engine, Codec<M> codec) {
        return new Builder<>(engine, codec);
    }

    /** A handler that makes each of its connections a session. */
    public ConnectionHandler handler() {
        return endpoint;
    }

    /**
     * A handler for one connection that makes it a session at once, with a codec that is known already.
     *
     * @param codec makes that of the session, as {@link Codec#forSession} does
     */
    public ConnectionHandler handler(Function<CodecContext, Codec<M>> codec) {
        return new KnownCodecHandler<>(endpoint, codec);
    }

    /** The sessions that are open, as a view that changes with them. */
    public Collection<Session<M>> sessions() {
        return Collections.unmodifiableCollection(endpoint.sessions());
    }

    /** As {@link SessionServer#broadcast(Object, Predicate)}. */
    public int broadcast(M message, Predicate<? super Session<M>> to) {
        return endpoint.broadcast(message, to, engine.pool());
    }

    /** As {@link #broadcast(Object, Predicate)}, to all. */
    public int broadcast(M message) {
        return broadcast(message, _ -> true);
    }

    /** There will be no new sessions. Those that are open go on; completes when they are over, and the task pool with them. */
    public CompletableFuture<Void> retire() {
        return retired.compareAndSet(false, true) ? endpoint.retire() : endpoint.ended();
    }

    /**
     * Sets up a group. Not thread-safe.
     *
     * @param <M> the type of messages
     */
    public static final class Builder<M> {
        private final Engine engine;
        private final Codec<M> codec;
        private EventListener<M> listener = (_, _) -> {
            throw new IllegalStateException("The group has no listener");
        };
        private Tasks tasks = Tasks.inline();
        private @Nullable Correlation<M> correlation;
        private @Nullable Heartbeat<M> heartbeat;
        private int maxMessageBytes;
        private Duration cron = Duration.ZERO;
        private Duration idleTimeout = Duration.ZERO;

        private Builder(Engine engine, Codec<M> codec) {
            this.engine = engine;
            this.codec = codec;
        }

        /** Who is told of messages. */
        public Builder<M> listener(EventListener<M> value) {
            listener = value;
            return this;
        }

        /** Where the listener runs, in a pool of the group's own; default {@link Tasks#inline()}. */
        public Builder<M> tasks(Tasks recipe) {
            tasks = recipe;
            return this;
        }

        /** Which messages are responses to {@link Session#call}; default none. */
        public Builder<M> correlation(Correlation<M> value) {
            correlation = value;
            return this;
        }

        /** How sessions whose peer is gone without a word are found; default not at all. */
        public Builder<M> heartbeat(Heartbeat<M> value) {
            heartbeat = value;
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
         * The group, ready for connections.
         *
         * @throws IllegalArgumentException if the options do not fit each other
         */
        public SessionGroup<M> build() {
            final SessionOptions begin =
                    SessionOptions.of(engine, maxMessageBytes, cron, idleTimeout, SessionOptions.DEFAULT_PENDING_CALLS);
            SessionEndpoint.requireFit(codec, correlation, tasks.kind() == Tasks.Kind.INLINE);
            return new SessionGroup<>(
                    engine, new SessionEndpoint<>(codec, listener, tasks.start(), true, correlation, heartbeat, begin));
        }
    }
}
