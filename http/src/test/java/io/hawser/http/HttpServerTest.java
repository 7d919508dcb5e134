// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.EngineState;
import io.hawser.connection.Payload;
import io.hawser.connection.Peer;
import io.hawser.connection.ServerOptions;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server does with requests that are in order, in both styles. */
@ParameterizedClass
@MethodSource("io.hawser.http.Style#all")
final class HttpServerTest {
    private static final int MEBIBYTE = 1 << 20;

    private final Style style;

    @RegisterExtension
    final EngineFixture engines;

    HttpServerTest(Style style) {
        this.style = style;
        this.engines = new EngineFixture(style.transport());
    }

    private HttpServer serve(HttpHandler handler) throws IOException {
        return serve(handler, builder -> builder);
    }

    private HttpServer serve(HttpHandler handler, UnaryOperator<HttpServer.Builder> setUp) throws IOException {
        final HttpServer.Builder builder = HttpServer.builder("http://127.0.0.1:0")
                .engine(engines.engine())
                .handler(handler);
        return engines.closing(
                setUp.apply(style.inLoop() ? builder.inLoop() : builder).start());
    }

    private Browser browse(HttpServer server) throws IOException {
        return engines.closing(new Browser(server.address()));
    }

    // ---- requests

    @Test
    void shouldTellWhatWasAsked() throws Exception {
        final Browser browser = browse(serve((request, response) -> response.send(String.join(
                "|",
                request.method(),
                request.target(),
                request.rawPath(),
                request.path(),
                request.query().orElse("-"),
                request.parameter("q").orElse("-"),
                request.parameters().toString(),
                request.version().toString(),
                request.host(),
                request.scheme(),
                request.headers().first("x-two").orElse("-"),
                request.headers().all("X-Two").toString()))));

        browser.send(
                "GET /a%20b/%C3%A9?q=1+2&q=%26&r HTTP/1.1\r\nHost: Example:80\r\nX-Two:  one \r\nx-two: two\r\n\r\n");

        assertThat(browser.answer().text())
                .isEqualTo(
                        "GET|/a%20b/%C3%A9?q=1+2&q=%26&r|/a%20b/%C3%A9|/a b/é|q=1+2&q=%26&r|1 2|{q=[1 2, &], r=[]}|HTTP/1.1"
                                        .replace("r=[]", "r=[]")
                                        .replace("{q=[1 2, &], r=[]}", "{q=[1 2, &], r=[]}")
                                + "|Example:80|http|one|[one, two]");
    }

    @Test
    void shouldTakeAnAbsoluteTargetForItsHost() throws Exception {
        final Browser browser =
                browse(serve((request, response) -> response.send(request.host() + " " + request.path())));

        browser.send("GET http://example.org HTTP/1.1\r\nHost: example.org:80\r\n\r\n");
        assertThat(browser.answer().text()).isEqualTo("example.org /");
        browser.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(browser.answer().text()).isEqualTo("a *");
    }

    @Test
    void shouldIgnoreOneEmptyLineBeforeARequest() throws Exception {
        final Browser browser = browse(serve((request, response) -> response.send(request.path())));

        browser.send("\r\n").get("/a").send("\r\n").get("/b");

        assertThat(browser.answer().text()).isEqualTo("/a");
        assertThat(browser.answer().text()).isEqualTo("/b");
    }

    // ---- answers

    @Test
    void shouldSendAWholeAnswer() throws Exception {
        final Browser browser = browse(serve(
                (request, response) -> response.status(201).header("X-A", "b").send("Grüße"),
                builder -> builder.serverName("Test/1")));

        final Answer answer = browser.get("/").answer();

        assertThat(answer.head())
                .startsWith("HTTP/1.1 201 Created\r\n")
                .contains("\r\nX-A: b\r\n", "\r\nServer: Test/1\r\n", "\r\nContent-Length: 7\r\n")
                .contains("\r\nContent-Type: text/plain; charset=utf-8\r\n")
                .containsPattern("\r\nDate: [A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT\r\n")
                .doesNotContain("Connection", "Transfer-Encoding");
        assertThat(answer.text()).isEqualTo("Grüße");
    }

