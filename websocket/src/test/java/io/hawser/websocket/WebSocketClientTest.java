// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Peer;
import io.hawser.connection.TestTransport;
import io.hawser.session.Reconnect;
import io.hawser.session.SessionClient;
import io.hawser.websocket.Frames.Frame;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A client: with Hawser's server, with a server that may answer whatever bytes; and the JDK's client. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class WebSocketClientTest {
    private static final Pattern KEY = Pattern.compile("Sec-WebSocket-Key: (.*)\r\n");
    private static final Reconnect ONCE =
            Reconnect.of(Duration.ofMillis(5), Duration.ofMillis(5)).withTries(1);

    private static final int CHUNK_BYTES = 64 * 1024;

    @RegisterExtension
    final EngineFixture engines;

    private final Listening listener = new Listening(false);
    private ServerSocketChannel listening;

    WebSocketClientTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private SessionClient<WebSocketMessage> dial(WebSocketOptions options) throws Exception {
        return dial(options, listener);
    }

    private SessionClient<WebSocketMessage> dial(WebSocketOptions options, Listening told) throws Exception {
        listening = engines.closing(
                ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        final int port = ((InetSocketAddress) listening.getLocalAddress()).getPort();
        return engines.closing(WebSocket.client("ws://127.0.0.1:" + port + "/path?query", options)
                .engine(engines.engine())
                .listener(told)
                .reconnect(ONCE)
                .start());
    }

    private static String accepting(String request, String... fields) {
        final Matcher key = KEY.matcher(request);
        assertThat(key.find()).isTrue();
        final StringBuilder response =
                new StringBuilder("HTTP/1.1 101 Fine\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n"
                        + "Sec-WebSocket-Accept: " + Keys.accept(key.group(1)) + "\r\n");
        for (String field : fields) {
            response.append(field).append("\r\n");
        }
        return response.append("\r\n").toString();
    }

    private void shouldFail(WebSocketOptions options, String because, String... answer) throws Exception {
        final var client = dial(options);
        try (Peer server = Peer.accept(listening)) {
            final String request = Frames.readHead(server);
            server.send(answer.length > 0 && answer[0].startsWith("HTTP") ? answer[0] : accepting(request, answer));
            EngineFixture.until(
                    "a failure", () -> client.slots().getFirst().lastError().isPresent());
        }
        assertThat(client.slots().getFirst().lastError().orElseThrow())
                .isInstanceOf(HandshakeException.class)
                .hasMessageContaining(because);
        assertThat(listener.events).isEmpty();
    }

    @Test
    void shouldAskAsTheRfcSays() throws Exception {
        dial(WebSocketOptions.DEFAULT.withSubprotocols("a", "b").withHeader("Origin", "http://x"));
        try (Peer server = Peer.accept(listening)) {
            final String request = Frames.readHead(server);
            assertThat(request)
                    .startsWith("GET /path?query HTTP/1.1\r\nHost: 127.0.0.1:")
                    .contains("\r\nUpgrade: websocket\r\n")
                    .contains("\r\nConnection: Upgrade\r\n")
                    .contains("\r\nSec-WebSocket-Version: 13\r\n")
                    .contains("\r\nSec-WebSocket-Protocol: a, b\r\n")
                    .contains("\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
                    .contains("\r\nOrigin: http://x\r\n");
            server.send(Frames.join(
                    accepting(request, "Sec-WebSocket-Protocol: b").getBytes(StandardCharsets.US_ASCII),
                    Frames.frame(0x81, new byte[] {'x'}, false)));
            assertThat(listener.next()).isEqualTo("open");
            assertThat(listener.next()).isEqualTo("text x");
            final var session = listener.session.join();
            assertThat(WebSocketSession.of(session).subprotocol()).contains("b");
            session.send(WebSocketMessage.text("y"));
            final byte[] frame = server.receive(2);
            assertThat(frame[1] & 0x80).as("masked").isEqualTo(0x80);
            server.receive(5);
            session.close();
            assertThat(Frames.read(server).closeCode()).isEqualTo(1000);
            server.send(Frames.frame(0x88, FrameCodec.payload(1000, ""), false));
            // The server is to close first.
            server.finish();
            server.expectEnd();
            assertThat(listener.next()).isEqualTo("close LOCAL 1000");
        }
    }

    @Test
    void shouldTellTheStatusOfARefusal() throws Exception {
        shouldFail(WebSocketOptions.DEFAULT, "401 Who?", "HTTP/1.1 401 Who?\r\nContent-Length: 0\r\n\r\n");
    }

    @Test
    void shouldRefuseAnAnswerToAnotherHandshake() throws Exception {
        shouldFail(
                WebSocketOptions.DEFAULT,
                "Sec-WebSocket-Accept",
                "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n");
    }

    @Test
    void shouldRefuseASubprotocolThatItDidNotOffer() throws Exception {
        shouldFail(WebSocketOptions.DEFAULT, "subprotocol", "Sec-WebSocket-Protocol: other");
    }

    @Test
    void shouldRefuseAnExtensionThatItDidNotOffer() throws Exception {
        shouldFail(
                WebSocketOptions.DEFAULT.withoutDeflate(), "extension", "Sec-WebSocket-Extensions: permessage-deflate");
    }

    @Test
    void shouldRefuseAnEndlessAnswer() throws Exception {
        shouldFail(WebSocketOptions.DEFAULT, "more than", "HTTP/1.1 101 " + "x".repeat(20_000));
    }

    @Test
    void shouldRefuseMaskedFrames() throws Exception {
        dial(WebSocketOptions.DEFAULT);
        try (Peer server = Peer.accept(listening)) {
            server.send(accepting(Frames.readHead(server)));
            server.send(Frames.text("masked"));
            final Frame close = Frames.read(server);
            assertThat(close.closeCode()).isEqualTo(1002);
        }
    }

    private void shouldRefuseFrames(int code, byte[]... frames) throws Exception {
        shouldEnd(code, 0, frames);
    }

    /** @param after the bytes that the server goes on to send once it has been told */
    private void shouldEnd(int code, int after, byte[]... frames) throws Exception {
        final Listening told = new Listening(false);
        final SessionClient<WebSocketMessage> client = dial(WebSocketOptions.DEFAULT.withoutDeflate(), told);
        try (Peer server = Peer.accept(listening)) {
            server.send(accepting(Frames.readHead(server)));
            assertThat(told.next()).isEqualTo("open");
            server.send(Frames.join(frames));
            final Frame close = Frames.read(server);
            assertThat(close.opcode()).isEqualTo(FrameHeader.CLOSE);
            assertThat(close.closeCode()).isEqualTo(code);
            server.expectEnd();
            // A socket that is closed for good answers with a reset, which can overtake the close frame.
            for (int sent = 0; sent < after; sent += CHUNK_BYTES) {
                server.send(new byte[CHUNK_BYTES]);
            }
        }
        assertThat(told.next()).startsWith("error ");
        assertThat(told.next()).isEqualTo("close ERROR 1006");
        client.close();
    }

    @Test
    void shouldRefuseWhatIsNoFrame() throws Exception {
        shouldRefuseFrames(1002, Frames.frame(0x81 | 0x10, new byte[] {'a'}, false));
        shouldRefuseFrames(1002, Frames.frame(0x83, new byte[0], false));
        shouldRefuseFrames(1002, Frames.frame(0x89, new byte[126], false));
        shouldRefuseFrames(1002, Frames.frame(0x80, new byte[] {'a'}, false));
        shouldRefuseFrames(1002, Frames.frame(0x88, FrameCodec.payload(1005, ""), false));
        shouldRefuseFrames(1007, Frames.frame(0x81, new byte[] {(byte) 0xff}, false));
    }

    @Test
    void shouldTellAServerThatGoesOnSendingWhyItFails() throws Exception {
        final byte[] more = Frames.frame(0x82, new byte[256 << 10], false);
        shouldEnd(1002, 3 << 20, Frames.frame(0x83, new byte[0], false), more);
    }

    @Test
    void shouldTalkWithItsOwnServer() throws Exception {
        final Engine engine = engines.engine();
        final var server = engines.closing(WebSocket.server("ws://127.0.0.1:0")
                .engine(engine)
                .listener(new Listening(true))
                .start());
        final var client = engines.closing(
                WebSocket.client("ws://127.0.0.1:" + server.address().port() + "/any")
                        .engine(engine)
                        .listener(listener)
                        .start());
        assertThat(client.awaitConnected(EngineFixture.PATIENCE)).isTrue();
        assertThat(listener.next()).isEqualTo("open");
        for (int bytes : new int[] {0, 10, 1000, 100_000, 900_000}) {
            client.send(WebSocketMessage.binary(new byte[bytes]));
            assertThat(listener.next()).isEqualTo("binary " + bytes);
        }
        client.send(WebSocketMessage.text("ä€😀".repeat(1000)));
        assertThat(listener.next()).isEqualTo("text " + "ä€😀".repeat(1000));
        // The server ends it, and the client comes again.
        server.sessions().iterator().next().close();
        assertThat(listener.nextButErrors()).isEqualTo("close PEER_CLOSED 1000");
        assertThat(listener.next()).isEqualTo("open");
    }

    @Test
    void shouldServeTheClientOfTheJdk() throws Exception {
        final var server = engines.closing(
                WebSocket.server("ws://127.0.0.1:0/jdk", WebSocketOptions.DEFAULT.withSubprotocols("chat"))
                        .engine(engines.engine())
                        .listener(new Listening(true))
                        .start());
        final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        try (HttpClient http = HttpClient.newHttpClient()) {
            final var socket = http.newWebSocketBuilder()
                    .subprotocols("chat")
                    .buildAsync(
                            URI.create("ws://127.0.0.1:" + server.address().port() + "/jdk"),
                            new java.net.http.WebSocket.Listener() {
                                private final StringBuilder text = new StringBuilder();

                                @Override
                                public CompletionStage<?> onText(
                                        java.net.http.WebSocket from, CharSequence data, boolean last) {
                                    text.append(data);
                                    if (last) {
                                        heard.add(text.toString());
                                        text.setLength(0);
                                    }
                                    from.request(1);
                                    return null;
                                }

                                @Override
                                public CompletionStage<?> onPong(java.net.http.WebSocket from, ByteBuffer message) {
                                    heard.add("pong " + message.remaining());
                                    from.request(1);
                                    return null;
                                }

                                @Override
                                public CompletionStage<?> onClose(
                                        java.net.http.WebSocket from, int code, String reason) {
                                    heard.add("close " + code);
                                    return null;
                                }
                            })
                    .get();
            assertThat(socket.getSubprotocol()).isEqualTo("chat");
            socket.sendText("part one, ", false).get();
            socket.sendText("part two", true).get();
            assertThat(heard.take()).isEqualTo("part one, part two");
            socket.sendPing(ByteBuffer.allocate(5)).get();
            assertThat(heard.take()).isEqualTo("pong 5");
            socket.sendClose(3000, "done").get();
            assertThat(heard.take()).isEqualTo("close 3000");
        }
    }
}
