// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;

/** HTTP and WebSocket of one verticle. */
final class VertxHttp {
    private static final CharSequence LENGTH = HttpHeaders.createOptimized(Integer.toString(Hello.BODY.length()));
    private static final CharSequence TYPE = HttpHeaders.createOptimized(Hello.TYPE);

    private final Buffer body = Buffer.buffer(Hello.BODY);
    private CharSequence date = HttpHeaders.createOptimized(Hello.date());

    private VertxHttp() {}

    /** A server for these settings, of the verticle in whose context this is called. */
    static HttpServer create(Vertx vertx, Settings settings) {
        final HttpServer server = vertx.createHttpServer(new HttpServerOptions()
                .setAcceptBacklog(Settings.BACKLOG)
                .setTcpNoDelay(true)
                .setMaxWebSocketFrameSize(Settings.MAX_FRAME)
                .setMaxWebSocketMessageSize(Settings.MAX_FRAME));
        if (settings.mode() == Mode.WS) {
            return server.webSocketHandler(VertxHttp::echo);
        }
        final VertxHttp http = new VertxHttp();
        vertx.setPeriodic(Hello.DATE_MS, _ -> http.date = HttpHeaders.createOptimized(Hello.date()));
        return server.requestHandler(http::answer);
    }

    private void answer(HttpServerRequest request) {
        final var unused = request.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, TYPE)
                .putHeader(HttpHeaders.CONTENT_LENGTH, LENGTH)
                .putHeader(HttpHeaders.DATE, date)
                .end(body);
    }

    private static void echo(ServerWebSocket socket) {
        socket.frameHandler(frame -> answer(socket, frame));
    }

    private static void answer(ServerWebSocket socket, WebSocketFrame frame) {
        // Frames of control are answered by Vert.x itself.
        if (frame.isText() || frame.isBinary() || frame.isContinuation()) {
            final var unused = socket.writeFrame(frame);
            if (socket.writeQueueFull()) {
                socket.pause();
                socket.drainHandler(_ -> socket.resume());
            }
        }
    }
}