    @Test
    void shouldAnswerPipelinedRequestsInTheirOrder() throws Exception {
        final Browser browser = browse(serve((request, response) -> response.send(request.path())));
        final StringBuilder all = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            all.append("GET /").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        final CompletableFuture<Void> sent = EngineFixture.async(() -> browser.send(all.toString()));

        for (int i = 0; i < 500; i++) {
            assertThat(browser.answer().text()).isEqualTo("/" + i);
        }
        EngineFixture.await(sent);
    }

    @Test
    void shouldLeaveOutBodiesThatMayNotBe() throws Exception {
        final Browser browser = browse(serve((request, response) -> {
            switch (request.path()) {
                case "/204" -> response.status(204).send("nothing");
                case "/304" ->
                    response.status(304).header("Content-Length", "99").send();
                case "/stream" -> response.writer().writeString("x".repeat(100_000));
                default -> response.send("text");
            }
        }));

        browser.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n")
                .get("/204")
                .get("/304")
                .get("/");

        assertThat(browser.answer(true).head()).contains("\r\nContent-Length: 4\r\n");
        assertThat(browser.answer(true).head()).startsWith("HTTP/1.1 200 ");
        assertThat(browser.answer().head())
                .startsWith("HTTP/1.1 204 ")
                .doesNotContain("Content-Length", "Transfer-Encoding");
        assertThat(browser.answer().head()).contains("\r\nContent-Length: 99\r\n");
        assertThat(browser.answer().text()).isEqualTo("text");
    }

    @Test
    void shouldKeepInterimAnswersApartFromPipelinedOnes() throws Exception {
        final Browser browser = browse(serve((request, response) -> {
            response.inform(103, Headers.of("Link", "</a.css>"));
            response.send("final");
        }));

        browser.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").get("/").send("GET / HTTP/1.0\r\n\r\n");

        assertThat(browser.answer().head()).isEqualTo("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n");
        assertThat(browser.answer(true).head()).contains("200 OK\r\n", "Content-Length: 5\r\n");
        assertThat(browser.answer().status()).isEqualTo(103);
        assertThat(browser.answer().text()).isEqualTo("final");
        assertThat(browser.answer().status())
                .as("to HTTP/1.0, which knows no 103")
                .isEqualTo(200);
    }

    @Test
    void shouldStreamInChunksWithTrailers() throws Exception {
        final Payload payload = Payload.random(1, MEBIBYTE);
        final Browser browser = browse(serve((request, response) -> {
            response.trailers().set("X-Sum", "42");
            try (var out = response.outputStream()) {
                for (int at = 0; at < MEBIBYTE; at += 1000) {
                    out.write(payload.bytes(), at, Math.min(1000, MEBIBYTE - at));
                }
            }
        }));

        final Answer answer = browser.get("/").answer();

        assertThat(answer.head()).contains("\r\nTransfer-Encoding: chunked\r\n").doesNotContain("Content-Length");
        assertThat(answer.body()).isEqualTo(payload.bytes());
        assertThat(answer.trailers()).isEqualTo("X-Sum: 42\r\n");
        assertThat(browser.get("/").answer().status()).isEqualTo(200);
    }

    @Test
    void shouldSendALengthInPlaceOfASingleChunk() throws Exception {
        final Browser browser =
                browse(serve((request, response) -> response.writer().writeString("short")));

        final Answer answer = browser.get("/").answer();

        assertThat(answer.head()).contains("\r\nContent-Length: 5\r\n").doesNotContain("chunked");
        assertThat(answer.text()).isEqualTo("short");
    }

    @Test
    void shouldStreamWithTheLengthThatWasSet() throws Exception {
        final Browser browser = browse(serve((request, response) -> {
            response.header("Content-Length", "10").writer().writeString("01234");
            response.writer().flush();
            response.writer().writeString("56789");
        }));

        final Answer answer = browser.get("/").answer();

        assertThat(answer.head()).contains("\r\nContent-Length: 10\r\n").doesNotContain("chunked");
        assertThat(answer.text()).isEqualTo("0123456789");
    }

