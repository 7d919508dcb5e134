// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.connection.Engine;
import io.hawser.http.HttpHandler;
import io.hawser.http.HttpVersion;
import io.hawser.http.Request;
import io.hawser.http.Response;
import io.hawser.session.EventListener;
import io.hawser.session.Heartbeat;
import io.hawser.session.Session;
import io.hawser.session.SessionGroup;
import io.hawser.session.Tasks;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes requests of an HTTP server WebSocket sessions: beside other handlers, on their port. What is no handshake is answered with the status that says
 * so, and the connection ends. For the connections of one engine. Any thread.
 *
 * <pre>{@code
 * mux.handle("GET /chat", WebSocketHandler.of((session, message) -> session.send(message)));
 * }</pre>
 */
public final class WebSocketHandler implements HttpHandler {
    private final Builder recipe;
    private final WebSocketCodec codec;
    private volatile @Nullable SessionGroup<WebSocketMessage> group;
    private @Nullable Engine home;

    private WebSocketHandler(Builder recipe) {
        this.recipe = recipe;
        this.codec = WebSocketCodec.server(recipe.options, "");
    }

    /** With {@link WebSocketOptions#DEFAULT}, its listener on the connections' loops. */
    public static WebSocketHandler of(EventListener<WebSocketMessage> listener) {
        return builder().listener(listener).build();
    }

    /** A handler to be set up. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void handle(Request request, Response response) {
        try {
            if (request.version() != HttpVersion.HTTP_1_1) {
                throw new HandshakeException(505, "A handshake takes HTTP/1.1");
            }
            final ServerChecks.Accepted accepted = codec.checks()
                    .accept(
                            request.method(),
                            request.rawPath(),
                            request.query(),
                            request.headers().copy());
            response.headers().addAll(accepted.response());
            final SessionGroup<WebSocketMessage> sessions =
                    group(request.connection().engine());
            response.upgrade(
                    "websocket", sessions.handler(context -> codec.forConnection(accepted.agreement(), context)));
        } catch (HandshakeException e) {
            refuse(response, e);
        }
    }

    private static void refuse(Response response, HandshakeException why) {
        // What comes behind a handshake of another version is no request.
        response.header("Connection", "close");
        if (why.status() == 426) {
            response.header("Upgrade", "websocket").header("Sec-WebSocket-Version", ServerChecks.VERSION);
        } else if (why.status() == 405) {
            response.header("Allow", "GET");
        }
        response.status(why.status()).send(why.getMessage() + "\n");
    }

    private SessionGroup<WebSocketMessage> group(Engine engine) {
        final SessionGroup<WebSocketMessage> known = group;
        return known == null ? makeGroup(engine) : known;
    }

    private synchronized SessionGroup<WebSocketMessage> makeGroup(Engine engine) {
        SessionGroup<WebSocketMessage> made = group;
        if (made == null) {
            final var builder = SessionGroup.builder(engine, codec)
                    .listener(recipe.listener)
                    .tasks(recipe.tasks)
                    .cron(recipe.cron)
                    .idleTimeout(recipe.idleTimeout);
            final Heartbeat<WebSocketMessage> heartbeat = recipe.heartbeat;
            if (heartbeat != null) {
                builder.heartbeat(heartbeat);
            }
            if (recipe.maxMessageBytes > 0) {
                builder.maxMessageBytes(recipe.maxMessageBytes);
            }
            made = builder.build();
            home = engine;
            group = made;
        }
        if (engine != home) {
            throw new IllegalStateException("A WebSocketHandler is for the connections of one engine");
        }
        return made;
    }

    /** The sessions that are open, as a view that changes with them. */
    public Collection<Session<WebSocketMessage>> sessions() {
        final SessionGroup<WebSocketMessage> known = group;
        return known == null ? List.of() : known.sessions();
    }

    /** As {@link io.hawser.session.SessionServer#broadcast(Object, Predicate)}. */
    public int broadcast(WebSocketMessage message, Predicate<? super Session<WebSocketMessage>> to) {
        final SessionGroup<WebSocketMessage> known = group;
        return known == null ? 0 : known.broadcast(message, to);
    }

    /** As {@link #broadcast(WebSocketMessage, Predicate)}, to all. */
    public int broadcast(WebSocketMessage message) {
        return broadcast(message, _ -> true);
    }

    /** Sets up a handler. Not thread-safe. */
    public static final class Builder {
        private WebSocketOptions options = WebSocketOptions.DEFAULT;
        private EventListener<WebSocketMessage> listener = (_, _) -> {
            throw new IllegalStateException("The handler has no listener");
        };
        private Tasks tasks = Tasks.inline();
        private @Nullable Heartbeat<WebSocketMessage> heartbeat;
        private int maxMessageBytes;
        private Duration cron = Duration.ZERO;
        private Duration idleTimeout = Duration.ZERO;

        private Builder() {}

        /** How it speaks WebSocket; the path and the handshake's timeout and limits are those of the HTTP server. */
        public Builder options(WebSocketOptions value) {
            options = value;
            return this;
        }

        /** Who is told of messages. */
        public Builder listener(EventListener<WebSocketMessage> value) {
            listener = value;
            return this;
        }

        /** Where the listener runs, in a pool of the handler's own; default {@link Tasks#inline()}. */
        public Builder tasks(Tasks recipe) {
            tasks = recipe;
            return this;
        }

        /** How sessions whose peer is gone without a word are found; {@link WebSocket#heartbeat}. Default not at all. */
        public Builder heartbeat(Heartbeat<WebSocketMessage> value) {
            heartbeat = value;
            return this;
        }

        /**
         * As {@link io.hawser.session.SessionServer.Builder#maxMessageBytes}.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder maxMessageBytes(int bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("A message must be allowed 1 byte at least: " + bytes);
            }
            maxMessageBytes = bytes;
            return this;
        }

        /** The period of {@link EventListener#onCron} with which sessions begin; default none. */
        public Builder cron(Duration period) {
            cron = period;
            return this;
        }

        /** The {@link Session#idleTimeout} with which sessions begin; default none. */
        public Builder idleTimeout(Duration timeout) {
            idleTimeout = timeout;
            return this;
        }

        /** The handler. */
        public WebSocketHandler build() {
            return new WebSocketHandler(this);
        }
    }
}
