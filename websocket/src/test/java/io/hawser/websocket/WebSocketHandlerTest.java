// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.EngineFixture;
import io.hawser.connection.Peer;
import io.hawser.connection.TestTransport;
import io.hawser.http.HttpServer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** WebSockets beside other handlers of an HTTP server, whose own ones run in the loop or on virtual threads. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class WebSocketHandlerTest {
    @RegisterExtension
    final EngineFixture engines;

    private final WebSocketHandler sockets = WebSocketHandler.of(new Listening(true));

    WebSocketHandlerTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private Peer connect(boolean inLoop) throws Exception {
        final HttpServer.Builder builder = HttpServer.builder("http://127.0.0.1:0")
                .engine(engines.engine())
                .handler((request, response) -> {
                    if (request.rawPath().equals("/chat")) {
                        sockets.handle(request, response);
                    } else {
                        response.send("plain");
                    }
                });
        final HttpServer server = engines.closing((inLoop ? builder.inLoop() : builder).start());
        return engines.closing(Peer.connect(server.address()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldUpgradeAfterOrdinaryRequests(boolean inLoop) throws Exception {
        final Peer peer = connect(inLoop);
        peer.send("GET /other HTTP/1.1\r\nHost: here.example\r\n\r\n");
        assertThat(Frames.readHead(peer)).startsWith("HTTP/1.1 200 ");
        assertThat(peer.receiveText(5)).isEqualTo("plain");
        // What comes with the handshake is the session's.
        peer.send(Frames.join(
                Frames.request("/chat?x", "Sec-WebSocket-Extensions: permessage-deflate")
                        .getBytes(StandardCharsets.US_ASCII),
                Frames.text("at once")));
        assertThat(Frames.readHead(peer))
                .startsWith("HTTP/1.1 101 ")
                .contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
                .contains("permessage-deflate");
        assertThat(Frames.read(peer).text()).isEqualTo("at once");
        final String text = "long enough to lie in several blocks ".repeat(2000);
        peer.send(Frames.text(text));
        assertThat(Frames.read(peer).payload().length).isLessThan(text.length());
        assertThat(sockets.broadcast(WebSocketMessage.text("to all"))).isEqualTo(1);
        assertThat(Frames.read(peer).text()).isEqualTo("to all");
        final var socket = WebSocketSession.of(sockets.sessions().iterator().next());
        assertThat(socket.path()).isEqualTo("/chat");
        assertThat(socket.query()).contains("x");
        peer.send(Frames.close(1000, ""));
        assertThat(Frames.read(peer).closeCode()).isEqualTo(1000);
        peer.expectEnd();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldRefuseAnOldHandshakeAndWhatFollowsIt(boolean inLoop) throws Exception {
        final Peer peer = connect(inLoop);
        final String two = """
                GET /chat HTTP/1.1
                Host: here.example
                Upgrade: WebSocket
                Connection: Upgrade

                GET /other HTTP/1.1
                Host: here.example

                """;
        peer.send(two.replace("\n", "\r\n"));
        assertThat(peer.receiveAllText())
                .startsWith("HTTP/1.1 426 ")
                .contains("Sec-WebSocket-Version: 13\r\n")
                .doesNotContain("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldRefuseAPageOfAnotherHost(boolean inLoop) throws Exception {
        final Peer peer = connect(inLoop);
        peer.send(Frames.request("/chat", "Origin: http://here.example.evil"));
        assertThat(peer.receiveAllText()).startsWith("HTTP/1.1 403 ");
        assertThat(sockets.sessions()).isEmpty();
    }
}
