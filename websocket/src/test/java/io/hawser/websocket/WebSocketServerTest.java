// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Peer;
import io.hawser.connection.ServerOptions;
import io.hawser.connection.TestTransport;
import io.hawser.session.EventListener;
import io.hawser.session.SendFailedException;
import io.hawser.session.Session;
import io.hawser.session.SessionServer;
import io.hawser.session.Tasks;
import io.hawser.transport.SocketOptions;
import io.hawser.websocket.Frames.Frame;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A server, and a peer that may send whatever bytes. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class WebSocketServerTest {
    private static final WebSocketOptions OPTIONS = WebSocketOptions.DEFAULT;
    private static final int MAX = 100_000;

    @RegisterExtension
    final EngineFixture engines;

    private final Listening listener = new Listening(false);

    WebSocketServerTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private SessionServer.Builder<WebSocketMessage> server(WebSocketOptions options) throws Exception {
        return WebSocket.server("ws://127.0.0.1:0/chat", options)
                .engine(engines.engine())
                .maxMessageBytes(MAX);
    }

    private SessionServer<WebSocketMessage> start(WebSocketOptions options, EventListener<WebSocketMessage> to)
            throws Exception {
        return engines.closing(server(options).listener(to).start());
    }

    private Peer connect(SessionServer<?> to) throws Exception {
        return engines.closing(Peer.connect(to.address()));
    }

    /** A peer whose handshake is done. */
    private Peer open(SessionServer<?> to, String... fields) throws Exception {
        final Peer peer = connect(to).send(Frames.request("/chat?room=1", fields));
        assertThat(Frames.readHead(peer)).startsWith("HTTP/1.1 101 ");
        return peer;
    }

    private Peer open() throws Exception {
        final Peer peer = open(start(OPTIONS, listener));
        assertThat(listener.next()).isEqualTo("open");
        return peer;
    }

    private Peer echo(WebSocketOptions options, String... fields) throws Exception {
        return open(start(options, new Listening(true)), fields);
    }

    private void expectClose(Peer peer, int code) throws Exception {
        final Frame frame = Frames.read(peer);
        assertThat(frame.opcode()).isEqualTo(FrameHeader.CLOSE);
        assertThat(frame.closeCode()).isEqualTo(code);
        peer.expectEnd();
        peer.close();
    }

    private void shouldRefuseFrames(int code, byte[]... frames) throws Exception {
        final Peer peer = open();
        peer.send(Frames.join(frames));
        expectClose(peer, code);
        assertThat(listener.next()).startsWith("error ");
        assertThat(listener.next()).isIn("close ERROR 1006", "close LIMIT 1006");
    }

    // ---- the handshake

    @Test
    void shouldOpenAfterTheHandshake() throws Exception {
        final var server = start(OPTIONS.withSubprotocols("soap", "v2.chat"), listener);
        final Peer peer = connect(server);
        final String request =
                Frames.request("/chat?room=1", "Sec-WebSocket-Protocol: mqtt, v2.chat", "Sec-WebSocket-Protocol: soap");
        peer.send(request.substring(0, request.length() - 1));
        assertThat(listener.events).isEmpty();
        peer.send("\n");
        // The answer to the sample of RFC 6455, 1.3.
        assertThat(Frames.readHead(peer))
                .startsWith("HTTP/1.1 101 ")
                .contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
                .contains("Sec-WebSocket-Protocol: v2.chat\r\n")
                .doesNotContain("Extensions");
        assertThat(listener.next()).isEqualTo("open");
        final var socket = WebSocketSession.of(listener.session.join());
        assertThat(socket.path()).isEqualTo("/chat");
        assertThat(socket.query()).contains("room=1");
        assertThat(socket.headers().first("host")).contains("here.example");
        assertThat(socket.subprotocol()).contains("v2.chat");
        assertThat(socket.isCompressed()).isFalse();
    }

    @Test
    void shouldTakeFramesThatComeWithTheHandshake() throws Exception {
        final Peer peer = connect(start(OPTIONS, listener));
        peer.send(Frames.join(Frames.request("/chat").getBytes(StandardCharsets.US_ASCII), Frames.text("at once")));
        assertThat(listener.next()).isEqualTo("open");
        assertThat(listener.next()).isEqualTo("text at once");
    }

    private String refusal(SessionServer<?> server, String request) throws Exception {
        final Peer peer = connect(server).send(request);
        final String all = peer.receiveAllText();
        assertThat(listener.events).isEmpty();
        return all;
    }

    @Test
    void shouldRefuseWhatIsNoHandshake() throws Exception {
        final var server = start(OPTIONS, listener);
        final String good = Frames.request("/chat");
        final List<List<String>> cases = List.of(
                List.of("400", "\r\n\r\n"),
                List.of("400", "GET /chat\r\n\r\n"),
                List.of("400", good.replace("\r\n", "\n")),
                List.of("400", good.replace("Host: here.example\r\n", "")),
                List.of("400", good.replace("Host:", "Host: two\r\nHost:")),
                List.of("400", good.replace("Host:", "Host :")),
                List.of("400", good.replace("Upgrade: websocket", "Upgrade: websocket\r\n folded")),
                List.of("400", good.replace("/chat", "/ch\0at")),
                List.of("400", good.replace(Frames.KEY, "c2hvcnQ=")),
                List.of("400", good.replace(Frames.KEY, "")),
                List.of("400", good.replace("Sec-WebSocket-Key", "X")),
                List.of("400", good.replace("Upgrade: w", "Content-Length: 5\r\nUpgrade: w")),
                List.of("400", good.replace("Upgrade: w", "Transfer-Encoding: chunked\r\nUpgrade: w")),
                List.of("404", good.replace("/chat", "/chat/")),
                List.of("404", good.replace("/chat", "/")),
                List.of("405", good.replace("GET", "POST")),
                List.of("426", good.replace("Version: 13", "Version: 8")),
                List.of("426", good.replace("Version: 13", "Version: 13, 8")),
                List.of("426", good.replace("Upgrade: websocket", "Upgrade: h2c")),
                List.of("426", good.replace("keep-alive, Upgrade", "keep-alive")),
                List.of("505", good.replace("HTTP/1.1", "HTTP/1.0")));
        for (List<String> each : cases) {
            final String answer = refusal(server, each.getLast());
            assertThat(answer).as(each.getLast()).startsWith("HTTP/1.1 " + each.getFirst() + " ");
            assertThat(answer).contains("Connection: close\r\n");
            if (each.getFirst().equals("426")) {
                assertThat(answer).contains("Sec-WebSocket-Version: 13\r\n");
            }
        }
    }

    @Test
    void shouldNotTakeTheBodyOfAnOldHandshakeForAnotherRequest() throws Exception {
        final String old = "GET /chat HTTP/1.1\r\nHost: here.example\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\r\n^n:ds[4U";
        final String answer = refusal(start(OPTIONS, listener), old + Frames.request("/chat"));
        assertThat(answer).startsWith("HTTP/1.1 426 ").doesNotContain(" 101 ");
    }

    @Test
    void shouldBoundTheHandshake() throws Exception {
        final var server = start(
                OPTIONS.withLimits(
                        WebSocketLimits.DEFAULT.withHandshakeBytes(1000).withHandshakeFields(10)),
                listener);
        assertThat(refusal(server, Frames.request("/chat", "X: " + "x".repeat(1000))))
                .startsWith("HTTP/1.1 431 ");
        assertThat(refusal(server, "x".repeat(1000))).startsWith("HTTP/1.1 431 ");
        final String[] many = new String[6];
        Arrays.fill(many, "A: b");
        assertThat(refusal(server, Frames.request("/chat", many))).startsWith("HTTP/1.1 431 ");
    }

    @Test
    void shouldEndAHandshakeThatTakesTooLong() throws Exception {
        final var server = start(OPTIONS.withHandshakeTimeout(Duration.ofMillis(20)), listener);
        final Peer peer = connect(server).send("GET /chat HTTP/1.1\r\n");
        peer.expectEnd();
        assertThat(listener.events).isEmpty();
    }

    @Test
    void shouldCheckWhereAPageComesFrom() throws Exception {
        final var same = start(OPTIONS, listener);
        for (String evil : List.of(
                "http://evil.example",
                "http://here.example.evil.example",
                "http://evil-here.example",
                "http://here.example:81",
                "http://here.example@evil.example",
                "here.example",
                "null",
                "")) {
            assertThat(refusal(same, Frames.request("/chat", "Origin: " + evil)))
                    .as(evil)
                    .startsWith("HTTP/1.1 403 ");
        }
        assertThat(refusal(same, Frames.request("/chat", "Origin: http://here.example", "Origin: http://evil.example")))
                .startsWith("HTTP/1.1 403 ");
        open(same, "Origin: https://HERE.example:443");
        assertThat(listener.next()).isEqualTo("open");
    }

    @Test
    void shouldCheckOriginsThatAreListed() throws Exception {
        final var listed = start(OPTIONS.withOrigins("https://a.example", "http://b.example:8080"), listener);
        for (String evil : List.of("http://a.example", "https://a.example.evil", "http://here.example", "null")) {
            assertThat(refusal(listed, Frames.request("/chat", "Origin: " + evil)))
                    .as(evil)
                    .startsWith("HTTP/1.1 403 ");
        }
        open(listed, "Origin: https://a.example");
        assertThat(listener.next()).isEqualTo("open");
    }

    // ---- messages

    @Test
    void shouldEchoMessagesOfAllLengths() throws Exception {
        final Peer peer = echo(OPTIONS);
        for (int bytes : new int[] {0, 1, 3, 7, 8, 125, 126, 1024, 1025, 4096, 65_535, 65_536, 99_000}) {
            final byte[] payload = new byte[bytes];
            new Random(bytes).nextBytes(payload);
            peer.send(Frames.masked(0x82, payload));
            final Frame frame = Frames.read(peer);
            assertThat(frame.first()).isEqualTo(0x82);
            assertThat(frame.payload()).isEqualTo(payload);
            final String text = "ä€😀".repeat(bytes / 9);
            peer.send(Frames.text(text));
            assertThat(Frames.read(peer).text()).isEqualTo(text);
        }
    }

    @Test
    void shouldJoinFragmentsAroundWhichPingsCome() throws Exception {
        final Peer peer = echo(OPTIONS);
        final byte[] euro = "€".getBytes(StandardCharsets.UTF_8);
        peer.send(Frames.join(
                Frames.masked(0x01, "a"),
                Frames.masked(0x89, "ping"),
                Frames.masked(0x00, ""),
                Frames.masked(0x00, Arrays.copyOf(euro, 1)),
                Frames.masked(0x8a, "an answer to nothing"),
                Frames.masked(0x80, Arrays.copyOfRange(euro, 1, 3))));
        final Frame pong = Frames.read(peer);
        assertThat(pong.first()).isEqualTo(0x8a);
        assertThat(pong.text()).isEqualTo("ping");
        assertThat(Frames.read(peer).text()).isEqualTo("a€");
    }

    @Test
    void shouldHandOnPartsAsTheyCome() throws Exception {
        final Peer peer = open(start(OPTIONS.withFragments(true), listener));
        assertThat(listener.next()).isEqualTo("open");
        final byte[] euro = "x€".getBytes(StandardCharsets.UTF_8);
        final byte[] frame = Frames.masked(0x01, "abc");
        peer.send(frame);
        assertThat(listener.next()).isEqualTo("first part text abc");
        peer.send(Frames.masked(0x00, Arrays.copyOf(euro, 2)));
        assertThat(listener.next()).isEqualTo("part text x");
        peer.send(Frames.masked(0x80, Arrays.copyOfRange(euro, 2, 4)));
        assertThat(listener.next()).isEqualTo("last part text €");
        peer.send(Frames.text("whole"));
        assertThat(listener.next()).isEqualTo("text whole");
    }

    @Test
    void shouldSendParts() throws Exception {
        final Peer peer = open(start(OPTIONS.withFragments(true), listener));
        final var session = listener.session.get();
        session.send(WebSocketMessage.text("a").part(true, false));
        assertThatThrownBy(() -> session.send(WebSocketMessage.text("another")))
                .isInstanceOf(SendFailedException.class)
                .hasMessageContaining("in parts");
        session.send(WebSocketMessage.text("b").part(false, true));
        session.send(WebSocketMessage.text("c"));
        assertThat(Frames.read(peer).first()).isEqualTo(0x01);
        assertThat(Frames.read(peer).first()).isEqualTo(0x80);
        assertThat(Frames.read(peer).text()).isEqualTo("c");
    }

    @Test
    void shouldKeepMessagesBeyondTheListener() throws Exception {
        final CompletableFuture<WebSocketMessage> kept = new CompletableFuture<>();
        final CompletableFuture<WebSocketMessage> first = new CompletableFuture<>();
        final CompletableFuture<byte[]> forgotten = new CompletableFuture<>();
        final var server = engines.closing(server(OPTIONS)
                .listener((_, message) -> {
                    if (!first.complete(message)) {
                        forgotten.complete(first.join().bytes());
                        message.keep();
                        kept.complete(message);
                    }
                })
                .start());
        final Peer peer = open(server);
        final byte[] payload = new byte[50_000];
        new Random(1).nextBytes(payload);
        peer.send(Frames.masked(0x82, payload));
        peer.send(Frames.masked(0x82, payload));
        assertThat(EngineFixture.await(forgotten)).isEqualTo(payload);
        try (WebSocketMessage message = EngineFixture.await(kept)) {
            assertThat(message.bytes()).isEqualTo(payload);
        }
    }

    @Test
    void shouldBroadcastOneMessage() throws Exception {
        final var server = start(OPTIONS, listener);
        final Peer plain = open(server);
        final Peer packed = open(server, "Sec-WebSocket-Extensions: permessage-deflate");
        EngineFixture.until("two sessions", () -> server.sessions().size() == 2);
        assertThat(server.broadcast(WebSocketMessage.text("to all"))).isEqualTo(2);
        assertThat(Frames.read(plain).text()).isEqualTo("to all");
        assertThat(Frames.read(packed).text()).isEqualTo("to all");
    }

    // ---- what must not be

    @Test
    void shouldRefuseAnUnmaskedFrame() throws Exception {
        shouldRefuseFrames(1002, Frames.frame(0x81, new byte[] {'a'}, false));
    }

    @Test
    void shouldRefuseReservedBits() throws Exception {
        shouldRefuseFrames(1002, Frames.masked(0x81 | 0x40, "compressed, which nobody agreed on"));
    }

    @Test
    void shouldRefuseReservedOpcodes() throws Exception {
        shouldRefuseFrames(1002, Frames.masked(0x83, "a"));
    }

    @Test
    void shouldTellAClientThatGoesOnSendingWhyItFails() throws Exception {
        final Peer peer = open();
        final byte[] more = new byte[64 * 1024];
        peer.send(Frames.join(Frames.masked(0x83, "a"), more));
        final Frame close = Frames.read(peer);
        assertThat(close.closeCode()).isEqualTo(1002);
        peer.expectEnd();
        // A socket that is closed for good answers with a reset, which can overtake the close frame.
        for (int i = 0; i < 48; i++) {
            peer.send(more);
        }
        peer.close();
        assertThat(listener.next()).startsWith("error ");
        assertThat(listener.next()).isEqualTo("close ERROR 1006");
    }

    @Test
    void shouldRefuseLongControlFrames() throws Exception {
        shouldRefuseFrames(1002, Frames.masked(0x89, new byte[126]));
    }

    @Test
    void shouldRefuseControlFramesInFragments() throws Exception {
        shouldRefuseFrames(1002, Frames.masked(0x09, "a"));
    }

    @Test
    void shouldRefuseAContinuationOfNothing() throws Exception {
        shouldRefuseFrames(1002, Frames.masked(0x80, "b"));
    }

    @Test
    void shouldRefuseAMessageWithinAMessage() throws Exception {
        shouldRefuseFrames(1002, Frames.masked(0x01, "a"), Frames.text("b"));
    }

    @Test
    void shouldRefuseALengthInMoreBytesThanItTakes() throws Exception {
        shouldRefuseFrames(1002, new byte[] {(byte) 0x82, (byte) (0x80 | 126), 0, 125, 0, 0, 0, 0});
    }

    @Test
    void shouldRefuseANegativeLength() throws Exception {
        shouldRefuseFrames(1002, new byte[] {(byte) 0x82, (byte) (0x80 | 127), -1, -1, -1, -1, -1, -1, -1, -1});
    }

    @Test
    void shouldRefuseAnEnormousLengthBeforeItComes() throws Exception {
        shouldRefuseFrames(1009, new byte[] {(byte) 0x82, (byte) (0x80 | 127), 0x7f, -1, -1, -1, -1, -1, -1, -1});
    }

    @Test
    void shouldRefuseFragmentsThatTogetherAreTooLong() throws Exception {
        shouldRefuseFrames(1009, Frames.masked(0x02, new byte[60_000]), Frames.masked(0x80, new byte[60_000]));
    }

    @Test
    void shouldRefuseTextThatIsNoUtf8AtItsFirstBadByte() throws Exception {
        final byte[] frame = Frames.masked(0x81, new byte[] {'a', (byte) 0xed, (byte) 0xa0, 'b', 'c'});
        // The frame has not ended.
        shouldRefuseFrames(1007, Arrays.copyOf(frame, frame.length - 2));
    }

    @Test
    void shouldRefuseTextThatEndsWithinACharacterAcrossFragments() throws Exception {
        shouldRefuseFrames(
                1007,
                Frames.masked(0x01, new byte[] {(byte) 0xf0, (byte) 0x9f}),
                Frames.masked(0x80, new byte[] {(byte) 0x98}));
    }

    @Test
    void shouldRefuseCloseCodesThatAreNotToBeSent() throws Exception {
        for (int code : new int[] {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 65_535}) {
            final Peer peer = open(start(OPTIONS, new Listening(false)));
            peer.send(Frames.masked(0x88, new byte[] {(byte) (code >> 8), (byte) code}));
            expectClose(peer, 1002);
            if (code == 1006) {
                break;
            }
        }
    }

    @Test
    void shouldRefuseACloseOfOneByte() throws Exception {
        shouldRefuseFrames(1002, Frames.masked(0x88, new byte[1]));
    }

    @Test
    void shouldRefuseAReasonThatIsNoUtf8() throws Exception {
        shouldRefuseFrames(1007, Frames.masked(0x88, new byte[] {3, (byte) 0xe8, (byte) 0xc0}));
    }

    @Test
    void shouldBoundTheFragmentsOfAMessage() throws Exception {
        final Peer peer = open(start(OPTIONS.withLimits(WebSocketLimits.DEFAULT.withFragments(100)), listener));
        final byte[][] frames = new byte[200][];
        Arrays.fill(frames, Frames.masked(0x00, ""));
        frames[0] = Frames.masked(0x01, "");
        peer.send(Frames.join(frames));
        expectClose(peer, 1008);
    }

    @Test
    void shouldBoundPings() throws Exception {
        final Peer peer =
                open(start(OPTIONS.withLimits(WebSocketLimits.DEFAULT.withControlFramesPerSecond(10)), listener));
        final byte[][] frames = new byte[30][];
        Arrays.fill(frames, Frames.masked(0x8a, "unasked"));
        peer.send(Frames.join(frames));
        expectClose(peer, 1008);
    }

    @Test
    void shouldAnswerOnlyTheLastPingsOfAPeerThatDoesNotRead() throws Exception {
        final int pings = 20_000;
        // Else the kernel may take all of the answers.
        final var socket = SocketOptions.DEFAULT.withSendBufferBytes(16 * 1024);
        final var server = engines.closing(
                server(OPTIONS.withLimits(WebSocketLimits.DEFAULT.withControlFramesPerSecond(10 * pings)))
                        .options(ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withSocket(socket)))
                        .listener(listener)
                        .start());
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        peer.send(Frames.request("/chat"));
        Frames.readHead(peer);
        final byte[] payload = new byte[125];
        final var sending = EngineFixture.async(() -> {
            for (int i = 0; i < pings; i++) {
                payload[0] = (byte) i;
                peer.send(Frames.masked(0x89, payload));
            }
            peer.send(Frames.text("end"));
        });
        assertThat(listener.next()).isEqualTo("open");
        final Session<WebSocketMessage> session = listener.session.join();
        EngineFixture.await(sending);
        assertThat(listener.next()).isEqualTo("text end");
        // What the kernel has not taken; all answers would be over 2 MB.
        assertThat(session.pendingBytes()).isPositive().isLessThan(256 * 1024);
        final var reading = EngineFixture.async(() -> {
            Frame frame = Frames.read(peer);
            while (frame.opcode() == FrameHeader.PONG) {
                frame = Frames.read(peer);
            }
            assertThat(frame.closeCode()).isEqualTo(1000);
        });
        session.close();
        EngineFixture.await(reading);
    }

    // ---- the end

    @Test
    void shouldAnswerTheGoodbyeAndIgnoreWhatFollows() throws Exception {
        final Peer peer = open();
        peer.send(
                Frames.join(Frames.text("last"), Frames.close(3001, "bye"), Frames.text("after"), new byte[] {-1, -1}));
        assertThat(listener.next()).isEqualTo("text last");
        expectClose(peer, 3001);
        assertThat(listener.next()).isEqualTo("close PEER_CLOSED 3001");
        assertThat(WebSocketSession.of(listener.session.join()).closeReason()).isEqualTo("bye");
    }

    @Test
    void shouldSendWhatIsBeingAnsweredBeforeTheGoodbye() throws Exception {
        final CompletableFuture<Void> go = new CompletableFuture<>();
        final var server = engines.closing(server(OPTIONS)
                .tasks(Tasks.virtualThreads())
                .listener((session, message) -> {
                    go.join();
                    session.send(message);
                })
                .start());
        final Peer peer = open(server);
        peer.send(Frames.join(Frames.text("slow"), Frames.close(1000, "")));
        go.complete(null);
        assertThat(Frames.read(peer).text()).isEqualTo("slow");
        expectClose(peer, 1000);
    }

    @Test
    void shouldSayGoodbyeAndWaitForTheAnswer() throws Exception {
        final Peer peer = open();
        final var session = listener.session.join();
        session.send(WebSocketMessage.text("before"));
        WebSocketSession.of(session).close(4000, "enough");
        assertThat(session.isOpen()).isFalse();
        assertThat(Frames.read(peer).text()).isEqualTo("before");
        final Frame close = Frames.read(peer);
        assertThat(close.closeCode()).isEqualTo(4000);
        // Nobody listens any more.
        peer.send(Frames.join(Frames.text("late"), Frames.masked(0x02, new byte[70_000]), Frames.masked(0x80, "")));
        assertThat(listener.events).isEmpty();
        peer.send(Frames.close(4000, "enough"));
        peer.expectEnd();
        peer.close();
        assertThat(listener.next()).isEqualTo("close LOCAL 4000");
        assertThatThrownBy(() -> session.send(WebSocketMessage.text("after"))).isInstanceOf(SendFailedException.class);
    }

    @Test
    void shouldNotWaitForEverForTheAnswerToAGoodbye() throws Exception {
        final Peer peer = open(start(OPTIONS.withCloseTimeout(Duration.ofMillis(20)), listener));
        listener.session.join().close();
        assertThat(Frames.read(peer).closeCode()).isEqualTo(1000);
        peer.expectEnd();
    }

    @Test
    void shouldTellOfAnEndWithoutAGoodbye() throws Exception {
        open().finish().expectEnd();
        assertThat(listener.next()).isEqualTo("close PEER_CLOSED 1006");
    }

    @Test
    void shouldTellOfAnEndWithinAMessage() throws Exception {
        open().send(Frames.masked(0x01, "begun")).finish();
        assertThat(listener.next()).startsWith("error ");
        assertThat(listener.next()).isEqualTo("close ERROR 1006");
    }

    @Test
    void shouldSayThatItGoesAway() throws Exception {
        final Engine engine = engines.engine();
        final var server = WebSocket.server("ws://127.0.0.1:0/chat")
                .engine(engine)
                .listener(listener)
                .start();
        final Peer peer = open(server);
        listener.session.get();
        final var closed = EngineFixture.async(engine::close);
        assertThat(Frames.read(peer).closeCode()).isEqualTo(1001);
        peer.finish().expectEnd();
        EngineFixture.await(closed);
    }

    @Test
    void shouldTellThePeerThatTheListenerFailed() throws Exception {
        final Peer peer = open(start(OPTIONS, (_, _) -> {
            throw new IllegalStateException("as it should");
        }));
        peer.send(Frames.text("a"));
        expectClose(peer, 1011);
    }

    @Test
    void shouldPing() throws Exception {
        final var server = engines.closing(server(OPTIONS)
                .listener(listener)
                .heartbeat(WebSocket.heartbeat(Duration.ofMillis(10)).unanswered(1000))
                .start());
        final Peer peer = open(server);
        final Frame ping = Frames.read(peer);
        assertThat(ping.first()).isEqualTo(0x89);
        peer.send(Frames.masked(0x8a, ping.payload()));
        assertThat(Frames.read(peer).first()).isEqualTo(0x89);
    }

    @Test
    void shouldEndASessionWhosePeerDoesNotAnswerPings() throws Exception {
        final var server = engines.closing(server(OPTIONS)
                .listener(listener)
                .heartbeat(WebSocket.heartbeat(Duration.ofMillis(10)).unanswered(2))
                .start());
        open(server);
        assertThat(listener.next()).isEqualTo("open");
        assertThat(listener.nextButErrors()).isEqualTo("close TIMED_OUT 1006");
    }

    // ---- compression

    private static byte[] inflated(Inflater inflater, byte[] packed, int most) throws Exception {
        inflater.setInput(Frames.join(packed, new byte[] {0, 0, -1, -1}));
        final byte[] plain = new byte[most + 1];
        final int n = inflater.inflate(plain);
        return Arrays.copyOf(plain, n);
    }

    @Test
    void shouldCompress() throws Exception {
        final Peer peer = echo(OPTIONS, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits");
        final Inflater inflater = new Inflater(true);
        for (int i = 0; i < 3; i++) {
            final byte[] plain = "the same again, and again, ".repeat(1000).getBytes(StandardCharsets.US_ASCII);
            peer.send(Frames.masked(0x81 | 0x40, Frames.deflated(plain)));
            final Frame frame = Frames.read(peer);
            assertThat(frame.first()).isEqualTo(0x81 | 0x40);
            assertThat(frame.payload().length).isLessThan(i == 0 ? 1000 : 500);
            assertThat(inflated(inflater, frame.payload(), plain.length)).isEqualTo(plain);
        }
        inflater.end();
        // Too short to be worth it; and RFC 7692, 7.2.3.5, where a message ends its stream.
        final byte[] hello = {(byte) 0xf3, 0x48, (byte) 0xcd, (byte) 0xc9, (byte) 0xc9, 0x07, 0x00, 0x00};
        peer.send(Frames.masked(0x81 | 0x40, hello));
        final Frame frame = Frames.read(peer);
        assertThat(frame.first()).isEqualTo(0x81);
        assertThat(frame.text()).isEqualTo("Hello");
    }

    @Test
    void shouldKeepToASmallerWindowWithoutTakeover() throws Exception {
        final var server =
                start(OPTIONS.withDeflate(PerMessageDeflate.DEFAULT.withThresholdBytes(1)), new Listening(true));
        final Peer peer = connect(server)
                .send(Frames.request(
                        "/chat",
                        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9;"
                                + " server_no_context_takeover"));
        assertThat(Frames.readHead(peer))
                .contains("permessage-deflate; server_no_context_takeover; server_max_window_bits=9\r\n");
        final byte[] block = new byte[600];
        new Random(2).nextBytes(block);
        final byte[] plain = Frames.join(block, block, block);
        peer.send(Frames.masked(0x82, plain));
        final Frame frame = Frames.read(peer);
        final Inflater inflater = new Inflater(true);
        assertThat(inflated(inflater, frame.payload(), plain.length)).isEqualTo(plain);
        inflater.end();
        // A window of 512 bytes does not reach back to what repeats.
        assertThat(frame.payload().length).isGreaterThan(plain.length);
    }

    @Test
    void shouldRefuseABombWhileItInflates() throws Exception {
        final Peer peer = open(start(OPTIONS, listener), "Sec-WebSocket-Extensions: permessage-deflate");
        peer.send(Frames.masked(0x82 | 0x40, Frames.deflated(new byte[5_000_000])));
        expectClose(peer, 1009);
        assertThat(listener.next()).isEqualTo("open");
        assertThat(listener.next()).startsWith("error ");
        assertThat(listener.next()).isEqualTo("close LIMIT 1006");
        EngineFixture.until("zlib's memory to be given back", () -> ZlibPool.live() == 0);
    }

    @Test
    void shouldRefuseWhatIsNotCompressedThoughItSaysSo() throws Exception {
        final Peer peer = open(start(OPTIONS, listener), "Sec-WebSocket-Extensions: permessage-deflate");
        peer.send(Frames.masked(0x82 | 0x40, new byte[] {-1, -1, -1, -1, -1}));
        assertThat(Frames.read(peer).closeCode()).isEqualTo(1007);
        peer.expectEnd();
    }

    @Test
    void shouldRefuseCompressedTextThatIsNoUtf8() throws Exception {
        final Peer peer = open(start(OPTIONS, listener), "Sec-WebSocket-Extensions: permessage-deflate");
        peer.send(Frames.masked(0x81 | 0x40, Frames.deflated(new byte[] {'a', (byte) 0xff})));
        expectClose(peer, 1007);
    }
}
