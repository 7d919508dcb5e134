// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import static io.hawser.connection.EngineFixture.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Family;
import io.hawser.connection.Peer;
import io.hawser.connection.Server;
import io.hawser.connection.TestTransport;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The console, to browsers of good and of bad will; the client is the JDK's. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class ConsoleTest {
    private static final String TOKEN = "secret-Of_10~";

    @RegisterExtension
    final EngineFixture engines;

    private final HttpClient client = HttpClient.newHttpClient();
    private Engine engine;
    private Server server;

    ConsoleTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @BeforeEach
    void echo() throws Exception {
        engine = engines.engine();
        server = engines.listen(engine, Family.TCP, c -> c.writer().append(c.reader()));
    }

    @AfterEach
    void shutDown() throws Exception {
        client.shutdownNow();
        // Its own thread closes its sockets, and the fixture counts those that are open.
        assertThat(client.awaitTermination(PATIENCE)).isTrue();
    }

    private ConsoleServer console() throws Exception {
        return engines.closing(Console.of(engine).start("http://127.0.0.1:0"));
    }

    private static HttpRequest.Builder request(ConsoleServer console, String path) {
        return HttpRequest.newBuilder(URI.create(console.uri() + path)).timeout(PATIENCE);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private JsonNode json(ConsoleServer console, String path) throws Exception {
        final HttpResponse<String> response = send(request(console, path));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
        return JsonMapper.shared().readTree(response.body());
    }

    /** What comes when the head of a request is sent as it stands. */
    private static String statusLine(ConsoleServer console, String head) throws Exception {
        final URI uri = URI.create(console.uri());
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
            final String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.ISO_8859_1);
            assertThat(answer).startsWith("HTTP/1.1 ");
            return answer.substring(9);
        }
    }

    @Test
    void shouldServeThePageAndLetItLoadNothingFromElsewhere() throws Exception {
        final ConsoleServer console = console();
        for (String file : List.of("", "console.css", "console.js", "chart.js", "format.js", "table.js", "icon.svg")) {
            final HttpResponse<String> response = send(request(console, file));
            assertThat(response.statusCode()).as(file).isEqualTo(200);
            assertThat(response.body()).as(file).isNotEmpty().doesNotContain("https://");
            assertThat(response.headers().firstValue("Content-Security-Policy"))
                    .hasValueSatisfying(policy -> assertThat(policy).startsWith("default-src 'self';"));
            assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        }
        assertThat(send(request(console, "../module-info.class")).statusCode()).isEqualTo(404);
        assertThat(send(request(console, "Console.class")).statusCode()).isEqualTo(404);
        assertThat(send(request(console, "").DELETE()).statusCode()).isEqualTo(405);
    }

    @Test
    void shouldTellHowTheEngineStands() throws Exception {
        final ConsoleServer console = console();
        final Peer peer = engines.connect(server);
        peer.send("hello").receive(5);
        EngineFixture.until(
                "all is counted", () -> engine.snapshot().loops().getFirst().bytesOut() == 5);

        final JsonNode all = json(console, "api/snapshot?order=AGE&limit=5");
        final JsonNode seen = all.get("engines").get(0);
        assertThat(seen.get("name").asString()).isEqualTo(engine.name());
        assertThat(seen.get("connections").asInt()).isEqualTo(1);
        assertThat(seen.get("loops").get(0).get("bytesIn").asLong()).isEqualTo(5);
        assertThat(seen.get("addresses").get(0).asString())
                .isEqualTo(server.address().toString());
        assertThat(seen.get("limitsHit").get("connections").asLong()).isZero();
        final JsonNode connection = all.get("page").get("connections").get(0);
        assertThat(connection.get("bytesOut").asLong()).isEqualTo(5);
        assertThat(connection.get("tls").asString()).isEmpty();
        assertThat(connection.get("peer").asString())
                .isEqualTo(peer.localAddress().toString().substring(1));

        peer.close();
        EngineFixture.until("it is closed", () -> engine.connectionCount() == 0);
        // The first look asks, and waits for the answer.
        EngineFixture.until("the close is told", () -> {
            try {
                return json(console, "api/snapshot")
                                .get("engines")
                                .get(0)
                                .get("recentCloses")
                                .size()
                        == 1;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(json(console, "api/connections?engine=0").get("total").asLong())
                .isZero();
    }

    @Test
    void shouldRefuseWhatIsNoQuery() throws Exception {
        final ConsoleServer console = console();
        for (String query : List.of("order=NONE", "limit=0", "limit=1001", "offset=-1", "engine=1", "engine=x")) {
            assertThat(send(request(console, "api/connections?" + query)).statusCode())
                    .as(query)
                    .isEqualTo(400);
        }
        assertThat(statusLine(console, "GET /api/connections?filter=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .isEqualTo("400");
    }

    @Test
    void shouldCloseAConnection() throws Exception {
        final ConsoleServer console = console();
        final Peer peer = engines.connect(server);
        peer.send("x").receive(1);
        final long id = json(console, "api/connections")
                .get("connections")
                .get(0)
                .get("id")
                .asLong();
        final var close = request(console, "api/close?id=" + id).POST(HttpRequest.BodyPublishers.noBody());

        // A form of somebody else's page cannot set the field, and its script may not.
        assertThat(send(close.copy()).statusCode()).isEqualTo(403);
        final URI uri = URI.create(console.uri());
        assertThat(
                        statusLine(
                                console,
                                "POST /api/close?id=" + id + " HTTP/1.1\r\nHost: " + uri.getAuthority()
                                        + "\r\nOrigin: http://evil.example\r\nX-Hawser-Console: close\r\nContent-Length: 0\r\n\r\n"))
                .isEqualTo("403");
        assertThat(send(request(console, "api/close?id=" + id).header("X-Hawser-Console", "close"))
                        .statusCode())
                .isEqualTo(405);
        assertThat(peer.send("y").receiveText(1)).isEqualTo("y");

        assertThat(send(close.copy().header("X-Hawser-Console", "close")).statusCode())
                .isEqualTo(204);
        peer.expectEnd();
        peer.close();
        EngineFixture.until("it is gone", () -> engine.connectionCount() == 0);
        assertThat(send(close.copy().header("X-Hawser-Console", "close")).statusCode())
                .isEqualTo(404);
    }

    @Test
    void shouldAnswerOnlyToNamesOfThisMachine() throws Exception {
        final ConsoleServer console = console();
        final String port = ":" + URI.create(console.uri()).getPort();
        for (String host : List.of("127.0.0.1" + port, "localhost" + port, "[::1]" + port, "LocalHost", "127.8.9.1")) {
            assertThat(statusLine(console, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
                    .as(host)
                    .isEqualTo("200");
        }
        for (String host : List.of(
                "evil.example",
                "evil.example" + port,
                "127.0.0.1.evil.example",
                "192.0.2.1" + port,
                "localhost.evil")) {
            assertThat(statusLine(console, "GET /api/snapshot HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
                    .as(host)
                    .isEqualTo("403");
        }
        final ConsoleServer named =
                engines.closing(Console.of(engine).withHosts("Console.Example").start("http://127.0.0.1:0"));
        assertThat(statusLine(named, "GET / HTTP/1.1\r\nHost: console.example:8443\r\n\r\n"))
                .isEqualTo("200");
        assertThat(statusLine(named, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"))
                .isEqualTo("403");
    }

    @Test
    void shouldAskForItsToken() throws Exception {
        final ConsoleServer console =
                engines.closing(Console.of(engine).withToken(TOKEN).start("http://127.0.0.1:0"));
        assertThat(console.pageUri()).isEqualTo(console.uri() + "?token=" + TOKEN);
        for (String path : List.of(
                "",
                "api/snapshot",
                "console.js",
                "ws",
                "?token=wrong-token",
                "?token=",
                "api/snapshot?token=" + TOKEN)) {
            assertThat(send(request(console, path)).statusCode()).as(path).isEqualTo(401);
        }
        assertThat(send(request(console, "api/snapshot").header("Authorization", "Bearer " + TOKEN))
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(request(console, "api/snapshot").header("Authorization", "Bearer " + TOKEN + "x"))
                        .statusCode())
                .isEqualTo(401);
        assertThat(send(request(console, "api/snapshot").header("Authorization", "Basic " + TOKEN))
                        .statusCode())
                .isEqualTo(401);

        final HttpResponse<String> login = send(request(console, "?token=" + TOKEN));
        assertThat(login.statusCode()).isEqualTo(303);
        assertThat(login.headers().firstValue("Location")).hasValue("./");
        final String cookie = login.headers().firstValue("Set-Cookie").orElseThrow();
        assertThat(cookie).contains("; HttpOnly", "; SameSite=Strict", "; Path=/");
        final String pair = cookie.substring(0, cookie.indexOf(';'));
        assertThat(send(request(console, "").header("Cookie", "a=b; " + pair)).statusCode())
                .isEqualTo(200);
        assertThat(send(request(console, "").header("Cookie", "x" + pair)).statusCode())
                .isEqualTo(401);
    }

    @Test
    void shouldServeOtherMachinesOnlyWithAToken() throws Exception {
        for (String uri : List.of("http://0.0.0.0:0", "https://0.0.0.0:0", "http://[::]:0", "http://:0")) {
            assertThatThrownBy(() -> Console.of(engine).start(uri))
                    .as(uri)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("token");
        }
        assertThatThrownBy(() -> Console.of(engine).withToken("short")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Console.of(engine).withToken("with a; semicolon"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Console.of(List.of())).isInstanceOf(IllegalArgumentException.class);
        engines.closing(Console.of(engine).withToken(TOKEN).start("http://0.0.0.0:0"));
    }

    // ---- the WebSocket

    /** What comes, message by message. */
    private static final class Messages implements WebSocket.Listener {
        final BlockingQueue<String> whole = new LinkedBlockingQueue<>();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private final StringBuilder part = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            part.append(data);
            if (last) {
                whole.add(part.toString());
                part.setLength(0);
            }
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }

        JsonNode next() throws InterruptedException {
            final String message = whole.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(message).as("a message").isNotNull();
            return JsonMapper.shared().readTree(message);
        }
    }

    private WebSocket open(ConsoleServer console, Messages messages, String origin) throws Exception {
        return EngineFixture.await(client.newWebSocketBuilder()
                .header("Origin", origin)
                .buildAsync(URI.create(console.uri().replace("http:", "ws:") + "ws"), messages));
    }

    private static String origin(ConsoleServer console) {
        return console.uri().substring(0, console.uri().length() - 1);
    }

    @Test
    void shouldSendHowThingsStandAgainAndAgain() throws Exception {
        final ConsoleServer console = console();
        final Messages messages = new Messages();
        final WebSocket socket = open(console, messages, origin(console));
        socket.sendText("order=ID&descending=false&limit=2", true).join();
        assertThat(messages.next().get("page").get("total").asLong()).isZero();
        final Peer first = engines.connect(server);
        first.send("x").receive(1);
        engines.connect(server).send("x").receive(1);
        engines.connect(server).send("x").receive(1);
        // It comes by itself.
        JsonNode seen = messages.next();
        while (seen.get("page").get("total").asLong() < 3) {
            seen = messages.next();
        }
        assertThat(StreamSupport.stream(seen.get("page").get("connections").spliterator(), false)
                        .mapToLong(c -> c.get("id").asLong()))
                .isSorted()
                .hasSize(2);
        assertThat(seen.get("engines").get(0).get("connections").asInt()).isEqualTo(3);

        // Another question is answered at once.
        socket.sendText("order=ID&descending=true&offset=2&limit=2&filter=127.0.0.1", true)
                .join();
        JsonNode other = messages.next();
        while (other.get("page").get("offset").asLong() != 2) {
            other = messages.next();
        }
        assertThat(other.get("page").get("connections").size()).isEqualTo(1);
        socket.abort();
    }

    @Test
    void shouldEndTheWebSocketOfWhoAsksForNonsense() throws Exception {
        final ConsoleServer console = console();
        final Messages messages = new Messages();
        final WebSocket socket = open(console, messages, origin(console));
        socket.sendText("limit=1000000", true).join();
        try {
            assertThat(EngineFixture.await(messages.closed)).isNotEqualTo(WebSocket.NORMAL_CLOSURE);
        } catch (ExecutionException _) {
            // That way, too.
        }
    }

    @Test
    void shouldOpenNoWebSocketForPagesOfOthers() throws Exception {
        final ConsoleServer console = console();
        assertThatThrownBy(() -> open(console, new Messages(), "http://evil.example"))
                .hasCauseInstanceOf(WebSocketHandshakeException.class)
                .satisfies(failure -> assertThat(((WebSocketHandshakeException) failure.getCause())
                                .getResponse()
                                .statusCode())
                        .isEqualTo(403));
    }

    @Test
    void shouldTellOfALoopThatIsHeldUp() throws Exception {
        final ConsoleServer console = console();
        final CountDownLatch release = EngineFixture.block(engine.loops().getFirst());
        try {
            EngineFixture.until("it is seen", () -> {
                try {
                    return json(console, "api/snapshot?limit=1")
                                    .get("engines")
                                    .get(0)
                                    .get("loops")
                                    .get(0)
                                    .get("lagNs")
                                    .asLong()
                            > 20_000_000;
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
        } finally {
            release.countDown();
        }
    }
}
