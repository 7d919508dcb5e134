// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause;
import io.hawser.connection.ClosedConnection;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Peer;
import io.hawser.connection.ServerOptions;
import io.hawser.transport.SocketOptions;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is hostile is answered with an error and the end of its connection; others notice nothing. */
@ParameterizedClass
@MethodSource("io.hawser.http.Style#all")
final class HostileServerTest {
    private final Style style;

    @RegisterExtension
    final EngineFixture engines;

    HostileServerTest(Style style) {
        this.style = style;
        this.engines = new EngineFixture(style.transport());
    }

    @Test
    void shouldRefuseAndClose() throws Exception {
        final List<String> seen = Collections.synchronizedList(new ArrayList<>());
        final HttpServer.Builder builder = HttpServer.builder("http://127.0.0.1:0")
                .engine(engines.engine())
                .handler((request, response) -> {
                    request.bytes(1 << 20);
                    seen.add(request.path());
                    response.send("x");
                });
        final HttpServer server = engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
        try (Browser other = new Browser(server.address())) {
            for (HostileRequest hostile : HostileRequest.values()) {
                try (Browser browser = new Browser(server.address())) {
                    browser.peer().send(hostile.bytes());
                    final Answer answer = browser.answer();
                    assertThat(answer.status()).as(hostile.name()).isEqualTo(hostile.status());
                    assertThat(answer.closes()).as(hostile.name()).isTrue();
                    browser.peer().expectEnd();
                }
            }
            assertThat(seen).isEmpty();
            assertThat(other.get("/other").answer().text()).isEqualTo("x");
        }
    }

    @Test
    void shouldHearNothingOfWhatStandsBehindARefusedRequest() throws Exception {
        final List<String> seen = Collections.synchronizedList(new ArrayList<>());
        final HttpServer.Builder builder = HttpServer.builder("http://127.0.0.1:0")
                .engine(engines.engine())
                .handler((request, response) -> {
                    seen.add(request.path());
                    response.send("x");
                });
        final HttpServer server = engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
        try (Browser browser = new Browser(server.address())) {
            browser.get("/first")
                    .send("GET /bad HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
                    .get("/behind");

            assertThat(browser.answer().status()).isEqualTo(200);
            assertThat(browser.answer().status()).isEqualTo(400);
            browser.peer().expectEnd();
        }
        assertThat(seen).containsExactly("/first");
    }

    @Test
    void shouldLetNothingBreakOutOfAField() throws Exception {
        final HttpServer.Builder builder = HttpServer.builder("http://127.0.0.1:0")
                .engine(engines.engine())
                .handler((request, response) -> {
                    response.header("X-Path", request.path());
                    response.send("x");
                });
        final HttpServer server = engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
        try (Browser browser = new Browser(server.address())) {
            final Answer answer = browser.get("/%0d%0aSet-Cookie:a=b").answer();
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.head()).doesNotContain("Set-Cookie");
            assertThat(browser.get("/%00").answer().status()).isEqualTo(400);
        }
    }

    // ---- slow peers

    private HttpServer serve(HttpHandler handler, HttpLimits limits) throws Exception {
        final HttpServer.Builder builder = HttpServer.builder("http://127.0.0.1:0")
                .engine(engines.engine())
                // What the kernel takes for a peer is no longer pending.
                .options(ServerOptions.DEFAULT.withConnections(
                        ConnectionOptions.DEFAULT.withSocket(SocketOptions.DEFAULT.withSendBufferBytes(16 << 10))))
                .limits(limits)
                .handler(handler);
        return engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
    }

    private void answer(Request request, Response response, Path file) throws Exception {
        switch (request.path()) {
            case "/stream" -> {
                final OutputStream out = response.outputStream();
                // In the loop nobody waits, so what is streamed there has to be less.
                for (int i = 0; i < 500 || !style.inLoop(); i++) {
                    out.write(new byte[10_000]);
                }
            }
            case "/file" -> response.sendFile(file);
            // It is pending when the handler has returned, in both styles.
            case "/returned" -> response.send(new byte[240_000]);
            default -> response.send(new byte[32 << 20]);
        }
    }

