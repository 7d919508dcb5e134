// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.Buffer;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Limits;
import io.hawser.connection.Payload;
import io.hawser.connection.Peer;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole answers that are longer than all that may be pending: they go out as the peer takes them, in order, in little memory. */
@ParameterizedClass
@MethodSource("io.hawser.http.Style#all")
final class LargeAnswerTest {
    private static final int BOUND = 1 << 20;
    private static final int MOST_MEMORY = 1 << 20;

    private static final Payload PAYLOAD = Payload.random(7, 8 << 20);

    private final Style style;

    @RegisterExtension
    final EngineFixture engines;

    LargeAnswerTest(Style style) {
        this.style = style;
        this.engines = new EngineFixture(style.transport());
    }

    private Engine engine() throws IOException {
        return engines.engine(builder -> builder.limits(Limits.DEFAULT.withOutboundBytes(BOUND, 256 << 10, 64 << 10)));
    }

    private HttpServer serve(Engine engine, HttpHandler handler) throws IOException {
        final HttpServer.Builder builder =
                HttpServer.builder("http://127.0.0.1:0").engine(engine).handler(handler);
        return engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
    }

    /** A path for each way to give a whole answer. */
    private static void answer(Request request, Response response) {
        switch (request.path()) {
            case "/text" -> response.send("é".repeat(PAYLOAD.size() / 2));
            case "/blocks" -> {
                try (Buffer body = new Buffer(request.connection().engine().pool())) {
                    body.writeBytes(PAYLOAD.bytes());
                    response.send(body);
                }
            }
            case "/small" -> response.send("small");
            default -> response.send(PAYLOAD.bytes());
        }
    }

    @Test
    void shouldSendAnswersOfAnyLengthInTheirOrder() throws Exception {
        final List<String> seen = Collections.synchronizedList(new ArrayList<>());
        final HttpServer server = serve(engine(), (request, response) -> {
            seen.add(request.path());
            answer(request, response);
        });
        try (Browser browser = new Browser(Peer.connectWithSmallBuffers(server.address()))) {
            browser.get("/bytes").get("/text").get("/small").get("/blocks").get("/bytes");
            browser.send("HEAD /bytes HTTP/1.1\r\nHost: a\r\n\r\n").get("/small");

            // The first of it is here, and much is not: the next request has to wait.
            browser.peer().receive(1);
            assertThat(seen).containsExactly("/bytes");
            PAYLOAD.assertEqualTo(browser.answer().body());
            assertThat(browser.answer().text()).isEqualTo("é".repeat(PAYLOAD.size() / 2));
            assertThat(browser.answer().text()).isEqualTo("small");
            PAYLOAD.assertEqualTo(browser.answer().body());
            PAYLOAD.assertEqualTo(browser.answer().body());
            assertThat(browser.answer(true).head()).contains("Content-Length: " + PAYLOAD.size());
            assertThat(browser.answer().text()).isEqualTo("small");
        }
    }

    @Test
    void shouldTakeLittleMemoryForAPeerThatIsSlow() throws Exception {
        final Engine engine = engine();
        final HttpServer server = serve(engine, LargeAnswerTest::answer);
        try (Browser browser = new Browser(Peer.connectWithSmallBuffers(server.address()))) {
            assertThat(browser.get("/small").answer().text()).isEqualTo("small");
            final long before = engine.pool().usedBytes();
            browser.get("/bytes").peer().receive(1);
            int received = 1;
            while (received < PAYLOAD.size()) {
                assertThat(engine.pool().usedBytes()).isLessThan(before + MOST_MEMORY);
                received += browser.peer().receive(Math.min(100_000, PAYLOAD.size() - received)).length;
            }
        }
    }

    @Test
    void shouldSendAllBeforeItCloses() throws Exception {
        final HttpServer server = serve(engine(), LargeAnswerTest::answer);
        for (String path : new String[] {"/bytes", "/blocks"}) {
            try (Browser browser = new Browser(Peer.connectWithSmallBuffers(server.address()))) {
                browser.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                PAYLOAD.assertEqualTo(browser.answer().body());
                browser.peer().expectEnd();
            }
        }
    }

    @Test
    void shouldSendThemThroughTls() throws Exception {
        final TlsIdentity identity = Tls.selfSigned();
        final HttpServer.Builder builder = HttpServer.builder("https://127.0.0.1:0")
                .engine(engine())
                .tls(Tls.server().identity(identity).build())
                .handler(LargeAnswerTest::answer);
        final HttpServer server = engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
        final Tls tls = Tls.client().trust(identity.certificate()).build();
        try (Connection client = server.engine().dial(server.address(), ConnectionOptions.DEFAULT.withTls(tls))) {
            for (String path : new String[] {"/bytes", "/blocks", "/small"}) {
                client.writer().writeString("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
            }
            client.writer().flush();
            for (int i = 0; i < 2; i++) {
                final byte[] body = new byte[PAYLOAD.size()];
                skipHead(client);
                for (int at = 0; at < body.length; at += 1 << 16) {
                    client.reader().readBytes(body, at, Math.min(1 << 16, body.length - at));
                }
                PAYLOAD.assertEqualTo(body);
            }
            skipHead(client);
            assertThat(client.reader().readString(5)).isEqualTo("small");
        }
    }

    private static void skipHead(Connection client) {
        int ends = 0;
        while (ends < 2) {
            final byte b = client.reader().readByte();
            ends = b == '\n' ? ends + 1 : b == '\r' ? ends : 0;
        }
    }

    /** The fixture looks whether all memory has come back. */
    @Test
    void shouldFreeAllWhenThePeerGoesMidway() throws Exception {
        final HttpServer server = serve(engine(), LargeAnswerTest::answer);
        for (String path : new String[] {"/bytes", "/blocks", "/text"}) {
            final Peer peer = Peer.connectWithSmallBuffers(server.address());
            new Browser(peer).get(path).get(path);
            peer.receive(10_000);
            peer.reset();
            EngineFixture.until("its end", () -> server.connectionCount() == 0);
        }
    }
}
