// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every peer that speaks HTTP. */
class HttpPeerTest {
    private static final int PIPELINED = 40;
    private static final String REQUEST = "GET /any?thing HTTP/1.1\r\nHost: it\r\nAccept: */*\r\n\r\n";
    private static final String LAST = "GET / HTTP/1.1\r\nHost: it\r\nConnection: close\r\n\r\n";

    static List<PeerCase> http() {
        final Settings plain = Settings.of(Mode.HTTP);
        final List<PeerCase> cases = new ArrayList<>();
        for (Peer peer : Peer.values()) {
            if (peer.modes().contains(Mode.HTTP)) {
                cases.add(new PeerCase(peer, plain, ""));
            }
        }
        cases.add(new PeerCase(Peer.NETTY_EPOLL, plain.withConsolidation(), " consolidated"));
        cases.add(new PeerCase(Peer.VERTX, plain.withLoops(2), " on two loops"));
        cases.add(new PeerCase(Peer.UNDERTOW, plain.withLoops(2), " on two loops"));
        return cases;
    }

    @ParameterizedTest
    @MethodSource("http")
    void shouldAnswerEachRequestHoweverTheyAreSplit(PeerCase one) throws Exception {
        try (PeerServer server = one.start();
                Socket socket = PeerCase.connect(server)) {
            final OutputStream out = socket.getOutputStream();
            final InputStream in = socket.getInputStream();
            final byte[] pipelined = REQUEST.repeat(PIPELINED).getBytes(StandardCharsets.US_ASCII);
            // Undertow keeps its answers back while a part of another request has come.
            final int cut = pipelined.length - (one.peer() == Peer.UNDERTOW ? REQUEST.length() : REQUEST.length() / 2);
            out.write(pipelined, 0, cut);
            for (int i = 1; i < PIPELINED; i++) {
                assertAnswer(in);
            }
            out.write(pipelined, cut, pipelined.length - cut);
            assertAnswer(in);
            out.write(LAST.getBytes(StandardCharsets.US_ASCII));
            assertThat(assertAnswer(in)).contains("connection: close");
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @MethodSource("http")
    void shouldServeTheOthersWhenOneSendsWhatIsNoHttp(PeerCase one) throws Exception {
        try (PeerServer server = one.start();
                Socket other = PeerCase.connect(server)) {
            try (Socket socket = PeerCase.connect(server)) {
                socket.getOutputStream().write("\0\1 is no HTTP\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                assertEnds(socket);
            }
            other.getOutputStream().write(REQUEST.getBytes(StandardCharsets.US_ASCII));
            assertAnswer(other.getInputStream());
        }
    }

    @ParameterizedTest
    @MethodSource("http")
    void shouldFreeItsPortWhenClosed(PeerCase one) throws Exception {
        final InetSocketAddress address;
        try (PeerServer server = one.start()) {
            address = server.address();
        }
        try (ServerSocket again = new ServerSocket()) {
            again.setReuseAddress(true);
            again.bind(address);
            assertThat(again.isBound()).isTrue();
        }
    }

    /** Returns the head, in lower case. */
    private static String assertAnswer(InputStream in) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (!bytes.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            bytes.write(in.readNBytes(1));
        }
        final String head = bytes.toString(StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
        assertThat(head)
                .startsWith("http/1.1 200 ok\r\n")
                .contains("content-type: text/plain\r\n")
                .contains("content-length: 13\r\n")
                .containsPattern("date: \\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d gmt\r\n");
        assertThat(new String(in.readNBytes(13), StandardCharsets.US_ASCII)).isEqualTo("Hello, World!");
        return head;
    }

    /** With an answer that refuses, or none, or a reset. */
    private static void assertEnds(Socket socket) throws IOException {
        try {
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .doesNotContain(Hello.BODY);
        } catch (SocketException _) {
            assertThat(socket.isConnected()).isTrue();
        }
    }
}
