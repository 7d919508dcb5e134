// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.connection.Engine;
import io.hawser.http.HttpServer;
import java.time.Duration;
import java.util.Optional;

/** A console that is served. Any thread. */
public final class ConsoleServer implements AutoCloseable {
    /** Pages come back by themselves, so nobody waits for them. */
    private static final Duration GRACE = Duration.ofMillis(200);

    private final Engine engine;
    private final HttpServer server;
    private final Optional<String> token;

    ConsoleServer(Engine engine, HttpServer server, Optional<String> token) {
        this.engine = engine;
        this.server = server;
        this.token = token;
    }

    /** Where it is, with the port that the system picked: {@code http://127.0.0.1:7070/}. */
    public String uri() {
        return server.uri() + "/";
    }

    /** As {@link #uri()}, with the token if there is one: to be opened in a browser, and shown to nobody else. */
    public String pageUri() {
        return uri() + token.map(secret -> "?token=" + secret).orElse("");
    }

    /** Ends it; the engines that it shows go on. Not to be called on a loop. */
    @Override
    public void close() {
        engine.await(engine.closeAsync(GRACE));
    }
}
