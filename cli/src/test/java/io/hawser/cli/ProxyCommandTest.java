// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProxyCommandTest {
    private static final int PATIENCE_MS = 30_000;

    @TempDir
    private Path directory;

    static List<String> transports() {
        return Cli.transports();
    }

    private static Socket connect(String uri) throws IOException {
        final URI address = URI.create(uri);
        final Socket socket = new Socket();
        socket.setSoTimeout(PATIENCE_MS);
        socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), PATIENCE_MS);
        return socket;
    }

    /** Sends all, FIN, and reads to the end. */
    private static byte[] exchange(String uri, byte[] bytes) throws Exception {
        try (Socket socket = connect(uri)) {
            final CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    socket.getOutputStream().write(bytes);
                    socket.shutdownOutput();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            final byte[] received = socket.getInputStream().readAllBytes();
            sending.join();
            return received;
        }
    }

    /** Sends its name to whoever connects, and waits for the other side's FIN. */
    private static ServerSocket naming(String name) throws IOException {
        final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (true) {
                try (Socket socket = server.accept()) {
                    socket.getOutputStream().write(name.getBytes(StandardCharsets.UTF_8));
                    socket.shutdownOutput();
                    socket.getInputStream().readAllBytes();
                } catch (IOException _) {
                    if (server.isClosed()) {
                        return;
                    }
                }
            }
        });
        return server;
    }

    private static String uri(ServerSocket server) {
        return "tcp://127.0.0.1:" + server.getLocalPort();
    }

    private static String ask(String proxy) throws Exception {
        return new String(exchange(proxy, new byte[0]), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldForwardEveryByteAndKeepHalfCloses(String transport) throws Exception {
        final byte[] bytes = new byte[5_000_000];
        new Random(1).nextBytes(bytes);
        final Path path = directory.resolve("front.sock");
        final Cli.Ended ended;
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--transport", transport, "--loops", "2")) {
            final String upstream = serve.nextListening();
            try (Cli back = Cli.start("proxy", "unix://" + path, upstream, "--transport", transport);
                    Cli front =
                            Cli.start("proxy", "tcp://127.0.0.1:0", back.nextListening(), "--transport", transport)) {
                final String proxy = front.nextListening();
                for (int i = 0; i < 3; i++) {
                    assertThat(exchange(proxy, bytes)).isEqualTo(bytes);
                }
                ended = front.stop().ended();
            }
        }
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.err()).contains("proxy over " + transport).contains("forwarded 30.0 MB on 3 connections");
    }

    @Test
    void shouldTakeUpstreamsInTurn() throws Exception {
        try (ServerSocket a = naming("a");
                ServerSocket b = naming("b");
                Cli proxy = Cli.start("proxy", "tcp://127.0.0.1:0", uri(a), uri(b), "--check", "0")) {
            final String front = proxy.nextListening();
            assertThat(ask(front) + ask(front) + ask(front) + ask(front)).isEqualTo("abab");
        }
    }

    @Test
    void shouldKeepAClientWithItsUpstream() throws Exception {
        try (ServerSocket a = naming("a");
                ServerSocket b = naming("b");
                Cli proxy = Cli.start(
                        "proxy", "tcp://127.0.0.1:0", uri(a), uri(b), "--balance", "source", "--check", "0")) {
            final String front = proxy.nextListening();
            final String first = ask(front);
            assertThat(ask(front) + ask(front) + ask(front)).isEqualTo(first.repeat(3));
        }
    }

    @Test
    void shouldTakeTheUpstreamWithTheFewestConnections() throws Exception {
        try (ServerSocket a = naming("a");
                ServerSocket b = naming("b");
                Cli proxy =
                        Cli.start("proxy", "tcp://127.0.0.1:0", uri(a), uri(b), "--balance", "least", "--check", "0")) {
            final String front = proxy.nextListening();
            try (Socket one = connect(front);
                    Socket other = connect(front)) {
                final String both = name(one) + name(other);
                assertThat(both).isIn("ab", "ba");
            }
        }
    }

    private static String name(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void shouldPassOverAnUpstreamThatIsDown() throws Exception {
        final String nobody;
        try (ServerSocket reserved = new ServerSocket(0)) {
            nobody = uri(reserved);
        }
        final Cli.Ended ended;
        try (ServerSocket a = naming("a");
                Cli proxy = Cli.start("proxy", "tcp://127.0.0.1:0", nobody, uri(a), "--check", "0")) {
            final String front = proxy.nextListening();
            assertThat(ask(front) + ask(front) + ask(front) + ask(front)).isEqualTo("aaaa");
            ended = proxy.stop().ended();
        }
        assertThat(ended.err()).containsOnlyOnce(nobody + " is down: connection refused");
    }

    @Test
    void shouldResetClientsWhenNoUpstreamIsThere() throws Exception {
        final String nobody;
        try (ServerSocket reserved = new ServerSocket(0)) {
            nobody = uri(reserved);
        }
        try (Cli proxy = Cli.start("proxy", "tcp://127.0.0.1:0", nobody, "--check", "0")) {
            final String front = proxy.nextListening();
            // The reset may be faster than the connect takes to return.
            assertThatThrownBy(() -> {
                        try (Socket client = connect(front)) {
                            assertThat(client.getInputStream().read()).isNegative();
                        }
                    })
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("reset");
        }
    }

    @Test
    void shouldPassAResetOn() throws Exception {
        try (ServerSocket upstream = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Cli proxy = Cli.start("proxy", "tcp://127.0.0.1:0", uri(upstream), "--check", "0")) {
            final Socket client = connect(proxy.nextListening());
            final Socket server = upstream.accept();
            server.setSoTimeout(PATIENCE_MS);
            client.getOutputStream().write(1);
            assertThat(server.getInputStream().read()).isEqualTo(1);
            client.setSoLinger(true, 0);
            client.close();
            assertThatThrownBy(server.getInputStream()::read)
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("reset");
            server.close();
        }
    }

    @Test
    void shouldHoldASenderBackWhoseReceiverDoesNotRead() throws Exception {
        try (ServerSocket upstream = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Cli proxy = Cli.start("proxy", "tcp://127.0.0.1:0", uri(upstream), "--check", "0");
                Socket client = connect(proxy.nextListening());
                Socket server = upstream.accept()) {
            server.setSoTimeout(PATIENCE_MS);
            final int total = 64 << 20;
            final CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    client.getOutputStream().write(new byte[total]);
                    client.shutdownOutput();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            // More than the kernel and the proxy hold together: without back-pressure it would have been accepted, or
            // lost.
            assertThat(server.getInputStream().readNBytes(1)).hasSize(1);
            assertThat(sending).isNotDone();
            assertThat(server.getInputStream().readAllBytes()).hasSize(total - 1);
            sending.join();
        }
    }

    @Test
    void shouldRefuseDatagrams() throws Exception {
        final Cli.Ended ended = Cli.run("proxy", "udp://127.0.0.1:0", "tcp://127.0.0.1:1");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("streams are forwarded, datagrams are not");
        assertThat(Cli.run("proxy", "tcp://127.0.0.1:0").exitCode()).isEqualTo(2);
    }

    /** From a client that is a proxy, through one that passes its header on, to a server that asks for it. */
    @ParameterizedTest
    @MethodSource("transports")
    void shouldSayForWhomItConnects(String transport) throws Exception {
        final String header = "PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n";
        try (ServerSocket upstream = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Cli inner = Cli.start(
                        "proxy",
                        "tcp://127.0.0.1:0",
                        uri(upstream),
                        "--transport",
                        transport,
                        "--loops",
                        "1",
                        "--check",
                        "0",
                        "--proxy-protocol-in",
                        "required",
                        "--proxy-protocol-out",
                        "v1");
                Cli outer = Cli.start(
                        "proxy",
                        "tcp://127.0.0.1:0",
                        inner.nextListening(),
                        "--transport",
                        transport,
                        "--loops",
                        "1",
                        "--check",
                        "0",
                        "--proxy-protocol-in",
                        "optional",
                        "--proxy-protocol-out",
                        "v2");
                Socket client = connect(outer.nextListening())) {
            client.getOutputStream().write((header + "hello").getBytes(StandardCharsets.US_ASCII));
            try (Socket served = upstream.accept()) {
                served.setSoTimeout(PATIENCE_MS);
                assertThat(served.getInputStream().readNBytes(header.length() + 5))
                        .asString(StandardCharsets.US_ASCII)
                        .isEqualTo(header + "hello");
            }
        }
    }
}
