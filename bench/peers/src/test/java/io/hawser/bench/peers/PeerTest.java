// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every peer in every mode, and with the options that change how it does it. */
class PeerTest {
    private static final long SEED = 20261122;
    private static final int PATIENCE_MS = 20_000;
    private static final int MEBIBYTE = 1 << 20;
    private static final int MANY = 100;

    static List<PeerCase> streams() {
        final List<PeerCase> cases = new ArrayList<>();
        for (Mode mode : List.of(Mode.ECHO, Mode.FRAMED)) {
            final Settings plain = Settings.of(mode);
            for (Peer peer : EnumSet.complementOf(EnumSet.of(Peer.UNDERTOW))) {
                cases.add(new PeerCase(peer, plain, ""));
                if (peer != Peer.JDK_THREADS) {
                    cases.add(new PeerCase(peer, plain.withLoops(2), " on two loops"));
                }
            }
            for (Peer netty : List.of(Peer.NETTY_NIO, Peer.NETTY_EPOLL, Peer.NETTY_URING)) {
                cases.add(new PeerCase(netty, plain.withConsolidation(), " consolidated"));
                cases.add(new PeerCase(netty, plain.withAllocator(Allocator.POOLED), " pooled"));
                cases.add(new PeerCase(netty, plain.withAllocator(Allocator.ADAPTIVE), " adaptive"));
            }
            cases.add(new PeerCase(Peer.NETTY_URING, plain.withoutBufferRing(), " without a buffer ring"));
            for (VertxTransport transport : VertxTransport.values()) {
                cases.add(new PeerCase(Peer.VERTX, plain.withTransport(transport), " over " + transport));
            }
            cases.add(new PeerCase(Peer.JDK_THREADS, plain.withPlatformThreads(), " on platform threads"));
        }
        return cases;
    }

    /** Without the variants, which differ in how bytes move and not in what becomes of connections. */
    static Stream<PeerCase> plain() {
        return streams().stream().filter(one -> one.variant().isEmpty());
    }

    static Stream<PeerCase> plainFramed() {
        return plain().filter(one -> one.settings().mode() == Mode.FRAMED);
    }

    static Stream<PeerCase> plainEcho() {
        return plain().filter(one -> one.settings().mode() == Mode.ECHO);
    }

    static Stream<PeerCase> echo() {
        return streams().stream().filter(one -> one.settings().mode() == Mode.ECHO);
    }

    static Stream<PeerCase> framed() {
        return streams().stream().filter(one -> one.settings().mode() == Mode.FRAMED);
    }

    static List<PeerCase> datagrams() {
        final Settings plain = Settings.of(Mode.UDP);
        final List<PeerCase> cases = new ArrayList<>();
        for (Peer peer : Peer.values()) {
            if (peer.modes().contains(Mode.UDP)) {
                cases.add(new PeerCase(peer, plain, ""));
                cases.add(new PeerCase(peer, plain.withLoops(2), " on two loops"));
            }
        }
        cases.add(new PeerCase(Peer.NETTY_EPOLL, plain.withGro(), " with GRO"));
        cases.add(new PeerCase(Peer.NETTY_EPOLL, plain.withConsolidation(), " consolidated"));
        cases.add(new PeerCase(Peer.VERTX, plain.withTransport(VertxTransport.URING), " over uring"));
        return cases;
    }

    @ParameterizedTest
    @MethodSource("plainEcho")
    void shouldEchoASingleByte(PeerCase one) throws Exception {
        try (PeerServer server = one.start();
                Socket socket = PeerCase.connect(server)) {
            socket.getOutputStream().write('x');
            assertThat(socket.getInputStream().read()).isEqualTo('x');
        }
    }