    @Test
    void shouldResetWhatDoesNotKeepToItsLength() throws Exception {
        final Browser browser = browse(serve((request, response) -> {
            response.header("Content-Length", "10").writer().writeString("01234");
            response.writer().flush();
        }));

        browser.get("/");

        assertThatThrownBy(browser::answer).isInstanceOf(IOException.class).hasMessageContaining("reset");
    }

    @Test
    void shouldSendAFile() throws Exception {
        final Payload payload = Payload.random(2, 3 * MEBIBYTE);
        final Path file = engines.directory().resolve("file");
        Files.write(file, payload.bytes());
        final Browser browser = browse(serve((request, response) -> {
            if (request.path().equals("/part")) {
                try (var source = request.connection().engine().openFile(file)) {
                    response.sendFile(source, 1000, 5000);
                }
            } else {
                response.sendFile(file);
            }
        }));

        browser.get("/").send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").get("/part");

        assertThat(browser.answer().body()).isEqualTo(payload.bytes());
        assertThat(browser.answer(true).head()).contains("\r\nContent-Length: " + 3 * MEBIBYTE + "\r\n");
        assertThat(browser.answer().body()).isEqualTo(Arrays.copyOfRange(payload.bytes(), 1000, 6000));
    }

    @Test
    void shouldAnswerWithAnErrorWhenTheHandlerFails() throws Exception {
        final Browser browser = browse(serve((request, response) -> {
            switch (request.path()) {
                case "/404" -> throw new HttpException(404, "not there");
                case "/late" -> {
                    response.writer().writeString("part");
                    response.writer().flush();
                    throw new HttpException(404, "too late");
                }
                default -> throw new IOException("meant to fail");
            }
        }));

        assertThat(browser.get("/404").answer().status()).isEqualTo(404);
        assertThat(browser.get("/").answer().status()).isEqualTo(500);
        browser.get("/late");
        assertThatThrownBy(browser::answer).isInstanceOf(IOException.class).hasMessageContaining("reset");
    }

    // ---- connections

    @Test
    void shouldKeepAndCloseAsTheClientAsks() throws Exception {
        final HttpServer server = serve((request, response) -> response.send("x"));
        final Browser old = browse(server);
        final Answer kept =
                old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer();
        assertThat(kept.head()).contains("\r\nConnection: keep-alive\r\n");
        final Answer last = old.send("GET / HTTP/1.0\r\n\r\n").answer();
        assertThat(last.closes()).isTrue();
        old.peer().expectEnd();

        final Browser browser = browse(server);
        assertThat(browser.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, CLOSE\r\n\r\n")
                        .answer()
                        .closes())
                .isTrue();
        browser.peer().expectEnd();
    }

    @Test
    void shouldEndAStreamToHttp10WithTheConnection() throws Exception {
        final Browser browser = browse(serve((request, response) -> {
            response.writer().writeString("a");
            response.writer().flush();
            response.writer().writeString("b");
        }));

        final Answer answer =
                browser.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer();

        assertThat(answer.head()).doesNotContain("Content-Length", "Transfer-Encoding");
        assertThat(answer.closes()).isTrue();
        assertThat(answer.text()).isEqualTo("ab");
    }

    @Test
    void shouldAnswerAfterThePeerHasFinished() throws Exception {
        final Browser browser = browse(serve((request, response) -> response.send("x")));

        browser.get("/").get("/").peer().finish();

        assertThat(browser.answer().text()).isEqualTo("x");
        assertThat(browser.answer().text()).isEqualTo("x");
        browser.peer().expectEnd();
    }

