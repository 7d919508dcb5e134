// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.EngineFixture;
import io.hawser.connection.Peer;
import io.hawser.connection.TestTransport;
import io.hawser.session.Reconnect;
import io.hawser.session.SessionServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Floods, bombs and junk in frames: the peer is told, its session ends, and nothing is left of it. */
@ParameterizedClass
@EnumSource
final class HostileFramesTest {
    private static final int MAX = 100_000;
    private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";

    @RegisterExtension
    final EngineFixture engines;

    private final Listening listener = new Listening(false);

    HostileFramesTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private SessionServer<WebSocketMessage> start(WebSocketOptions options) throws Exception {
        return engines.closing(WebSocket.server("ws://127.0.0.1:0/chat", options)
                .engine(engines.engine())
                .maxMessageBytes(MAX)
                .listener(listener)
                .start());
    }

    private Peer open(SessionServer<?> server, String... fields) throws Exception {
        final Peer peer = engines.closing(Peer.connect(server.address())).send(Frames.request("/chat", fields));
        assertThat(Frames.readHead(peer)).startsWith("HTTP/1.1 101 ");
        return peer;
    }

    private void expectRefusal(int code, SessionServer<?> server, byte[]... frames) throws Exception {
        final Peer peer = open(server, DEFLATE);
        final byte[] all = Frames.join(frames);
        assertThat(listener.next()).isEqualTo("open");
        try {
            peer.send(all);
        } catch (IOException _) {
            // It did not want to hear all of it.
        }
        final Frames.Frame frame = Frames.read(peer);
        assertThat(frame.opcode()).as("frames %s", hex(all)).isEqualTo(FrameHeader.CLOSE);
        assertThat(frame.closeCode()).as("frames %s", hex(all)).isEqualTo(code);
        peer.expectGone();
        peer.close();
        assertThat(listener.next()).startsWith("error ");
        assertThat(listener.next()).isIn("close ERROR 1006", "close LIMIT 1006");
        EngineFixture.until("the connection to end", () -> server.engine().connectionCount() == 0);
        EngineFixture.until("zlib's memory to be given back", () -> ZlibPool.live() == 0);
    }

