// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every peer that speaks WebSocket (RFC 6455), plain and with permessage-deflate (RFC 7692). */
class WebSocketPeerTest {
    private static final long SEED = 20261122;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int COMPRESSED = 0x40;
    private static final int MASK = 0x37fa213d;
    private static final byte[] TAIL = {0, 0, -1, -1};

    static List<PeerCase> sockets() {
        final Settings plain = Settings.of(Mode.WS);
        final List<PeerCase> cases = new ArrayList<>();
        for (Peer peer : Peer.values()) {
            if (peer.modes().contains(Mode.WS)) {
                cases.add(new PeerCase(peer, plain, ""));
            }
        }
        cases.add(new PeerCase(Peer.NETTY_EPOLL, plain.withConsolidation(), " consolidated"));
        cases.add(new PeerCase(Peer.VERTX, plain.withLoops(2), " on two loops"));
        return cases;
    }

    @ParameterizedTest
    @MethodSource("sockets")
    void shouldEchoMessagesOfEverySizeAndAnswerTheClose(PeerCase one) throws Exception {
        try (PeerServer server = one.start();
                Client client = new Client(server, "")) {
            for (int length : List.of(0, 1, 64, 125, 126, 65_535, 65_536, 1 << 20)) {
                final byte[] sent = text(length);
                client.send(BINARY, sent);
                client.assertFrame(BINARY, sent);
            }
            client.send(TEXT, text(64));
            client.assertFrame(TEXT, text(64));
            client.send(CLOSE, new byte[] {3, (byte) 0xe8});
            client.assertFrame(CLOSE, new byte[] {3, (byte) 0xe8});
        }
    }

    @ParameterizedTest
    @MethodSource("sockets")
    void shouldCompressWhereTheClientAsksForIt(PeerCase one) throws Exception {
        try (PeerServer server = one.start();
                Client client = new Client(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n")) {
            assertThat(client.head).contains("sec-websocket-extensions: permessage-deflate");
            final Inflater inflater = new Inflater(true);
            for (int length : List.of(64, 65_536, 64)) {
                final byte[] sent = text(length);
                client.send(COMPRESSED | BINARY, deflate(sent));
                final byte[] received = client.receive(COMPRESSED | BINARY);
                assertThat(received.length).isLessThan(length);
                // With the window of the messages before, which the server may use.
                assertThat(inflate(inflater, received, length)).isEqualTo(sent);
            }
            inflater.end();
        }
    }

    /** Letters that compress to about a half. */
    private static byte[] text(int length) {
        final byte[] text = new byte[length];
        final Random random = new Random(SEED);
        for (int i = 0; i < length; i++) {
            text[i] = (byte) ('a' + random.nextInt(8));
        }
        return text;
    }

    private static byte[] deflate(byte[] message) {
        final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        deflater.setInput(message);
        final byte[] out = new byte[message.length + 64];
        final int length = deflater.deflate(out, 0, out.length, Deflater.SYNC_FLUSH);
        deflater.end();
        return Arrays.copyOf(out, length - TAIL.length);
    }

    private static byte[] inflate(Inflater inflater, byte[] compressed, int length) throws DataFormatException {
        final ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.writeBytes(compressed);
        whole.writeBytes(TAIL);
        inflater.setInput(whole.toByteArray());
        final byte[] message = new byte[length];
        int at = 0;
        while (at < length && !inflater.needsInput()) {
            at += inflater.inflate(message, at, length - at);
        }
        assertThat(inflater.inflate(new byte[1])).isZero();
        return message;
    }

    /** As much of a client as this needs. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;
        final String head;

        Client(PeerServer server, String more) throws IOException {
            socket = PeerCase.connect(server);
            in = new DataInputStream(socket.getInputStream());
            socket.getOutputStream()
                    .write(("GET /echo HTTP/1.1\r\nHost: it\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                    + more + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            while (!bytes.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
                bytes.write(in.readByte());
            }
            head = bytes.toString(StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
            assertThat(head)
                    .startsWith("http/1.1 101 ")
                    // That of the key, which is the RFC's example.
                    .contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n");
        }

        void send(int first, byte[] payload) throws IOException {
            final ByteBuffer frame = ByteBuffer.allocate(14 + payload.length).put((byte) (0x80 | first));
            if (payload.length < 126) {
                frame.put((byte) (0x80 | payload.length));
            } else if (payload.length < 1 << 16) {
                frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
            } else {
                frame.put((byte) (0x80 | 127)).putLong(payload.length);
            }
            frame.putInt(MASK);
            for (int i = 0; i < payload.length; i++) {
                frame.put((byte) (payload[i] ^ (MASK >> (8 * (3 - i % 4)))));
            }
            socket.getOutputStream().write(frame.array(), 0, frame.position());
        }

        void assertFrame(int first, byte[] payload) throws IOException {
            assertThat(receive(first)).isEqualTo(payload);
        }

        byte[] receive(int first) throws IOException {
            assertThat(in.readUnsignedByte()).isEqualTo(0x80 | first);
            final int length = in.readUnsignedByte();
            assertThat(length).as("unmasked").isLessThan(0x80);
            return in.readNBytes(
                    length == 126 ? in.readUnsignedShort() : length == 127 ? Math.toIntExact(in.readLong()) : length);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
