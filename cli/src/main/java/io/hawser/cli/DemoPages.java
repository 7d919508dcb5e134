// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Engine;
import io.hawser.console.Console;
import io.hawser.http.HttpHandler;
import io.hawser.http.HttpServer;
import io.hawser.micrometer.HawserMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What a demo shows in the browser: the console of its engines, and their meters for Prometheus. */
final class DemoPages implements AutoCloseable {
    private static final Duration CLOSE_TIME = Duration.ofMillis(200);
    private static final String METRICS = "/metrics";

    private final Engine engine;
    private final HttpServer server;
    private final PrometheusMeterRegistry registry;

    private DemoPages(Engine engine, HttpServer server, PrometheusMeterRegistry registry) {
        this.engine = engine;
        this.server = server;
        this.registry = registry;
    }

    /** Serves them on this machine, at a port that the system picks. */
    static DemoPages start(List<Engine> shown) throws IOException {
        final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        shown.forEach(engine -> new HawserMetrics(engine).bindTo(registry));
        final HttpHandler console = Console.of(shown).handler();
        final Engine engine = Engine.builder()
                .name("hawser-console")
                .transport(shown.getFirst().transport())
                .loops(1)
                .start();
        boolean started = false;
        try {
            final HttpServer server = HttpServer.builder("http://127.0.0.1:0")
                    .engine(engine)
                    .handler((request, response) -> {
                        if (request.rawPath().equals(METRICS)) {
                            response.header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                                    .send(registry.scrape());
                        } else {
                            console.handle(request, response);
                        }
                    })
                    .start();
            started = true;
            return new DemoPages(engine, server, registry);
        } finally {
            if (!started) {
                engine.close();
                registry.close();
            }
        }
    }

    /** Where the console is. */
    String consoleUri() {
        return server.uri() + "/";
    }

    /** Where the meters are. */
    String metricsUri() {
        return server.uri() + METRICS;
    }

    /** Opens the console in the user's browser. */
    void open() throws IOException {
        final String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        final List<String> command = system.contains("win")
                ? List.of("rundll32", "url.dll,FileProtocolHandler", consoleUri())
                : List.of(system.contains("mac") ? "open" : "xdg-open", consoleUri());
        try {
            new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new IOException("No browser could be opened at " + consoleUri() + ": " + Failures.reason(e), e);
        }
    }

    @Override
    public void close() {
        engine.closeAsync(CLOSE_TIME).join();
        registry.close();
    }
}
