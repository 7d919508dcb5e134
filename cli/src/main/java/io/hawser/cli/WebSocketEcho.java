// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Engine;
import io.hawser.connection.ServerOptions;
import io.hawser.session.EventListener;
import io.hawser.session.Session;
import io.hawser.websocket.PerMessageDeflate;
import io.hawser.websocket.WebSocket;
import io.hawser.websocket.WebSocketMessage;
import io.hawser.websocket.WebSocketOptions;
import java.io.IOException;

/** Sends back each message of WebSockets. Any number of sessions and loops. */
final class WebSocketEcho implements EventListener<WebSocketMessage> {
    private static final String SECURE = "wss://";

    /** Whether {@code uri} is for this. */
    static boolean isFor(String uri) {
        return uri.startsWith("ws://") || isSecure(uri);
    }

    /** Whether TLS goes below. */
    static boolean isSecure(String uri) {
        return uri.startsWith(SECURE);
    }

    /**
     * Serves it; the address that is really bound.
     *
     * @param thresholdBytes shorter messages are not compressed; at least 1
     * @throws IllegalArgumentException if {@code uri} is none
     */
    static String listen(Engine engine, String uri, ServerOptions options, int thresholdBytes) throws IOException {
        final WebSocketOptions compressing =
                WebSocketOptions.DEFAULT.withDeflate(PerMessageDeflate.DEFAULT.withThresholdBytes(thresholdBytes));
        final var server = WebSocket.server(uri, compressing)
                .engine(engine)
                .options(options)
                .listener(new WebSocketEcho())
                .start();
        final String bound = server.address().toString();
        final int host = uri.indexOf("://") + 3;
        final int path = uri.indexOf('/', host);
        return uri.substring(0, host)
                + bound.substring(bound.indexOf("://") + 3)
                + (path < 0 ? "" : uri.substring(path));
    }

    @Override
    public void onMessage(Session<WebSocketMessage> session, WebSocketMessage message) {
        session.send(message);
    }

    @Override
    public void onError(Session<WebSocketMessage> session, Throwable error) {
        // The peer is told why it is closed; a line for each would be a log that strangers fill.
    }
}