    private static String hex(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes, 0, Math.min(20, bytes.length));
    }

    private static byte[] times(int count, byte[] frame) {
        final byte[] all = new byte[count * frame.length];
        for (int at = 0; at < all.length; at += frame.length) {
            System.arraycopy(frame, 0, all, at, frame.length);
        }
        return all;
    }

    // ---- what no frame may be

    @Test
    void shouldRefuseReservedBitsOnEveryFrame() throws Exception {
        final var server = start(WebSocketOptions.DEFAULT);
        for (int bits : new int[] {0x10, 0x20, 0x30, 0x50, 0x70}) {
            expectRefusal(1002, server, Frames.masked(0x81 | bits, "a"));
        }
        for (int control : new int[] {0x88, 0x89, 0x8a}) {
            expectRefusal(1002, server, Frames.masked(control | 0x40, ""));
        }
        // Only the first frame of a message says that it is compressed.
        expectRefusal(1002, server, Frames.masked(0x01, "a"), Frames.masked(0x80 | 0x40, "b"));
    }

    @Test
    void shouldRefuseEveryUnknownOpcode() throws Exception {
        final var server = start(WebSocketOptions.DEFAULT);
        for (int opcode : new int[] {3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf}) {
            expectRefusal(1002, server, Frames.masked(0x80 | opcode, ""));
        }
    }

    @Test
    void shouldRefuseEveryCloseThatIsJunk() throws Exception {
        final var server = start(WebSocketOptions.DEFAULT);
        for (int code : new int[] {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535}) {
            expectRefusal(1002, server, Frames.masked(0x88, new byte[] {(byte) (code >> 8), (byte) code}));
        }
        expectRefusal(1002, server, Frames.masked(0x88, new byte[1]));
        expectRefusal(1002, server, Frames.masked(0x08, new byte[] {3, (byte) 0xe8}));
        expectRefusal(1002, server, Frames.masked(0x88, new byte[126]));
        expectRefusal(1002, server, Frames.masked(0x88, new byte[70_000]));
        expectRefusal(1007, server, Frames.masked(0x88, new byte[] {3, (byte) 0xe8, (byte) 0xed, (byte) 0xa0, 0}));
        expectRefusal(1007, server, Frames.masked(0x88, new byte[] {3, (byte) 0xe8, (byte) 0xf0, (byte) 0x9f}));
    }

    // ---- floods

    @Test
    void shouldBoundFragmentsOfOneByteAndOfNone() throws Exception {
        final var server = start(WebSocketOptions.DEFAULT);
        final int most = WebSocketLimits.DEFAULT.fragments();
        for (String content : new String[] {"", "a"}) {
            expectRefusal(1008, server, Frames.masked(0x01, content), times(most, Frames.masked(0x00, content)));
        }
        // As many as are allowed make a message.
        final Peer peer = open(server);
        peer.send(Frames.join(
                Frames.masked(0x02, "a"), times(most - 2, Frames.masked(0x00, "a")), Frames.masked(0x80, "a")));
        assertThat(listener.next()).isEqualTo("open");
        assertThat(listener.next()).isEqualTo("binary " + most);
    }

    @Test
    void shouldBoundFragmentsThatAreHandedOnAsTheyCome() throws Exception {
        final Peer peer = open(start(
                WebSocketOptions.DEFAULT.withFragments(true).withLimits(WebSocketLimits.DEFAULT.withFragments(100))));
        peer.send(Frames.join(Frames.masked(0x02, "a"), times(100, Frames.masked(0x00, "a"))));
        assertThat(Frames.read(peer).closeCode()).isEqualTo(1008);
        peer.expectGone();
    }

    @Test
    void shouldBoundPingsAlsoBetweenFragments() throws Exception {
        final var server =
                start(WebSocketOptions.DEFAULT.withLimits(WebSocketLimits.DEFAULT.withControlFramesPerSecond(20)));
        for (int opcode : new int[] {0x89, 0x8a}) {
            final Peer peer = open(server);
            peer.send(Frames.masked(0x01, "begun"));
            // A second may pass in between, but not this many.
            peer.send(times(10_000, Frames.masked(opcode, "")));
            Frames.Frame frame = Frames.read(peer);
            while (frame.opcode() == FrameHeader.PONG) {
                frame = Frames.read(peer);
            }
            assertThat(frame.closeCode()).isEqualTo(1008);
            peer.expectGone();
        }
    }

    // ---- bombs

    @Test
    void shouldStopABombHoweverItIsPacked() throws Exception {
        final var server = start(WebSocketOptions.DEFAULT);
        final long usedBefore = server.engine().pool().usedBytes();
        final byte[] bomb = Frames.deflated(new byte[20_000_000]);
        assertThat(bomb.length).isLessThan(MAX / 4);
        expectRefusal(1009, server, Frames.masked(0x82 | 0x40, bomb));
        // As text, of which each byte is looked at.
        expectRefusal(1009, server, Frames.masked(0x81 | 0x40, bomb));
        // In fragments none of which is one.
        final var pieces = new ByteArrayOutputStream();
        for (int at = 0; at < bomb.length; at += 10) {
            final byte[] piece = Arrays.copyOfRange(bomb, at, Math.min(bomb.length, at + 10));
            pieces.writeBytes(Frames.masked(at == 0 ? 0x42 : 0x00, piece));
        }
        expectRefusal(1009, server, pieces.toByteArray());
        // Behind messages that were well.
        final byte[] fine = Frames.deflated(new byte[MAX / 2]);
        final Peer peer = open(server, DEFLATE);
        peer.send(Frames.join(Frames.masked(0x82 | 0x40, fine), Frames.masked(0x82 | 0x40, bomb)));
        assertThat(Frames.read(peer).closeCode()).isEqualTo(1009);
        peer.expectGone();
        assertThat(listener.next()).isEqualTo("open");
        assertThat(listener.next()).isEqualTo("binary " + MAX / 2);
        assertThat(server.engine().pool().usedBytes()).isLessThan(usedBefore + (1 << 20));
    }

    @Test
    void shouldStopABombThatIsHandedOnAsItComes() throws Exception {
        final Peer peer = open(start(WebSocketOptions.DEFAULT.withFragments(true)), DEFLATE);
        peer.send(Frames.masked(0x82 | 0x40, Frames.deflated(new byte[20_000_000])));
        assertThat(Frames.read(peer).closeCode()).isEqualTo(1009);
        peer.expectGone();
        peer.close();
        EngineFixture.until("zlib's memory to be given back", () -> ZlibPool.live() == 0);
    }

    /** Streams that end and begin anew with every other byte, RFC 7692, 7.2.3.5, and mean nothing. */
    @Test
    void shouldTakeAMessageOfNothingInManyBlocks() throws Exception {
        final Peer peer = open(start(WebSocketOptions.DEFAULT), DEFLATE);
        peer.send(Frames.join(Frames.masked(0x82 | 0x40, times(40_000, new byte[] {3, 0})), Frames.close(1000, "")));
        assertThat(listener.next()).isEqualTo("open");
        assertThat(listener.next()).isEqualTo("binary 0");
        assertThat(Frames.read(peer).closeCode()).isEqualTo(1000);
    }

    // ---- the other way round

    /** A server that answers the handshake, and then sends {@code frames}; what the client says to it in the end. */
    private int clientsAnswerTo(byte[] frames, String... fields) throws Exception {
        try (ServerSocketChannel listening =
                ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            final int port = ((InetSocketAddress) listening.getLocalAddress()).getPort();
            final var client =
                    engines.closing(WebSocket.client("ws://127.0.0.1:" + port + "/", WebSocketOptions.DEFAULT)
                            .engine(engines.engine())
                            .maxMessageBytes(MAX)
                            .listener(listener)
                            .reconnect(Reconnect.of(Duration.ofMillis(5), Duration.ofMillis(5))
                                    .withTries(1))
                            .start());
            try (Peer server = Peer.accept(listening)) {
                final String request = Frames.readHead(server);
                final int from = request.indexOf("Sec-WebSocket-Key: ") + "Sec-WebSocket-Key: ".length();
                final String key = request.substring(from, request.indexOf("\r\n", from));
                server.send("HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                        + "Sec-WebSocket-Accept: " + Keys.accept(key) + "\r\n" + String.join("\r\n", fields)
                        + (fields.length == 0 ? "\r\n" : "\r\n\r\n"));
                try {
                    server.send(frames);
                } catch (IOException _) {
                    // It did not want to hear all of it.
                }
                Frames.Frame frame = Frames.read(server);
                while (frame.opcode() == FrameHeader.PONG) {
                    frame = Frames.read(server);
                }
                return frame.closeCode();
            } finally {
                client.close();
            }
        }
    }

    @Test
    void shouldBoundAServerToo() throws Exception {
        final byte[] bomb = Frames.deflated(new byte[20_000_000]);
        assertThat(clientsAnswerTo(Frames.frame(0x82 | 0x40, bomb, false), DEFLATE))
                .isEqualTo(1009);
        assertThat(clientsAnswerTo(new byte[] {(byte) 0x82, 127, 0x7f, -1, -1, -1, -1, -1, -1, -1}))
                .isEqualTo(1009);
        assertThat(clientsAnswerTo(Frames.join(
                        Frames.frame(0x01, new byte[0], false),
                        times(WebSocketLimits.DEFAULT.fragments(), Frames.frame(0x00, new byte[0], false)))))
                .isEqualTo(1008);
        assertThat(clientsAnswerTo(times(20_000, Frames.frame(0x8a, new byte[0], false))))
                .isEqualTo(1008);
        assertThat(clientsAnswerTo(Frames.frame(0x88, new byte[1], false))).isEqualTo(1002);
        assertThat(clientsAnswerTo(Frames.frame(0x81, new byte[] {-1}, false))).isEqualTo(1007);
        EngineFixture.until("zlib's memory to be given back", () -> ZlibPool.live() == 0);
    }
}
