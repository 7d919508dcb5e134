// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.EngineFixture;
import io.hawser.connection.TestTransport;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestTransport.class)
final class HttpClientTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final int MEBIBYTE = 1 << 20;

    @RegisterExtension
    final EngineFixture engines;

    private HttpClient client;

    HttpClientTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @BeforeEach
    void setUp() throws Exception {
        client = engines.closing(HttpClient.of(engines.engine()));
    }

    private HttpClient client(UnaryOperator<HttpClient.Builder> options) throws Exception {
        return engines.closing(
                options.apply(HttpClient.builder(engines.engine())).build());
    }

    private ScriptedServer server(ScriptedServer.Script script) throws IOException {
        return engines.closing(new ScriptedServer(script));
    }

    private ScriptedServer answering(String response) throws IOException {
        return engines.closing(ScriptedServer.answering(response));
    }

    private String get(ScriptedServer server) throws IOException {
        return client.send(ClientRequest.get(server.uri("/"))).string(MEBIBYTE);
    }

    // ---- exchanges

    @Test
    void shouldSendAndReceiveOverOneConnection() throws Exception {
        final ScriptedServer server = answering(OK);
        for (int i = 0; i < 3; i++) {
            final ClientResponse response =
                    client.send(ClientRequest.get(server.uri("/a%20b?c=d#e")).header("X-Y", "z"));
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.version()).isEqualTo(HttpVersion.HTTP_1_1);
            assertThat(response.string(10)).isEqualTo("ok");
        }
        assertThat(server.connections()).isEqualTo(1);
        assertThat(server.heads())
                .containsOnly("GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:" + server.port() + "\r\nX-Y: z\r\n\r\n");
    }

    @Test
    void shouldReadChunksAndTrailersHoweverTheyAreCut() throws Exception {
        final byte[] response = String.join(
                        "\r\n",
                        "HTTP/1.1 200 OK",
                        "Transfer-Encoding: Chunked",
                        "Trailer: X-Sum",
                        "",
                        "4;x=\"y\"",
                        "wiki",
                        "5",
                        "pedia",
                        "0",
                        "X-Sum: 9",
                        "",
                        "")
                .getBytes(StandardCharsets.US_ASCII);
        final ScriptedServer server = server(link -> {
            link.readHead();
            for (byte b : response) {
                link.send(new byte[] {b});
            }
            link.readHead();
            link.send(response);
            link.awaitEnd();
        });
        for (int i = 0; i < 2; i++) {
            final ClientResponse answer = client.send(ClientRequest.get(server.uri("/")));
            assertThat(answer.trailers().isEmpty()).isTrue();
            assertThat(answer.string(100)).isEqualTo("wikipedia");
            assertThat(answer.trailers().first("X-Sum")).contains("9");
        }
        assertThat(server.connections()).isEqualTo(1);
    }

    @Test
    void shouldReadToTheEndOfAConnection() throws Exception {
        final ScriptedServer server = server(link -> {
            link.readHead();
            link.send("HTTP/1.0 200 OK\r\n\r\nall of it");
        });
        assertThat(get(server)).isEqualTo("all of it");
        assertThat(get(server)).isEqualTo("all of it");
        assertThat(server.connections()).isEqualTo(2);
    }

    @Test
    void shouldSendABodyOfAnyLengthInChunks() throws Exception {
        final byte[] block = new byte[50_000];
        final CompletableFuture<Long> received = new CompletableFuture<>();
        final ScriptedServer server = server(link -> {
            link.readHead();
            long total = 0;
            for (int size = chunk(link); size > 0; size = chunk(link)) {
                link.readBytes(size);
                link.readUntil("\r\n");
                total += size;
            }
            link.readUntil("\r\n");
            received.complete(total);
            link.send(OK);
            link.awaitEnd();
        });
        final ClientRequest request = ClientRequest.of("POST", server.uri("/")).body(out -> {
            for (int i = 0; i < 100; i++) {
                out.write(block);
            }
            out.write('x');
        });
        assertThat(client.send(request).string(10)).isEqualTo("ok");
        assertThat(EngineFixture.await(received)).isEqualTo(100 * block.length + 1);
        assertThat(server.heads().getFirst())
                .contains("Transfer-Encoding: chunked\r\n")
                .doesNotContain("Content-Length");
    }

    private static int chunk(ScriptedServer.Link link) throws IOException {
        return Integer.parseInt(link.readUntil("\r\n").strip(), 16);
    }

    @Test
    void shouldSendABodyOfKnownLengthAndInsistOnIt() throws Exception {
        final ScriptedServer server = server(link -> {
            link.readHead();
            link.readBytes(5);
            link.send(OK);
            link.awaitEnd();
        });
        assertThat(client.send(ClientRequest.post(server.uri("/"), "hého")).string(10))
                .isEqualTo("ok");
        assertThat(server.heads().getFirst())
                .contains("Content-Length: 5\r\n", "Content-Type: text/plain; charset=utf-8\r\n");
        for (String body : List.of("four", "sixsix")) {
            assertThatThrownBy(() -> client.send(ClientRequest.of("POST", server.uri("/"))
                            .body(5, out -> out.write(body.getBytes(StandardCharsets.US_ASCII)))))
                    .isInstanceOf(ProtocolException.class);
        }
        assertThat(client.connections()).isZero();
    }

    @Test
    void shouldHaveNoBodyWhereThereCanBeNone() throws Exception {
        final List<String> answers = List.of(
                "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n");
        final List<String> methods = List.of("HEAD", "GET", "GET");
        final ScriptedServer server = server(link -> {
            for (String answer : answers) {
                link.readHead();
                link.send(answer);
            }
            link.awaitEnd();
        });
        for (String method : methods) {
            assertThat(client.send(ClientRequest.of(method, server.uri("/"))).bytes(1))
                    .isEmpty();
        }
        assertThat(server.connections()).isEqualTo(1);
    }

    @Test
    void shouldStreamALargeResponse() throws Exception {
        final int length = 20 * MEBIBYTE;
        final ScriptedServer server = server(link -> {
            link.readHead();
            link.send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
            final byte[] block = new byte[MEBIBYTE];
            for (int i = 0; i < length / block.length; i++) {
                link.send(block);
            }
            link.readHead();
            link.send(OK);
        });
        try (ClientResponse response = client.send(ClientRequest.get(server.uri("/")))) {
            assertThat(response.body().transferTo(java.io.OutputStream.nullOutputStream()))
                    .isEqualTo(length);
        }
        assertThat(get(server)).isEqualTo("ok");
        assertThat(server.connections()).isEqualTo(1);
    }

    @Test
    void shouldWaitForTheServerToWantABody() throws Exception {
        final ScriptedServer server = server(link -> {
            link.readHead();
            link.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
            link.readBytes(4);
            link.send(OK);
            link.readHead();
            link.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
            link.awaitEnd();
        });
        assertThat(client.send(ClientRequest.post(server.uri("/"), "body").expectContinue())
                        .string(10))
                .isEqualTo("ok");
        final ClientResponse refused = client.send(ClientRequest.of("POST", server.uri("/"))
                .body(out -> {
                    throw new AssertionError("The body is not wanted");
                })
                .expectContinue());
        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.string(10)).isEqualTo("no");
        assertThat(client.connections()).isZero();
        assertThat(server.heads()).allMatch(head -> head.contains("Expect: 100-continue\r\n"));
    }

    @Test
    void shouldTakeAnAnswerThatComesBeforeTheBodyIsSent() throws Exception {
        final CountDownLatch answered = new CountDownLatch(1);
        final ScriptedServer server = server(link -> {
            link.readHead();
            link.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
            answered.countDown();
            link.awaitEnd();
        });
        final ClientResponse response =
                client.send(ClientRequest.of("POST", server.uri("/")).body(out -> {
                    out.flush();
                    awaitQuietly(answered);
                    final byte[] block = new byte[64 << 10];
                    while (true) {
                        out.write(block);
                    }
                }));
        assertThat(response.status()).isEqualTo(413);
        assertThat(response.string(10)).isEqualTo("no");
        assertThat(client.connections()).isZero();
    }

    // ---- the pool

    @Test
    void shouldNotUseAConnectionAgainWhoseResponseWasNotRead() throws Exception {
        final ScriptedServer server = answering(OK);
        client.send(ClientRequest.get(server.uri("/"))).close();
        assertThat(client.connections()).isZero();
        assertThat(get(server)).isEqualTo("ok");
        assertThat(server.connections()).isEqualTo(2);
    }

    @Test
    void shouldNotTakeWhatStandsBehindAResponseForTheNext() throws Exception {
        final ScriptedServer server = answering(OK + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        for (int i = 0; i < 3; i++) {
            assertThat(get(server)).isEqualTo("ok");
        }
        assertThat(server.connections()).isEqualTo(3);
    }

    @Test
    void shouldNotTakeWhatComesLaterForTheNext() throws Exception {
        final CountDownLatch read = new CountDownLatch(1);
        final CountDownLatch said = new CountDownLatch(1);
        final ScriptedServer server = server(link -> {
            link.readHead();
            link.send(OK);
            if (link.number() == 0) {
                awaitQuietly(read);
                link.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                said.countDown();
            }
            link.awaitEnd();
        });
        assertThat(get(server)).isEqualTo("ok");
        read.countDown();
        said.await();
        // Through the same loop, which has received it when this answer comes.
        final ScriptedServer other = answering(OK);
        assertThat(get(other)).isEqualTo("ok");
        assertThat(get(other)).isEqualTo("ok");
        assertThat(get(server)).isEqualTo("ok");
        assertThat(server.connections()).isEqualTo(2);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void shouldDialAgainWhereTheServerHasClosedAKeptConnection() throws Exception {
        final ScriptedServer server = server(link -> {
            link.readHead();
            link.send(OK);
        });
        for (int i = 0; i < 5; i++) {
            assertThat(get(server)).isEqualTo("ok");
        }
        assertThat(server.connections()).isEqualTo(5);
    }

    @Test
    void shouldTryAnIdempotentRequestOnceMoreIfTheServerClosesWithoutAnAnswer() throws Exception {
        final ScriptedServer server = server(link -> {
            link.readHead();
            link.send(OK);
            // It closes when it sees the next one, as if it had been about to close anyway.
            link.readHead();
        });
        assertThat(get(server)).isEqualTo("ok");
        assertThat(get(server)).isEqualTo("ok");
        assertThat(server.connections()).isEqualTo(2);
        assertThatThrownBy(() -> client.send(ClientRequest.post(server.uri("/"), "x")))
                .isInstanceOf(IOException.class);
        assertThat(server.connections()).isEqualTo(2);
    }

    @Test
    void shouldNotTryAgainOnAConnectionThatWasNew() throws Exception {
        final ScriptedServer server = server(ScriptedServer.Link::readHead);
        assertThatThrownBy(() -> get(server)).isInstanceOf(IOException.class);
        assertThat(server.connections()).isEqualTo(1);
        assertThat(client.connections()).isZero();
    }

    @Test
    void shouldWaitForAConnectionWhereAllAreInUse() throws Exception {
        final HttpClient narrow =
                client(builder -> builder.connectionsPerOrigin(2).connectTimeout(EngineFixture.PATIENCE));
        final AtomicInteger concurrent = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        final ScriptedServer server = server(link -> {
            while (true) {
                link.readHead();
                most.accumulateAndGet(concurrent.incrementAndGet(), Math::max);
                concurrent.decrementAndGet();
                link.send(OK);
            }
        });
        final List<CompletableFuture<ClientResponse>> all = new ArrayList<>();
        final AtomicInteger read = new AtomicInteger();
        for (int i = 0; i < 20; i++) {
            all.add(narrow.sendAsync(ClientRequest.get(server.uri("/"))));
            all.set(i, all.get(i).whenComplete((response, _) -> {
                try {
                    read.addAndGet(response.bytes(10).length);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }));
        }
        for (CompletableFuture<ClientResponse> one : all) {
            EngineFixture.await(one);
        }
        assertThat(read.get()).isEqualTo(40);
        assertThat(server.connections()).isLessThanOrEqualTo(2);
        assertThat(most.get()).isLessThanOrEqualTo(2);
    }

    @Test
    void shouldGiveUpWaitingForAConnection() throws Exception {
        final HttpClient narrow =
                client(builder -> builder.connectionsPerOrigin(1).connectTimeout(Duration.ofMillis(50)));
        final ScriptedServer server = answering(OK);
        try (ClientResponse held = narrow.send(ClientRequest.get(server.uri("/")))) {
            assertThat(held.status()).isEqualTo(200);
            assertThatThrownBy(() -> narrow.send(ClientRequest.get(server.uri("/"))))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("stayed busy");
        }
    }

    @Test
    void shouldCloseConnectionsThatNobodyUses() throws Exception {
        final HttpClient brief = client(builder -> builder.idleTimeout(Duration.ofMillis(20)));
        final ScriptedServer server = answering(OK);
        assertThat(brief.send(ClientRequest.get(server.uri("/"))).string(10)).isEqualTo("ok");
        EngineFixture.until("the end of the idle connection", () -> brief.connections() == 0);
    }

    @Test
    void shouldCloseConnectionsThatTheServerHasClosed() throws Exception {
        final CountDownLatch read = new CountDownLatch(1);
        final ScriptedServer server = server(link -> {
            link.readHead();
            link.send(OK);
            awaitQuietly(read);
        });
        assertThat(get(server)).isEqualTo("ok");
        assertThat(client.connections()).isEqualTo(1);
        read.countDown();
        EngineFixture.until("the end of the idle connection", () -> client.connections() == 0);
    }

    @Test
    void shouldSendNothingWhenClosed() throws Exception {
        final ScriptedServer server = answering(OK);
        assertThat(get(server)).isEqualTo("ok");
        client.close();
        assertThat(client.connections()).isZero();
        assertThatThrownBy(() -> get(server)).isInstanceOf(IOException.class).hasMessageContaining("closed");
    }

    // ---- time

    @Test
    void shouldBoundEachWait() throws Exception {
        final HttpClient hasty =
                client(builder -> builder.responseTimeout(Duration.ofMillis(50)).readTimeout(Duration.ofMillis(50)));
        final ScriptedServer silent = server(ScriptedServer.Link::awaitEnd);
        final ScriptedServer stalled = server(link -> {
            link.readHead();
            link.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nst");
            link.awaitEnd();
        });
        assertThatThrownBy(() -> hasty.send(ClientRequest.get(silent.uri("/"))))
                .isInstanceOf(SocketTimeoutException.class);
        assertThatThrownBy(() -> hasty.send(ClientRequest.get(stalled.uri("/"))).bytes(10))
                .isInstanceOf(SocketTimeoutException.class);
        assertThat(hasty.connections()).isZero();
    }

    @Test
    void shouldBoundTheWholeHoweverSteadilyItDribbles() throws Exception {
        final HttpClient patient = client(builder -> builder.callTimeout(Duration.ofMillis(100)));
        final ScriptedServer dribbling = server(link -> {
            link.readHead();
            link.send("HTTP/1.1 200 OK\r\n\r\n");
            while (true) {
                link.send("x");
                java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
            }
        });
        assertThatThrownBy(() ->
                        patient.send(ClientRequest.get(dribbling.uri("/"))).bytes(MEBIBYTE))
                .isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void shouldEndAnExchangeThatIsCancelled() throws Exception {
        final CompletableFuture<Void> ended = new CompletableFuture<>();
        final CountDownLatch asked = new CountDownLatch(1);
        final ScriptedServer server = server(link -> {
            link.readHead();
            asked.countDown();
            try {
                link.awaitEnd();
            } finally {
                ended.complete(null);
            }
        });
        final CompletableFuture<ClientResponse> call = client.sendAsync(ClientRequest.get(server.uri("/")));
        asked.await();
        call.cancel(true);
        assertThatThrownBy(call::join).isInstanceOf(CancellationException.class);
        EngineFixture.await(ended);
        EngineFixture.until("the connection is gone", () -> client.connections() == 0);
    }

    // ---- redirections

    @Test
    void shouldFollowRedirectionsWhenAsked() throws Exception {
        final ScriptedServer server = server(link -> {
            while (true) {
                final String head = link.readHead();
                if (head.startsWith("POST")) {
                    link.readBytes(4);
                }
                link.send(
                        head.contains(" /end ")
                                ? OK
                                : "HTTP/1.1 302 Found\r\nLocation: end\r\nContent-Length: 3\r\n\r\nxyz");
            }
        });
        assertThat(client.send(ClientRequest.get(server.uri("/start"))).status())
                .isEqualTo(302);
        final HttpClient following = client(builder -> builder.redirects(3));
        final ClientResponse response =
                following.send(ClientRequest.post(server.uri("/start"), "form").header("Authorization", "Basic eA=="));
        assertThat(response.string(10)).isEqualTo("ok");
        assertThat(response.uri()).hasToString(server.uri("/end"));
        assertThat(server.heads().getLast())
                .startsWith("GET /end ")
                .contains("Authorization: Basic eA==")
                .doesNotContain("Content-");
    }

    @Test
    void shouldTakeNoSecretsToAnotherOrigin() throws Exception {
        final ScriptedServer other = answering(OK);
        final ScriptedServer server =
                answering("HTTP/1.1 307 Over There\r\nLocation: " + other.uri("/x") + "\r\nContent-Length: 0\r\n\r\n");
        final HttpClient following = client(builder -> builder.redirects(3));
        following
                .send(ClientRequest.get(server.uri("/"))
                        .header("Authorization", "secret")
                        .header("Cookie", "a=secret")
                        .header("Proxy-Authorization", "secret")
                        .header("Accept", "text/plain"))
                .close();
        assertThat(other.heads().getFirst())
                .contains("Accept: text/plain", "Host: 127.0.0.1:" + other.port())
                .doesNotContain("secret");
    }

    @Test
    void shouldSendABodyAgainOnlyIfItCan() throws Exception {
        final ScriptedServer server = server(link -> {
            while (true) {
                final String head = link.readHead();
                link.readBytes(4);
                link.send(
                        head.contains(" /end ") ? OK : "HTTP/1.1 308 X\r\nLocation: /end\r\nContent-Length: 0\r\n\r\n");
            }
        });
        final HttpClient following = client(builder -> builder.redirects(3));
        assertThat(following.send(ClientRequest.post(server.uri("/"), "form")).string(10))
                .isEqualTo("ok");
        assertThat(server.heads().getLast()).startsWith("POST /end ");
        try (ClientResponse kept =
                following.send(ClientRequest.post(server.uri("/"), "form").once())) {
            assertThat(kept.status()).isEqualTo(308);
        }
    }

    @Test
    void shouldEndACircle() throws Exception {
        final ScriptedServer server = answering("HTTP/1.1 301 Round\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
        final HttpClient following = client(builder -> builder.redirects(3));
        assertThatThrownBy(() -> following.send(ClientRequest.get(server.uri("/"))))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("more than 3 times");
        assertThat(server.heads()).hasSize(4);
    }

    @Test
    void shouldFollowNoRedirectionThatLeadsNowhere() throws Exception {
        final HttpClient following = client(builder -> builder.redirects(3));
        for (String location : List.of(
                "file:///etc/passwd",
                "http://",
                "http://user:pw@h/",
                "http://h:99999/",
                "x y",
                "javascript:alert(1)",
                "http://a b/")) {
            final ScriptedServer server =
                    answering("HTTP/1.1 302 X\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n");
            assertThat(following.send(ClientRequest.get(server.uri("/"))).status())
                    .as(location)
                    .isEqualTo(302);
        }
    }

    // ---- hostile servers

    @Test
    void shouldRefuseResponsesThatCanBeReadInTwoWays() throws Exception {
        for (String response : List.of(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
                "HTTP/1.1 200 OK\r\nA: b\rContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nA\r\nContent-Length: 2\r\n\r\nok",
                "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok",
                "SSH-2.0-OpenSSH\r\n",
                "HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000004\r\nok",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokX\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nok\r\n0\r\n\r\n")) {
            final ScriptedServer server = server(link -> {
                link.readHead();
                link.send(response);
            });
            assertThatThrownBy(() -> get(server))
                    .as(Quoted.of(response))
                    .isInstanceOfAny(ProtocolException.class, EOFException.class);
            assertThat(client.connections()).isZero();
            server.close();
        }
    }

    @Test
    void shouldBoundHeadsAndInterimResponses() throws Exception {
        for (String response : List.of(
                "HTTP/1.1 200 OK\r\nA: " + "b".repeat(100_000),
                "HTTP/1.1 200 " + "O".repeat(100_000),
                "HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(101) + "\r\n",
                "HTTP/1.1 100 Continue\r\n\r\n".repeat(17),
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + "A: b\r\n".repeat(101) + "\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + "x".repeat(100_000) + "\r\n")) {
            final ScriptedServer server = server(link -> {
                link.readHead();
                link.send(response);
                link.awaitEnd();
            });
            assertThatThrownBy(() -> get(server)).isInstanceOf(ProtocolException.class);
            assertThat(client.connections()).isZero();
        }
    }

    @Test
    void shouldTellAnEndInTheMiddle() throws Exception {
        for (String response : List.of(
                "HTTP/1.1 200 OK\r\nContent-Le",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")) {
            final ScriptedServer server = server(link -> {
                link.readHead();
                link.send(response);
            });
            assertThatThrownBy(() -> get(server)).isInstanceOf(EOFException.class);
        }
        final ScriptedServer resetting = server(link -> {
            link.readHead();
            link.reset();
        });
        assertThatThrownBy(() -> get(resetting)).isInstanceOf(IOException.class);
        assertThat(client.connections()).isZero();
    }

    @Test
    void shouldInflateWithinBounds() throws Exception {
        final HttpClient inflating = client(builder -> builder.decompress(true).inflationLimits(4 * MEBIBYTE, 200));
        final byte[] small = gzip("text".repeat(100).getBytes(StandardCharsets.US_ASCII));
        final byte[] bomb = gzip(new byte[3 * MEBIBYTE]);
        final ScriptedServer server = server(link -> {
            while (true) {
                final byte[] body = link.readHead().contains(" /bomb ") ? bomb : small;
                link.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + body.length + "\r\n\r\n");
                link.send(body);
            }
        });
        for (int i = 0; i < 2; i++) {
            final ClientResponse response = inflating.send(ClientRequest.get(server.uri("/")));
            assertThat(response.headers().contains("Content-Encoding")).isFalse();
            assertThat(response.string(MEBIBYTE)).isEqualTo("text".repeat(100));
        }
        assertThat(server.connections()).isEqualTo(1);
        assertThat(server.heads().getFirst()).contains("Accept-Encoding: gzip, deflate\r\n");
        final ClientResponse response = inflating.send(ClientRequest.get(server.uri("/bomb")));
        final InputStream body = response.body();
        assertThatThrownBy(() -> body.transferTo(java.io.OutputStream.nullOutputStream()))
                .isInstanceOf(InflationException.class);
        response.close();
        assertThat(client.send(ClientRequest.get(server.uri("/"))).bytes(MEBIBYTE))
                .isEqualTo(small);
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        final ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(plain);
        }
        return packed.toByteArray();
    }

    @Test
    void shouldRefuseWhatCouldBreakOutOfARequest() {
        assertThatThrownBy(() -> ClientRequest.get("http://h/a b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ClientRequest.get("http://h/\r\nX: y")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ClientRequest.get("http://u:p@h/")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ClientRequest.get("ftp://h/")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ClientRequest.get("/path")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ClientRequest.of("GE T", "http://h/")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ClientRequest.get("http://h/").header("A", "b\r\nC: d"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldLeaveOutFieldsThatAreItsOwn() throws Exception {
        final ScriptedServer server = answering(OK);
        client.send(ClientRequest.get(server.uri("/é"))
                        .header("Content-Length", "5")
                        .header("Transfer-Encoding", "chunked")
                        .header("Connection", "upgrade")
                        .header("Host", "other.example"))
                .close();
        assertThat(server.heads()).containsExactly("GET /%C3%A9 HTTP/1.1\r\nHost: other.example\r\n\r\n");
    }
}