    @ParameterizedTest
    @MethodSource("echo")
    void shouldEchoAMebibyteInOddChunksAndEndAfterTheClient(PeerCase one) throws Exception {
        final Random random = new Random(SEED);
        final byte[] sent = new byte[MEBIBYTE];
        random.nextBytes(sent);
        try (PeerServer server = one.start();
                Socket socket = PeerCase.connect(server)) {
            final boolean halfClose = halfCloses(one);
            final FutureTask<Void> writer = sending(socket, sent, random, halfClose);
            assertThat(socket.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
            writer.get();
            if (!halfClose) {
                socket.shutdownOutput();
            }
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @MethodSource("framed")
    void shouldEchoFramesHoweverTheyAreSplit(PeerCase one) throws Exception {
        final Random random = new Random(SEED);
        final List<byte[]> frames = new ArrayList<>();
        for (int length : List.of(1, 0, 64, 3, 16_384, 65_535, 65_536, 70_001, 5, MEBIBYTE, 2, 0)) {
            final byte[] frame = new byte[length];
            random.nextBytes(frame);
            frames.add(frame);
        }
        final ByteBuffer sent = ByteBuffer.allocate(frames.stream()
                .mapToInt(frame -> Settings.PREFIX + frame.length)
                .sum());
        frames.forEach(frame -> sent.putInt(frame.length).put(frame));
        try (PeerServer server = one.start();
                Socket socket = PeerCase.connect(server)) {
            final boolean halfClose = halfCloses(one);
            final FutureTask<Void> writer = sending(socket, sent.array(), random, halfClose);
            final DataInputStream in = new DataInputStream(socket.getInputStream());
            for (byte[] frame : frames) {
                assertThat(in.readInt()).isEqualTo(frame.length);
                assertThat(in.readNBytes(frame.length)).isEqualTo(frame);
            }
            writer.get();
            if (!halfClose) {
                socket.shutdownOutput();
            }
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @MethodSource("plainFramed")
    void shouldAnswerAWholeFrameBeforeTheRestOfTheNextHasCome(PeerCase one) throws Exception {
        final byte[] two = ByteBuffer.allocate(13)
                .putInt(3)
                .put(new byte[] {1, 2, 3})
                .putInt(2)
                .put(new byte[] {4, 5})
                .array();
        try (PeerServer server = one.start()) {
            // Cut anywhere in the second: in its length, behind it, in its body.
            for (int cut = 7; cut < two.length; cut++) {
                try (Socket socket = PeerCase.connect(server)) {
                    final OutputStream out = socket.getOutputStream();
                    final DataInputStream in = new DataInputStream(socket.getInputStream());
                    out.write(two, 0, cut);
                    assertThat(in.readNBytes(7)).containsExactly(0, 0, 0, 3, 1, 2, 3);
                    out.write(two, cut, two.length - cut);
                    assertThat(in.readNBytes(6)).containsExactly(0, 0, 0, 2, 4, 5);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("plainFramed")
    void shouldCloseWhoAnnouncesAFrameOverTheLimit(PeerCase one) throws Exception {
        try (PeerServer server = one.start()) {
            for (int announced : List.of(-1, Integer.MIN_VALUE, Settings.MAX_FRAME + 1, Integer.MAX_VALUE)) {
                try (Socket socket = PeerCase.connect(server)) {
                    socket.getOutputStream()
                            .write(ByteBuffer.allocate(Settings.PREFIX)
                                    .putInt(announced)
                                    .array());
                    assertThat(end(socket)).isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("plain")
    void shouldServeManyConnectionsAtOnce(PeerCase one) throws Exception {
        final List<Socket> sockets = new ArrayList<>();
        try (PeerServer server = one.start()) {
            for (int i = 0; i < MANY; i++) {
                sockets.add(PeerCase.connect(server));
            }
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < MANY; i++) {
                    sockets.get(i).getOutputStream().write(message(i + round));
                }
                for (int i = 0; i < MANY; i++) {
                    final byte[] expected = message(i + round);
                    assertThat(sockets.get(i).getInputStream().readNBytes(expected.length))
                            .isEqualTo(expected);
                }
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("plain")
    void shouldServeTheOthersWhenOneResets(PeerCase one) throws Exception {
        try (PeerServer server = one.start();
                Socket other = PeerCase.connect(server)) {
            try (Socket socket = PeerCase.connect(server)) {
                socket.getOutputStream().write(message(1));
                socket.setSoLinger(true, 0);
            }
            final byte[] message = message(2);
            other.getOutputStream().write(message);
            assertThat(other.getInputStream().readNBytes(message.length)).isEqualTo(message);
        }
    }

    @ParameterizedTest
    @MethodSource("plain")
    void shouldFreeItsPortWhenClosedWithAConnectionOpen(PeerCase one) throws Exception {
        final InetSocketAddress address;
        try (Socket socket = new Socket()) {
            try (PeerServer server = one.start()) {
                address = server.address();
                PeerCase.connect(socket, server);
                final byte[] message = message(1);
                socket.getOutputStream().write(message);
                assertThat(socket.getInputStream().readNBytes(message.length)).isEqualTo(message);
            }
        }
        try (ServerSocket again = new ServerSocket()) {
            again.setReuseAddress(true);
            again.bind(address);
            assertThat(again.isBound()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("datagrams")
    void shouldSendEachDatagramBack(PeerCase one) throws Exception {
        final Random random = new Random(SEED);
        try (PeerServer server = one.start();
                DatagramSocket socket = socket()) {
            for (int length : List.of(1, 64, 1024, 1472)) {
                final byte[] sent = new byte[length];
                random.nextBytes(sent);
                socket.send(new DatagramPacket(sent, length, server.address()));
                assertThat(receive(socket)).isEqualTo(sent);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("datagrams")
    void shouldSendBackABurstFromEachOfManyClients(PeerCase one) throws Exception {
        final List<DatagramSocket> sockets = new ArrayList<>();
        final int burst = 10;
        try (PeerServer server = one.start()) {
            for (int i = 0; i < 20; i++) {
                sockets.add(socket());
            }
            for (int n = 0; n < burst; n++) {
                for (int i = 0; i < sockets.size(); i++) {
                    final byte[] sent = {(byte) i, (byte) n};
                    sockets.get(i).send(new DatagramPacket(sent, sent.length, server.address()));
                }
            }
            for (int i = 0; i < sockets.size(); i++) {
                // In whichever order; they are as few as a socket's buffer holds, and loopback loses none of these.
                final Set<List<Byte>> received = new HashSet<>();
                for (int n = 0; n < burst; n++) {
                    final byte[] pair = receive(sockets.get(i));
                    received.add(List.of(pair[0], pair[1]));
                }
                final byte client = (byte) i;
                assertThat(received).hasSize(burst).allMatch(got -> got.getFirst() == client);
            }
        } finally {
            sockets.forEach(DatagramSocket::close);
        }
    }

    @ParameterizedTest
    @MethodSource("datagrams")
    void shouldFreeItsUdpPortWhenClosed(PeerCase one) throws Exception {
        final InetSocketAddress address;
        try (PeerServer server = one.start()) {
            address = server.address();
        }
        try (DatagramSocket again = new DatagramSocket(address)) {
            assertThat(again.isBound()).isTrue();
        }
    }

    /** Vert.x closes a connection at once when its peer has ended its side, whatever waits to be sent. */
    private static boolean halfCloses(PeerCase one) {
        return one.peer() != Peer.VERTX;
    }

    private static FutureTask<Void> sending(Socket socket, byte[] bytes, Random random, boolean halfClose) {
        final FutureTask<Void> task = new FutureTask<>(() -> {
            for (int at = 0; at < bytes.length; ) {
                final int count = Math.min(1 + random.nextInt(20_011), bytes.length - at);
                socket.getOutputStream().write(bytes, at, count);
                at += count;
            }
            if (halfClose) {
                socket.shutdownOutput();
            }
            return null;
        });
        Thread.ofVirtual().start(task);
        return task;
    }

    /** Good for an echo of bytes and of frames. */
    private static byte[] message(int number) {
        return ByteBuffer.allocate(2 * Settings.PREFIX)
                .putInt(Settings.PREFIX)
                .putInt(number)
                .array();
    }

    /** Whether the peer ends the connection, in whichever way, without a byte. */
    private static boolean end(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException _) {
            return true;
        }
    }

    private static DatagramSocket socket() throws IOException {
        final DatagramSocket socket = new DatagramSocket(Settings.anyPort());
        socket.setSoTimeout(PATIENCE_MS);
        return socket;
    }

    private static byte[] receive(DatagramSocket socket) throws IOException {
        final DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }
}