    @Test
    void shouldCloseAfterAsManyRequestsAsAllowed() throws Exception {
        final Browser browser = browse(serve(
                (request, response) -> response.send("x"),
                builder -> builder.limits(HttpLimits.DEFAULT.withRequestsPerConnection(2))));

        assertThat(browser.get("/").get("/").get("/").answer().closes()).isFalse();
        assertThat(browser.answer().closes()).isTrue();
        browser.peer().expectEnd();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "h2", "h2 http/1.1", "spdy/3"})
    void shouldAgreeOnHttp11WhateverItsTlsIsSetTo(String set) throws Exception {
        final TlsIdentity identity = Tls.selfSigned();
        final Tls tls = Tls.server()
                .identity(identity)
                .applicationProtocols(set.isEmpty() ? new String[0] : set.split(" "))
                .build();
        final HttpServer.Builder builder = HttpServer.builder("https://127.0.0.1:0")
                .engine(engines.engine())
                .options(ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(tls)))
                .handler((request, response) -> response.send(request.scheme()));
        final HttpServer server = engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
        final Tls client = Tls.client().trust(identity.certificate()).build();

        // As browsers offer it, as others do, and without ALPN.
        for (String[] offered : new String[][] {{"h2", "http/1.1"}, {"http/1.1"}, {}}) {
            try (Connection connection = dial(server, client.speaking(offered))) {
                assertThat(connection.tls().orElseThrow().applicationProtocol())
                        .isEqualTo(offered.length == 0 ? Optional.empty() : Optional.of("http/1.1"));
                connection.writer().writeString("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                connection.writer().flush();
                assertThat(connection.reader().readString("HTTP/1.1 200 OK".length()))
                        .isEqualTo("HTTP/1.1 200 OK");
            }
        }
        assertThatThrownBy(() -> dial(server, client.speaking("h2")))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("no_application_protocol");
        assertThat(server.uri()).startsWith("https://");
    }

    private Connection dial(HttpServer server, Tls tls) throws IOException {
        return engines.engine().dial(server.address(), ConnectionOptions.DEFAULT.withTls(tls));
    }

    @Test
    void shouldServeOverUnixSockets() throws Exception {
        final Path path = engines.directory().resolve("http.sock");
        final HttpServer.Builder builder = HttpServer.builder("unix://" + path)
                .engine(engines.engine())
                .handler((request, response) -> response.send("x"));
        final HttpServer server = engines.closing((style.inLoop() ? builder.inLoop() : builder).start());

        assertThat(browse(server).get("/").answer().text()).isEqualTo("x");
    }

    @Test
    void shouldEndWithItsEngineWhenItIsIdle() throws Exception {
        final HttpServer server = serve((request, response) -> response.send("x"));
        final Browser browser = browse(server);
        assertThat(browser.get("/").answer().text()).isEqualTo("x");

        final CompletableFuture<Void> closed = server.engine().closeAsync(Duration.ofSeconds(20));

        browser.peer().expectEnd();
        browser.close();
        EngineFixture.await(closed);
    }

    // ---- bodies of requests

    @Test
    void shouldReadBodiesInAllWays() throws Exception {
        final Browser browser = browse(serve((request, response) -> {
            final String body = switch (request.path()) {
                case "/bytes" -> new String(request.bytes(100), StandardCharsets.UTF_8);
                case "/string" -> request.string(100);
                case "/stream" -> new String(request.body().readAllBytes(), StandardCharsets.UTF_8);
                default -> {
                    final StringBuilder all = new StringBuilder();
                    while (true) {
                        try (var slice = request.readSlice(3)) {
                            if (slice.readableBytes() == 0) {
                                break;
                            }
                            all.append(slice.readString((int) slice.readableBytes()));
                        }
                    }
                    yield all.toString();
                }
            };
            response.send(request.contentLength() + " " + body + " "
                    + request.trailers().first("x-t").orElse(""));
        }));
        for (String path : List.of("/bytes", "/string", "/stream", "/slices")) {
            browser.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
            browser.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                    + "4;x=\"y\"\r\n0123\r\n06\r\n456789\r\n0\r\nX-T: end\r\n\r\n");
        }
        for (int i = 0; i < 4; i++) {
            assertThat(browser.answer().text()).isEqualTo("10 0123456789 ");
            assertThat(browser.answer().text()).isEqualTo("-1 0123456789 end");
        }
        browser.send(
                "POST /string HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain; charset=\"iso-8859-1\"\r\nContent-Length: 1\r\n\r\n\u00e9");
        assertThat(browser.answer().text()).isEqualTo("1 é ");
    }

    @Test
    void shouldEchoALargeBody() throws Exception {
        final Payload payload = Payload.random(3, style.inLoop() ? MEBIBYTE : 8 * MEBIBYTE);
        final Browser browser = browse(serve((request, response) -> {
            while (true) {
                final var slice = request.readSlice(100_000);
                if (slice.readableBytes() == 0) {
                    slice.close();
                    return;
                }
                response.writer().append(slice);
            }
        }));

        final CompletableFuture<Void> sent = EngineFixture.async(() -> {
            browser.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + payload.bytes().length + "\r\n\r\n");
            browser.peer().send(payload.bytes());
        });

        assertThat(browser.answer().body()).isEqualTo(payload.bytes());
        EngineFixture.await(sent);
    }

    @Test
    void shouldThrowAwayBodiesThatWereNotRead() throws Exception {
        final Browser browser = browse(serve(
                (request, response) -> response.send("x"),
                builder -> builder.limits(HttpLimits.DEFAULT.withDrainBytes(10))));

        browser.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
                .get("/");
        assertThat(browser.answer().closes()).isFalse();
        assertThat(browser.answer().closes()).isFalse();
        if (!style.inLoop()) {
            browser.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n0123456789a")
                    .get("/");
            assertThat(browser.answer().closes()).isTrue();
            browser.peer().expectEnd();
        }
    }

    @Test
    void shouldSayContinueWhenTheBodyIsRead() throws Exception {
        final Browser browser = browse(serve((request, response) -> {
            if (request.path().equals("/read")) {
                response.send(request.string(100));
            } else {
                response.status(403).send();
            }
        }));

        browser.send("POST /read HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
        assertThat(browser.answer().head()).isEqualTo("HTTP/1.1 100 Continue\r\n");
        assertThat(browser.send("ab").answer().text()).isEqualTo("ab");
        if (!style.inLoop()) {
            browser.send("POST /no HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            final Answer refused = browser.answer();
            assertThat(refused.status()).isEqualTo(403);
            assertThat(refused.closes())
                    .as("nobody knows whether the body comes")
                    .isTrue();
            browser.peer().expectEnd();
        }
    }

    // ---- answers that are given later

    @Test
    void shouldAnswerLaterInItsPlace() throws Exception {
        final CompletableFuture<Runnable> later = new CompletableFuture<>();
        final Browser browser = browse(serve((request, response) -> {
            if (!request.path().equals("/later")) {
                response.send(request.path());
            } else if (style.inLoop()) {
                response.defer();
                final var connection = request.connection();
                later.complete(() -> connection.execute(() -> response.send("later")));
            } else {
                assertThatThrownBy(response::defer).isInstanceOf(IllegalStateException.class);
                response.send("later");
                later.complete(() -> {});
            }
        }));

        browser.get("/later").get("/next").peer().finish();

        EngineFixture.await(later).run();
        assertThat(browser.answer().text()).isEqualTo("later");
        assertThat(browser.answer().text()).isEqualTo("/next");
        browser.peer().expectEnd();
    }

    @Test
    void shouldSendLargeFilesOneBehindTheOther() throws Exception {
        final Payload payload = Payload.random(4, 3 * MEBIBYTE);
        final Path file = Files.write(engines.directory().resolve("file"), payload.bytes());
        final Browser browser = browse(serve((request, response) -> {
            try (var source = request.connection().engine().openFile(file)) {
                response.sendFile(source, 1, payload.size() - 1L);
            }
        }));

        browser.get("/").get("/");

        final byte[] expected = Arrays.copyOfRange(payload.bytes(), 1, payload.size());
        assertThat(browser.answer().body()).isEqualTo(expected);
        assertThat(browser.answer().body()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldFinishWhatIsBeingAnsweredWhenItIsClosed(boolean withEngine) throws Exception {
        final CompletableFuture<Runnable> served = new CompletableFuture<>();
        final CountDownLatch release = new CountDownLatch(1);
        final HttpServer server = serve((request, response) -> {
            if (request.path().equals("/idle")) {
                response.send("idle");
            } else if (style.inLoop()) {
                response.defer();
                final var connection = request.connection();
                served.complete(() -> connection.execute(() -> response.send("done")));
            } else {
                served.complete(release::countDown);
                release.await();
                response.send("done");
            }
        });
        final Browser idle = browse(server);
        assertThat(idle.get("/idle").answer().closes()).isFalse();
        final Browser busy = browse(server);
        busy.get("/");
        final Runnable end = EngineFixture.await(served);

        final CompletableFuture<Void> closed = withEngine
                ? server.engine().closeAsync(Duration.ofSeconds(20))
                : server.closeAsync(Duration.ofSeconds(20));
        idle.peer().expectEnd();
        idle.close();
        assertThat(closed).isNotDone();
        end.run();

        final Answer answer = busy.answer();
        assertThat(answer.text()).isEqualTo("done");
        assertThat(answer.closes()).isTrue();
        busy.peer().expectEnd();
        busy.close();
        EngineFixture.await(closed);
        assertThat(server.connectionCount()).isZero();
        assertThat(server.engine().state()).isEqualTo(withEngine ? EngineState.CLOSED : EngineState.RUNNING);
    }

    @Test
    void shouldResetWhatIsNotAnsweredInTimeWhenItIsClosed() throws Exception {
        final CompletableFuture<Void> served = new CompletableFuture<>();
        final CountDownLatch never = new CountDownLatch(1);
        final HttpServer server = serve((_, response) -> {
            served.complete(null);
            if (style.inLoop()) {
                response.defer();
            } else {
                never.await();
            }
        });
        final Browser browser = browse(server);
        browser.get("/");
        EngineFixture.await(served);

        final CompletableFuture<Void> closed = server.closeAsync(Duration.ofMillis(50));
        browser.peer().expectReset();
        never.countDown();
        EngineFixture.await(closed);
    }

    @Test
    void shouldSpareAPeerThatHasGone() throws Exception {
        final CompletableFuture<Throwable> failed = new CompletableFuture<>();
        final CountDownLatch gone = new CountDownLatch(1);
        final HttpServer server = serve((request, response) -> {
            if (style.inLoop()) {
                response.defer();
                final var connection = request.connection();
                connection.onClose(_ -> {
                    try {
                        response.send("too late");
                    } catch (RuntimeException e) {
                        failed.complete(e);
                    }
                });
                gone.countDown();
                return;
            }
            gone.countDown();
            try (var out = response.outputStream()) {
                while (true) {
                    out.write(new byte[100_000]);
                    out.flush();
                }
            } catch (IOException e) {
                failed.complete(e);
                throw e;
            }
        });
        final Browser browser = browse(server);

        browser.get("/");
        gone.await();
        browser.peer().reset();

        if (!style.inLoop()) {
            assertThat(EngineFixture.await(failed)).isInstanceOf(IOException.class);
        }
        EngineFixture.until("the connection is gone", () -> server.connectionCount() == 0);
    }

    // ---- other protocols

    @Test
    void shouldGiveTheConnectionToAnotherHandler() throws Exception {
        final AtomicReference<String> ended = new AtomicReference<>("");
        final CountDownLatch closed = new CountDownLatch(1);
        final Browser browser = browse(serve((request, response) -> response.header("X-A", "b")
                .upgrade("echo", new ConnectionHandler() {
                    @Override
                    public void onData(io.hawser.connection.Connection connection) {
                        connection.writer().append(connection.reader());
                    }

                    @Override
                    public void onClose(
                            io.hawser.connection.Connection connection, io.hawser.connection.CloseCause cause) {
                        ended.set(cause.kind().toString());
                        closed.countDown();
                    }
                })));

        browser.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nahead");

        assertThat(browser.answer().head())
                .isEqualTo("HTTP/1.1 101 Switching Protocols\r\nX-A: b\r\nUpgrade: echo\r\nConnection: Upgrade\r\n");
        assertThat(browser.peer().receiveText(5)).isEqualTo("ahead");
        assertThat(browser.send("later").peer().receiveText(5)).isEqualTo("later");
        browser.peer().finish().expectEnd();
        closed.await();
        assertThat(ended.get()).isEqualTo("PEER_CLOSED");
    }

    @Test
    void shouldGiveTheConnectionToTheHandlerItself() throws Exception {
        final Browser browser = browse(serve((request, response) -> {
            if (style.inLoop()) {
                assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> response.upgrade("echo")))
                        .isInstanceOf(IllegalStateException.class);
                response.send("no");
                return;
            }
            final var connection = response.upgrade("echo");
            connection.writer().writeString(connection.reader().readString(5) + "!");
        }));

        browser.send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nahe");

        if (!style.inLoop()) {
            assertThat(browser.answer(true).head()).isEqualTo("HTTP/1.1 200 OK\r\n");
            browser.send("ad");
            assertThat(browser.peer().receiveText(6)).isEqualTo("ahead!");
            browser.peer().expectEnd();
        }
    }

    // ---- limits

    @Test
    void shouldRefuseMoreConnectionsThanAllowed() throws Exception {
        final HttpServer server = serve(
                (request, response) -> response.send("x"),
                builder -> builder.limits(HttpLimits.DEFAULT.withConnections(1)));
        final Browser first = browse(server);
        assertThat(first.get("/").answer().status()).isEqualTo(200);

        final Browser second = browse(server);

        final Answer refused = second.get("/").answer();
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.head()).contains("\r\nRetry-After: ");
        second.peer().expectEnd();
        assertThat(first.get("/").answer().status()).isEqualTo(200);
    }

    @Test
    void shouldEndAHeadThatIsDribbled() throws Exception {
        final Browser browser = browse(serve(
                (request, response) -> response.send("x"),
                builder -> builder.limits(HttpLimits.DEFAULT.withHeaderTimeout(Duration.ofMillis(50)))));

        browser.send("GET / HTT");

        assertThat(browser.answer().status()).isEqualTo(408);
        browser.peer().expectEnd();
    }

    @Test
    void shouldEndABodyThatDoesNotCome() throws Exception {
        final Browser browser = browse(serve(
                (request, response) -> response.send(request.string(100)),
                builder -> builder.limits(HttpLimits.DEFAULT.withBodyTimeout(Duration.ofMillis(50)))));

        browser.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123");

        assertThat(browser.answer().status()).isEqualTo(408);
        browser.peer().expectEnd();
    }

    @Test
    void shouldCloseAConnectionThatIsIdle() throws Exception {
        final Browser browser = browse(serve(
                (request, response) -> response.send("x"),
                builder -> builder.limits(HttpLimits.DEFAULT.withIdleTimeout(Duration.ofMillis(50)))));

        browser.peer().expectEnd();
    }

    @Test
    void shouldRefuseABodyThatIsTooLong() throws Exception {
        final HttpServer server = serve(
                (request, response) -> response.send(request.string(100)),
                builder -> builder.limits(HttpLimits.DEFAULT.withBodyBytes(10)));
        final Browser announced = browse(server);
        assertThat(announced
                        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n")
                        .answer()
                        .status())
                .isEqualTo(413);
        announced.peer().expectEnd();

        final Browser chunked = browse(server);
        chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n3\r\n");
        assertThat(chunked.answer().status()).isEqualTo(413);
        chunked.peer().expectEnd();
    }

    @Test
    void shouldNotReadAheadOfAPeerThatDoesNotRead() throws Exception {
        final Engine engine = engines.engine();
        final HttpServer.Builder builder = HttpServer.builder("http://127.0.0.1:0")
                .engine(engine)
                .handler((request, response) -> response.send(new byte[100_000]));
        final HttpServer server = engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        final byte[] requests = Browser.GET.repeat(1000).getBytes(StandardCharsets.US_ASCII);

        final CompletableFuture<Void> sent = EngineFixture.async(() -> {
            for (int i = 0; i < 1_000; i++) {
                peer.send(requests);
            }
        });

        EngineFixture.until("much is pending", () -> engine.pool().usedBytes() > 200_000);
        EngineFixture.assertDoesNotSpin(server.engine().loops().getFirst(), 2);
        assertThat(engine.pool().usedBytes()).isLessThan(8 * MEBIBYTE);
        peer.close();
        EngineFixture.awaitFailure(sent);
    }
}
