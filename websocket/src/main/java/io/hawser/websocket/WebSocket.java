// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.session.Heartbeat;
import io.hawser.session.SessionClient;
import io.hawser.session.SessionServer;
import java.time.Duration;

/**
 * WebSockets (RFC 6455) as sessions, on a port of their own; {@link WebSocketHandler} has them beside other handlers of HTTP. Any thread.
 *
 * <pre>{@code
 * var server = WebSocket.server("ws://0.0.0.0:8080/echo")
 *         .listener((session, message) -> session.send(message))
 *         .start();
 *
 * var client = WebSocket.client("ws://127.0.0.1:8080/echo")
 *         .listener((session, message) -> System.out.println(message))
 *         .heartbeat(WebSocket.heartbeat(Duration.ofSeconds(20)))
 *         .start();
 * client.awaitConnected(Duration.ofSeconds(5));
 * client.send(WebSocketMessage.text("hello"));
 * }</pre>
 *
 * <p>A session opens after the handshake, and its {@code close()} says goodbye first. {@link WebSocketSession} tells the path, the header fields, and
 * with what code the peer has closed. A message has as many bytes as {@code maxMessageBytes} of the endpoint allows, inflated, less 14 for its frame.
 */
public final class WebSocket {
    private WebSocket() {}

    /** As {@link #server(String, WebSocketOptions)}, with {@link WebSocketOptions#DEFAULT}. */
    public static SessionServer.Builder<WebSocketMessage> server(String uri) {
        return server(uri, WebSocketOptions.DEFAULT);
    }

    /**
     * A server to be set up and started.
     *
     * @param uri such as {@code ws://0.0.0.0:8080/chat}; requests for another path are answered with 404. Without a path, for every path
     * @throws IllegalArgumentException if it is none
     */
    public static SessionServer.Builder<WebSocketMessage> server(String uri, WebSocketOptions options) {
        final WebSocketUri at = WebSocketUri.parse(uri);
        if (at.query().isPresent()) {
            throw new IllegalArgumentException("A server is at a path, not at a query: '" + uri + "'");
        }
        return SessionServer.builder(at.address(), WebSocketCodec.server(options, at.path()));
    }

    /** As {@link #client(String, WebSocketOptions)}, with {@link WebSocketOptions#DEFAULT}. */
    public static SessionClient.Builder<WebSocketMessage> client(String uri) {
        return client(uri, WebSocketOptions.DEFAULT);
    }

    /**
     * A client to be set up and started. Why a handshake fails is told by {@link io.hawser.session.SlotState#lastError()}, as a
     * {@link HandshakeException}.
     *
     * @param uri such as {@code ws://127.0.0.1:8080/chat?room=1}
     * @throws IllegalArgumentException if it is none
     */
    public static SessionClient.Builder<WebSocketMessage> client(String uri, WebSocketOptions options) {
        final WebSocketUri to = WebSocketUri.parse(uri);
        return SessionClient.builder(to.address(), WebSocketCodec.client(options, to));
    }

    /**
     * Pings in each period, and ends sessions whose peer sends nothing in three of them; {@link Heartbeat#unanswered} changes that.
     *
     * @throws IllegalArgumentException if it is under 1 ms
     */
    public static Heartbeat<WebSocketMessage> heartbeat(Duration period) {
        return Heartbeat.pinging(period, session -> WebSocketSession.of(session).ping());
    }
}
