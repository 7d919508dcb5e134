// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.connection.CloseCause;
import io.hawser.http.HttpHandler;
import io.hawser.http.HttpServer;
import io.hawser.http.ServeMux;
import io.hawser.session.EventListener;
import io.hawser.session.Session;
import io.hawser.tls.Tls;
import io.hawser.websocket.WebSocket;
import io.hawser.websocket.WebSocketHandler;
import io.hawser.websocket.WebSocketMessage;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A chat room in the browser: a page over https, whose script talks over wss, on the same port, to a session. */
public final class WebChat {
    private static final int MAX_MESSAGE_BYTES = 2_000;
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

    private WebChat() {}

    /**
     * Serves until it is killed, with a certificate made up for it.
     *
     * @param args the address, by default {@code https://127.0.0.1:0}
     */
    public static void main(String[] args) throws IOException {
        try (HttpServer server = serve(args.length > 0 ? args[0] : "https://127.0.0.1:0")) {
            System.out.println("listening " + server.uri());
            server.join();
        }
    }

    static HttpServer serve(String address) throws IOException {
        final HttpServer.Builder server = HttpServer.builder(address).handler(handler());
        return (address.startsWith("https://") ? server.tls(tls()) : server).start();
    }

    /** A server that nobody knows yet. */
    public static Tls tls() throws IOException {
        return Tls.server().identity(Tls.selfSigned()).build();
    }

    /** The page and what it talks to, for the connections of one engine. */
    public static HttpHandler handler() throws IOException {
        final byte[] page = page();
        final WebSocketHandler room = WebSocketHandler.builder()
                .listener(new Room())
                .maxMessageBytes(MAX_MESSAGE_BYTES)
                .heartbeat(WebSocket.heartbeat(Duration.ofSeconds(20)))
                .build();
        return ServeMux.builder()
                .handle(
                        "GET /{$}",
                        (_, response) -> response.header("Content-Type", "text/html; charset=utf-8")
                                .header("Content-Security-Policy", POLICY)
                                .header("X-Content-Type-Options", "nosniff")
                                .send(page))
                .handle("GET /room", room)
                .build();
    }

    private static byte[] page() throws IOException {
        try (InputStream in = Objects.requireNonNull(WebChat.class.getResourceAsStream("web-chat.html"))) {
            return in.readAllBytes();
        }
    }

    /** {@code say TEXT} goes to everybody in the room; anything else comes back, so that the page can measure how long that takes. */
    private static final class Room implements EventListener<WebSocketMessage> {
        private static final String SAY = "say ";

        private final Set<Session<WebSocketMessage>> present = ConcurrentHashMap.newKeySet();

        @Override
        public boolean onOpen(Session<WebSocketMessage> session) {
            present.add(session);
            tellAll("here " + present.size());
            return true;
        }

        @Override
        public void onMessage(Session<WebSocketMessage> session, WebSocketMessage message) {
            if (message instanceof WebSocketMessage.Text text && text.text().startsWith(SAY)) {
                tellAll("said " + session.id() + " " + text.text().substring(SAY.length()));
            } else {
                session.send(message);
            }
        }

        @Override
        public void onError(Session<WebSocketMessage> session, Throwable error) {
            // The page is told why it is closed.
        }

        @Override
        public void onClose(Session<WebSocketMessage> session, CloseCause cause) {
            present.remove(session);
            tellAll("here " + present.size());
        }

        private void tellAll(String text) {
            for (Session<WebSocketMessage> session : present) {
                // Who does not read, or has just gone, misses it.
                session.sendAsync(WebSocketMessage.text(text)).exceptionally(_ -> null);
            }
        }
    }
}
