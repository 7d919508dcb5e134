// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Engine;
import io.hawser.connection.ServerOptions;
import io.hawser.http.AccessLog;
import io.hawser.http.Compression;
import io.hawser.http.FileHandler;
import io.hawser.http.HttpHandler;
import io.hawser.http.HttpServer;
import io.hawser.http.ServeMux;
import io.hawser.tls.Tls;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What {@code hawser serve} does at addresses of HTTP: a directory, or a few paths to try a client on. */
final class HttpServing implements AutoCloseable {
    private static final String SECURE = "https://";
    private static final String PAGE = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Hawser</title>
            <style>:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 40rem; padding: 0 1rem }</style>
            </head>
            <body>
            <h1>Hello from Hawser</h1>
            <p><code>POST /echo</code> sends back the body that it gets; <a href="/request"><code>GET /request</code></a> what a request looks like here;
            <a href="/plaintext"><code>GET /plaintext</code></a> two words, which benchmarks ask for.
            With <code>--root DIR</code> this server serves files.</p>
            </body>
            </html>
            """;

    @Option(
            names = "--root",
            paramLabel = "DIR",
            description =
                    "http: serves the files below DIR; without it a page, GET /plaintext, GET /request and POST /echo, to try clients on")
    private @Nullable Path root;

    @Option(names = "--listing", description = "http: with --root, directories without index.html are listed")
    private boolean listing;

    @Option(
            names = "--access-log",
            description = "http: prints a line for each request, in the combined format, or with --json as an object")
    private boolean accessLog;

    @Option(
            names = "--in-loop",
            description = "http: requests are answered on the loop's thread, not on virtual ones; not with --root")
    private boolean inLoop;

    private final List<HttpServer> servers = new ArrayList<>();
    private @Nullable HttpHandler serving;
    private @Nullable AccessLog log;

    static boolean isHttp(String uri) {
        return uri.startsWith("http://") || isSecure(uri);
    }

    /** Whether TLS goes below. */
    static boolean isSecure(String uri) {
        return uri.startsWith(SECURE);
    }

    /** Checks the options that belong to each other. */
    void check(CommandSpec spec, List<String> addresses) {
        if ((root != null || listing || accessLog || inLoop)
                && addresses.stream().noneMatch(HttpServing::isHttp)) {
            throw new ParameterException(
                    spec.commandLine(), "--root, --listing, --access-log and --in-loop go with http:// and https://");
        }
        if (listing && root == null) {
            throw new ParameterException(spec.commandLine(), "--listing goes with --root");
        }
        if (inLoop && root != null) {
            throw new ParameterException(
                    spec.commandLine(), "--in-loop does not go with --root, as files would hold up the loop");
        }
        for (String address : addresses) {
            if (isHttp(address)) {
                // What is wrong with it is wrong usage, not a failure.
                try {
                    HttpServer.builder(address);
                } catch (IllegalArgumentException e) {
                    throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
                }
            }
        }
    }

    /** Listens at one address; what is really bound, as a URI. */
    String listen(CommandSpec spec, Engine engine, String uri, ServerOptions options, Optional<Tls> tls, boolean json)
            throws IOException {
        final HttpServer.Builder builder =
                HttpServer.builder(uri).engine(engine).options(options).handler(serving(spec, json));
        if (isSecure(uri)) {
            builder.tls(tls.orElseThrow());
        }
        final HttpServer server = (inLoop ? builder.inLoop() : builder).start();
        servers.add(server);
        return server.uri();
    }

    /** Another process accepts in its place: closes idle connections, and the others with their next answer. */
    void drain(Duration grace) {
        for (HttpServer server : servers) {
            final var unused = server.closeAsync(grace);
        }
    }

    /** One for all addresses. */
    private HttpHandler serving(CommandSpec spec, boolean json) throws IOException {
        HttpHandler handler = serving;
        if (handler == null) {
            final Path directory = root;
            handler = directory == null
                    ? playground()
                    : Compression.of(
                            FileHandler.builder(directory).listing(listing).build());
            if (accessLog) {
                final PrintWriter out = spec.commandLine().getOut();
                final AccessLog.Format format = json ? AccessLog.Format.JSON : AccessLog.Format.COMBINED;
                final AccessLog logging = AccessLog.of(handler, format, line -> {
                    out.println(line);
                    out.flush();
                });
                log = logging;
                handler = logging;
            }
            serving = handler;
        }
        return handler;
    }

    private static HttpHandler playground() {
        return ServeMux.builder()
                .handle(
                        "GET /{$}",
                        (_, response) -> response.header("Content-Type", "text/html; charset=utf-8")
                                .send(PAGE))
                .handle(
                        "GET /plaintext",
                        (_, response) ->
                                response.header("Content-Type", "text/plain").send("Hello, World!"))
                .handle("POST /echo", (request, response) -> {
                    // Never as what a page could run.
                    response.header("Content-Type", "application/octet-stream")
                            .header("X-Content-Type-Options", "nosniff");
                    if (request.contentLength() >= 0) {
                        response.header("Content-Length", Long.toString(request.contentLength()));
                    }
                    request.body().transferTo(response.outputStream());
                    response.end();
                })
                .handle(
                        "GET /request",
                        (request, response) -> response.header("X-Content-Type-Options", "nosniff")
                                .send(request.method() + " " + request.target() + " " + request.version() + "\n"
                                        + request.headers()))
                .build();
    }

    /** Prints what of the log waits. */
    @Override
    public void close() {
        final AccessLog logging = log;
        if (logging != null) {
            logging.close();
        }
    }
}
