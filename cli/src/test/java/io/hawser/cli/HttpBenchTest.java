// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Engine;
import io.hawser.http.HttpHandler;
import io.hawser.http.HttpLimits;
import io.hawser.http.HttpServer;
import io.hawser.tls.Tls;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code hawser bench} of a server of HTTP. */
class HttpBenchTest {
    private static final HttpHandler PAGE = (request, response) -> {
        switch (request.target()) {
            case "/page?q=1" -> response.send("x".repeat(1000));
            case "/stream" -> {
                for (int i = 0; i < 3; i++) {
                    response.outputStream().write(new byte[500]);
                    response.outputStream().flush();
                }
                response.end();
            }
            case "/empty" -> response.status(204).send();
            default -> response.status(404).send("no");
        }
    };

    static List<String> transports() {
        return Cli.transports();
    }

    private static HttpServer serve(HttpHandler handler, HttpLimits limits) throws IOException {
        return HttpServer.builder("http://127.0.0.1:0")
                .handler(handler)
                .limits(limits)
                .start();
    }

    private static Cli.Ended bench(String uri, String... options) throws Exception {
        final List<String> args = new ArrayList<>(List.of("bench", uri, "--json"));
        args.addAll(List.of(options));
        return Cli.run(args.toArray(String[]::new));
    }

    private static JsonNode good(Cli.Ended ended) {
        assertThat(ended.err()).isEmpty();
        assertThat(ended.exitCode()).isZero();
        final JsonNode result = JsonMapper.shared().readTree(ended.out());
        assertThat(result.get("ok").asBoolean()).isTrue();
        assertThat(result.get("errors").isEmpty()).isTrue();
        assertThat(result.get("unanswered").asLong()).isZero();
        return result;
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldGetAPageOverAndOver(String transport) throws Exception {
        try (HttpServer server = serve(PAGE, HttpLimits.DEFAULT)) {
            for (String target : new String[] {"/page?q=1", "/stream", "/empty"}) {
                final String uri = server.uri() + target;
                final JsonNode result = good(bench(
                        uri,
                        "--transport",
                        transport,
                        "--loops",
                        "2",
                        "--in-flight",
                        "3",
                        "--duration",
                        "0.3",
                        "--warmup",
                        "0"));
                assertThat(result.get("uri").asString()).isEqualTo(uri);
                assertThat(result.get("messages").asLong()).isPositive();
                assertThat(result.get("size_bytes")).isNull();
                assertThat(result.get("bytes_per_s").asDouble()).isPositive();
            }
        }
    }

    @Test
    void shouldGetPagesOverTls() throws Exception {
        try (HttpServer server = HttpServer.builder("https://127.0.0.1:0")
                .tls(Tls.server().identity(Tls.selfSigned()).build())
                .handler(PAGE)
                .start()) {
            final JsonNode result =
                    good(bench(server.uri() + "/page?q=1", "--insecure", "--requests", "20", "--connections", "3"));
            assertThat(result.get("messages").asLong()).isEqualTo(60);
            assertThat(bench(server.uri() + "/page?q=1", "--requests", "1").exitCode())
                    .isEqualTo(1);
        }
    }

    @Test
    void shouldKeepToARate() throws Exception {
        try (HttpServer server = serve(PAGE, HttpLimits.DEFAULT)) {
            final JsonNode result = good(bench(server.uri() + "/page?q=1", "--rate", "500", "--requests", "10"));
            assertThat(result.get("messages").asLong()).isEqualTo(160);
            assertThat(result.get("rate").asDouble()).isEqualTo(500);
        }
    }

    /** What was sent behind the last answer of a connection is sent again. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void shouldGoOnOnAnotherConnection(int inFlight) throws Exception {
        final AtomicInteger served = new AtomicInteger();
        final HttpHandler counting = (request, response) -> {
            served.incrementAndGet();
            PAGE.handle(request, response);
        };
        try (HttpServer server = serve(counting, HttpLimits.DEFAULT.withRequestsPerConnection(7))) {
            final JsonNode result = good(bench(
                    server.uri() + "/page?q=1",
                    "--requests",
                    "100",
                    "--connections",
                    "5",
                    "--in-flight",
                    "" + inFlight,
                    "--loops",
                    "2"));
            assertThat(result.get("verified_messages").asLong()).isEqualTo(500);
            assertThat(served).hasValue(500);
        }
    }

    @Test
    void shouldCountOtherStatusesAsErrors() throws Exception {
        try (HttpServer server = serve(PAGE, HttpLimits.DEFAULT)) {
            final Cli.Ended ended = bench(server.uri() + "/missing", "--requests", "10", "--connections", "2");
            assertThat(ended.exitCode()).isEqualTo(1);
            assertThat(ended.err()).contains("status 404");
            final JsonNode result = JsonMapper.shared().readTree(ended.out());
            assertThat(result.get("errors").get("status 404").asLong()).isEqualTo(20);
            assertThat(result.get("verified_messages").asLong()).isZero();
        }
    }

    @Test
    void shouldTellThatItIsNoHttp() throws Exception {
        try (Engine engine = Engine.builder().loops(1).start();
                var echo = engine.listen("tcp://127.0.0.1:0", c -> c.writer().append(c.reader()))) {
            final Cli.Ended ended =
                    bench("http://127.0.0.1:" + echo.address().port() + "/", "--requests", "1", "--connections", "1");
            assertThat(ended.exitCode()).isEqualTo(1);
            assertThat(ended.err()).contains("no HTTP", "GET / HTTP/1");
        }
    }

    @Test
    void shouldPrintWhatItDoes() throws Exception {
        try (HttpServer server = serve(PAGE, HttpLimits.DEFAULT)) {
            final Cli.Ended ended = Cli.run("bench", server.uri() + "/empty", "--requests", "10");
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.out())
                    .contains(server.uri() + "/empty", "requests/s", "received", "answered", "p50", "none");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--size=10", "--codec=length4"})
    void shouldRefuseWhatIsForEchoes(String option) throws Exception {
        final Cli.Ended ended = Cli.run("bench", "http://127.0.0.1:1/", option);
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("not for HTTP");
    }
}
