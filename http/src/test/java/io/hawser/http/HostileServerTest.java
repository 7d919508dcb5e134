// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.EngineFixture;
import io.hawser.connection.Peer;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

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
                .limits(limits)
                .handler(handler);
        return engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
    }

    /** What it has asked for is not kept for it for ever. */
    @Test
    void shouldResetAPeerThatDoesNotRead() throws Exception {
        final HttpServer server = serve(
                (request, response) -> {
                    if (request.path().equals("/stream") && !style.inLoop()) {
                        final OutputStream out = response.outputStream();
                        while (true) {
                            out.write(new byte[10_000]);
                        }
                    }
                    response.send(new byte[8 << 20]);
                },
                HttpLimits.DEFAULT.withWriteTimeout(Duration.ofMillis(50)));
        for (String path : new String[] {"/whole", "/stream"}) {
            try (Peer peer = Peer.connectWithSmallBuffers(server.address())) {
                new Browser(peer).get(path);
                peer.receive(1);
                EngineFixture.until("its end", () -> server.engine().connectionCount() == 0);
                peer.receiveUntilGone();
            }
        }
    }
}
