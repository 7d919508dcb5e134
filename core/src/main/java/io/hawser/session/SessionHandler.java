// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import java.time.Duration;

/**
 * Makes sessions of connections that somebody else makes: for whoever listens, dials or adopts by hand, where {@link SessionServer} and
 * {@link SessionClient} do too much.
 *
 * <pre>{@code
 * engine.listen("tcp://0.0.0.0:7002", SessionHandler.of(engine, Codecs.line().strings(), Session::send));
 * }</pre>
 */
public final class SessionHandler {
    private SessionHandler() {}

    /**
     * A handler that makes each of its connections a session, whose listener runs on the connection's loop. It holds nothing but its open sessions,
     * so there is nothing to close. The connections' attachments and readers are its own.
     *
     * @param engine whose connections they are: a message has {@link io.hawser.connection.Limits#messageBytes()} at most
     * @throws IllegalArgumentException if a message of that length would not fit {@link io.hawser.connection.Limits#inboundBytes()}
     */
    public static <M> ConnectionHandler of(Engine engine, Codec<M> codec, EventListener<M> listener) {
        final SessionOptions begin =
                SessionOptions.of(engine, 0, Duration.ZERO, Duration.ZERO, SessionOptions.DEFAULT_PENDING_CALLS);
        return new SessionEndpoint<>(codec, listener, InlineTasks.INSTANCE, true, null, null, begin);
    }
}