    private static ClosedConnection lastClose(HttpServer server) throws Exception {
        EngineFixture.until("its end", () -> server.engine().connectionCount() == 0);
        return EngineFixture.await(server.engine().recentCloses()).getFirst();
    }

    private static Path sparse(Path file) throws Exception {
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(64 << 20);
        }
        return file;
    }

    /** What it has asked for is not kept for it for ever. */
    @ParameterizedTest
    @ValueSource(strings = {"/whole", "/stream", "/file", "/returned"})
    void shouldResetAPeerThatDoesNotRead(String path) throws Exception {
        final Path file = sparse(engines.directory().resolve("file"));
        final HttpServer server = serve(
                (request, response) -> answer(request, response, file),
                HttpLimits.DEFAULT.withWriteTimeout(Duration.ofMillis(50)));
        try (Peer peer = Peer.connectWithSmallBuffers(server.address())) {
            new Browser(peer).get(path);
            peer.receive(1);

            final ClosedConnection close = lastClose(server);
            assertThat(close.kind()).isEqualTo(CloseCause.Kind.TIMED_OUT);
            assertThat(close.message()).contains("write timeout: the peer took nothing");
            peer.receiveUntilGone();
        }
    }

    /** It takes something all the time, but not two gigabytes a second. */
    @ParameterizedTest
    @ValueSource(strings = {"/whole", "/stream", "/file"})
    void shouldResetAPeerThatReadsTooSlowly(String path) throws Exception {
        final Path file = sparse(engines.directory().resolve("file"));
        final HttpServer server = serve(
                (request, response) -> answer(request, response, file),
                HttpLimits.DEFAULT.withWriteTimeout(Duration.ofMillis(200)).withWriteBytesPerSecond(Integer.MAX_VALUE));
        try (Peer peer = Peer.connectWithSmallBuffers(server.address())) {
            new Browser(peer).get(path);
            peer.receive(1);
            final CompletableFuture<Void> reading = EngineFixture.async(() -> {
                while (true) {
                    peer.receive(100);
                    LockSupport.parkNanos(1_000_000);
                }
            });

            final ClosedConnection close = lastClose(server);
            assertThat(close.kind()).isEqualTo(CloseCause.Kind.TIMED_OUT);
            // On a busy machine it may take nothing for so long.
            assertThat(close.message()).contains("of what is pending");
            EngineFixture.awaitFailure(reading);
        }
    }

    /** What compresses an answer is held for as long as its peer takes. */
    @Test
    void shouldCompressNoMoreAnswersAtOnceThanAllowed() throws Exception {
        final byte[] noise = new byte[10_000];
        new Random(1).nextBytes(noise);
        final Compression compression = Compression.builder((request, response) -> {
                    if (style.inLoop()) {
                        response.defer();
                    }
                    final OutputStream out =
                            response.header("Content-Type", "text/plain").outputStream();
                    out.write(noise);
                    out.flush();
                    while (!style.inLoop()) {
                        out.write(noise);
                    }
                })
                .concurrentAnswers(3)
                .build();
        final HttpServer server = serve(compression, HttpLimits.DEFAULT);
        int compressed = 0;
        for (int i = 0; i < 8; i++) {
            final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
            new Browser(peer).send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
            compressed += peer.receiveText(300).contains("\r\nContent-Encoding: gzip\r\n") ? 1 : 0;
        }

        assertThat(compressed).isEqualTo(3);
        assertThat(compression.deflaters().lentCount()).isEqualTo(3);
        EngineFixture.await(server.closeAsync(Duration.ZERO));
        EngineFixture.until("all to be back", () -> compression.deflaters().lentCount() == 0);
        compression.close();
        assertThat(compression.deflaters().idleCount()).isZero();
    }
}
