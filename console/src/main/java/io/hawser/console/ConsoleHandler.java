// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.http.HttpException;
import io.hawser.http.HttpHandler;
import io.hawser.http.Request;
import io.hawser.http.Response;
import io.hawser.loop.EventLoop;
import io.hawser.websocket.WebSocketHandler;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Answers requests for the page, wherever it is mounted: the last part of the path says for what. Virtual threads.
 *
 * <pre>
 * GET  …/                 the page, and its files
 * GET  …/ws               a WebSocket: a query in, how things stand out, once a second
 * GET  …/api/snapshot     how things stand, with the connections of a query if there is one
 * GET  …/api/connections  the connections of a query
 * POST …/api/close        ?engine=0&amp;id=7 closes one
 * </pre>
 */
final class ConsoleHandler implements HttpHandler {
    /** Nothing from elsewhere, and in nobody's frame. */
    private static final String POLICY =
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

    /** A page of somebody else's cannot send it without being asked for. */
    private static final String HEADER = "X-Hawser-Console";

    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final long PATIENCE_MS = 2_000;

    private final Watch watch;
    private final Access access;
    private final PageFiles files = new PageFiles();
    private final WebSocketHandler socket;

    ConsoleHandler(Watch watch, Access access) {
        this.watch = watch;
        this.access = access;
        this.socket = WebSocketHandler.builder()
                .listener(new Viewers(watch))
                .cron(PERIOD)
                .maxMessageBytes(1 << 20)
                .build();
    }

    @Override
    public void handle(Request request, Response response) throws Exception {
        if (EventLoop.isLoopThread()) {
            throw new IllegalStateException(
                    "The console waits for loops, so it is not for servers whose handlers are in the loop");
        }
        response.header("Content-Security-Policy", POLICY)
                .header("X-Content-Type-Options", "nosniff")
                .header("X-Frame-Options", "DENY")
                .header("Referrer-Policy", "no-referrer")
                .header("Cross-Origin-Resource-Policy", "same-origin")
                .header("Cross-Origin-Opener-Policy", "same-origin")
                .header("Cache-Control", "no-store");
        try {
            answer(request, response);
        } catch (HttpException e) {
            if (e.status() == 401) {
                response.header("WWW-Authenticate", "Bearer");
            }
            response.status(e.status()).send(e.getMessage() + "\n");
        } catch (IllegalArgumentException e) {
            response.status(400).send("That is no query: " + e.getMessage() + "\n");
        }
    }

    private void answer(Request request, Response response) throws Exception {
        final String path = request.rawPath();
        if (login(request, response)) {
            return;
        }
        access.check(request);
        if (path.endsWith("/api/close")) {
            requireMethod(request, response, "POST");
            close(request, response);
        } else if (path.endsWith("/ws")) {
            access.checkOrigin(request);
            socket.handle(request, response);
        } else {
            requireMethod(request, response, "GET");
            if (path.endsWith("/api/snapshot")) {
                final Optional<ViewQuery> query = request.query().map(text -> ViewQuery.parse(text, watch.size()));
                send(response, await(watch.look(query)));
            } else if (path.endsWith("/api/connections")) {
                send(
                        response,
                        await(watch.connections(ViewQuery.parse(request.query().orElse(""), watch.size()))));
            } else {
                final var file = files.find(path.substring(path.lastIndexOf('/') + 1))
                        .orElseThrow(() -> new HttpException(404, "The console has no such page"));
                response.header("Content-Type", file.type()).send(file.bytes());
            }
        }
    }

    /** Has a browser that brings the token in the address keep it, and forget the address. */
    private boolean login(Request request, Response response) {
        if (!access.hasToken()
                || !request.method().equals("GET")
                || !request.rawPath().endsWith("/")) {
            return false;
        }
        if (!access.isToken(request.parameter("token"))) {
            return false;
        }
        response.header("Set-Cookie", access.setCookie(request))
                .header("Location", "./")
                .status(303)
                .send();
        return true;
    }

    private void close(Request request, Response response) throws Exception {
        access.checkOrigin(request);
        if (!request.headers().contains(HEADER)) {
            throw new HttpException(403, "A close must bear the field " + HEADER);
        }
        final int engine = ViewQuery.engine(request.parameter("engine").orElse("0"), watch.size());
        final long id = Long.parseLong(request.parameter("id").orElse(""));
        final boolean closed = await(watch.engine(engine).close(id));
        if (!closed) {
            throw new HttpException(404, "There is no connection " + id);
        }
        response.status(204).send();
    }

    private static void requireMethod(Request request, Response response, String method) {
        if (!request.method().equals(method)
                && !(method.equals("GET") && request.method().equals("HEAD"))) {
            response.header("Allow", method);
            throw new HttpException(405, "The method is " + method);
        }
    }

    private static void send(Response response, String json) {
        response.header("Content-Type", "application/json").send(json);
    }

    private static <T> T await(CompletableFuture<T> answer) throws InterruptedException {
        try {
            return answer.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw because(new HttpException(503, "A loop is held up, and does not answer"), e);
        } catch (ExecutionException e) {
            throw because(new HttpException(500, "That failed: " + e.getCause()), e);
        }
    }

    private static HttpException because(HttpException failure, Exception cause) {
        failure.initCause(cause);
        return failure;
    }
}
