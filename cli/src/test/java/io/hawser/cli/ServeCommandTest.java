// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ServeCommandTest {
    @TempDir
    private Path directory;

    static List<String> transports() {
        return Cli.transports();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldEchoOnEveryAddressUntilItIsStopped(String transport) throws Exception {
        final Path socket = directory.resolve("echo.sock");
        final Cli.Ended ended;
        try (Cli serve =
                Cli.start("serve", "tcp://127.0.0.1:0", "unix://" + socket, "--transport", transport, "--loops", "2")) {
            final URI tcp = URI.create(serve.nextListening());
            assertThat(tcp.getPort()).isPositive();
            assertThat(serve.nextListening()).isEqualTo("unix://" + socket);
            assertThat(echo(new InetSocketAddress(tcp.getHost(), tcp.getPort()), "over TCP"))
                    .isEqualTo("over TCP");
            assertThat(echo(UnixDomainSocketAddress.of(socket), "over a path")).isEqualTo("over a path");
            ended = serve.stop().ended();
        }
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.err().strip()).isEqualTo("echo over " + transport + " on 2 loops");
        assertThat(socket).doesNotExist();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldEchoDatagrams(String transport) throws Exception {
        try (Cli serve = Cli.start("serve", "udp://127.0.0.1:0", "--transport", transport, "--loops", "1");
                DatagramSocket client = new DatagramSocket()) {
            final URI udp = URI.create(serve.nextListening());
            assertThat(udp.getScheme()).isEqualTo("udp");
            client.setSoTimeout(20_000);
            client.connect(new InetSocketAddress(udp.getHost(), udp.getPort()));
            final byte[] sent = "over UDP".getBytes(StandardCharsets.UTF_8);
            client.send(new DatagramPacket(sent, sent.length));
            final DatagramPacket answer = new DatagramPacket(new byte[100], 100);
            client.receive(answer);
            assertThat(answer.getLength()).isEqualTo(sent.length);
            assertThat(answer.getData()).startsWith(sent);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--blocking", "--blocking --loop-carried"})
    void shouldEchoInTheBlockingStyle(String options) throws Exception {
        final List<String> args = new ArrayList<>(List.of("serve", "tcp://127.0.0.1:0"));
        args.addAll(List.of(options.split(" ", -1)));
        try (Cli serve = Cli.start(args.toArray(String[]::new))) {
            final URI tcp = URI.create(serve.nextListening());
            for (int i = 0; i < 8; i++) {
                assertThat(echo(new InetSocketAddress(tcp.getHost(), tcp.getPort()), "number " + i))
                        .isEqualTo("number " + i);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldEchoFramesOverTcpAndUnix(String transport) throws Exception {
        final Path socket = directory.resolve("frames.sock");
        try (Cli serve = Cli.start(
                "serve", "tcp://127.0.0.1:0", "unix://" + socket, "--codec", "length4", "--transport", transport)) {
            final URI tcp = URI.create(serve.nextListening());
            final byte[] frames = bytes("\0\0\0\5hello\0\0\0\0\0\0\0\1x");
            for (SocketAddress address :
                    List.of(new InetSocketAddress(tcp.getHost(), tcp.getPort()), UnixDomainSocketAddress.of(socket))) {
                try (SocketChannel channel = SocketChannel.open(address)) {
                    channel.write(ByteBuffer.wrap(frames));
                    assertThat(receive(channel, frames.length)).isEqualTo(frames);
                    // Nothing comes back before a frame is there in full, so the end of one that is not ends the
                    // connection.
                    channel.write(ByteBuffer.wrap(bytes("\0\0\0\2a")));
                    channel.shutdownOutput();
                    assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
                }
            }
            final Cli.Ended ended = serve.stop().ended();
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.errLines()).hasSize(1);
        }
    }

    static List<Arguments> frames() {
        // What is sent, and of it what is answered: the rest is a frame that has not ended.
        return List.of(
                Arguments.of("length1", "\2ab\0\3c", "\2ab\0"),
                Arguments.of("length2", "\0\2ab\0\3c", "\0\2ab"),
                Arguments.of("length3", "\0\0\2ab\0\0\1", "\0\0\2ab"),
                Arguments.of("length8", "\0\0\0\0\0\0\0\1a\0", "\0\0\0\0\0\0\0\1a"),
                Arguments.of("varint", "\1a\2b", "\1a"),
                Arguments.of("fixed:3", "abcdefg", "abcdef"),
                Arguments.of("line", "one\r\n\ntwo\nthr", "one\n\ntwo\n"),
                Arguments.of("raw", "whatever", "whatever"));
    }

    @ParameterizedTest
    @MethodSource("frames")
    void shouldEchoWholeFramesOfEveryKind(String codec, String sent, String answered) throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--codec", codec)) {
            final URI tcp = URI.create(serve.nextListening());
            assertThat(echo(new InetSocketAddress(tcp.getHost(), tcp.getPort()), sent))
                    .isEqualTo(answered);
        }
    }

    @Test
    void shouldCloseConnectionsThatAnnounceTooMuch() throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--codec", "length4")) {
            final URI tcp = URI.create(serve.nextListening());
            try (SocketChannel channel = SocketChannel.open(new InetSocketAddress(tcp.getHost(), tcp.getPort()))) {
                channel.write(ByteBuffer.wrap(bytes("\177\0\0\0")));
                assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] receive(SocketChannel channel, int bytes) throws IOException {
        final ByteBuffer received = ByteBuffer.allocate(bytes);
        while (received.hasRemaining() && channel.read(received) >= 0) {
            // Until all is there.
        }
        return Arrays.copyOf(received.array(), received.position());
    }

    @Test
    void shouldListenOnceForEachLoopIfAsked() throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--reuse-port", "--loops", "2")) {
            final URI tcp = URI.create(serve.nextListening());
            for (int i = 0; i < 8; i++) {
                assertThat(echo(new InetSocketAddress(tcp.getHost(), tcp.getPort()), "number " + i))
                        .isEqualTo("number " + i);
            }
        }
    }

    @Test
    void shouldPrintAnObjectForEachAddressWithJson() throws Exception {
        final Path socket = directory.resolve("a \"quoted\" name");
        try (Cli serve = Cli.start(
                "serve", "tcp://127.0.0.1:0", "unix://" + socket, "--json", "--transport", "nio", "--loops", "1")) {
            final JsonNode tcp = JsonMapper.shared().readTree(serve.nextLine());
            assertThat(tcp.get("event").asString()).isEqualTo("listening");
            assertThat(tcp.get("uri").asString()).matches("tcp://127\\.0\\.0\\.1:[1-9]\\d*");
            assertThat(tcp.get("transport").asString()).isEqualTo("nio");
            assertThat(tcp.get("loops").asInt()).isEqualTo(1);
            final JsonNode unix = JsonMapper.shared().readTree(serve.nextLine());
            assertThat(unix.get("uri").asString()).isEqualTo("unix://" + socket);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldSayInOneLineThatAPortIsTaken(String transport) throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            final String address = "tcp://127.0.0.1:" + taken.getLocalPort();
            final Path socket = directory.resolve("echo.sock");
            final Cli.Ended ended = Cli.run("serve", "unix://" + socket, address, "--transport", transport);
            assertThat(ended.exitCode()).isEqualTo(1);
            assertThat(ended.out()).isEmpty();
            assertThat(ended.err().strip())
                    .isEqualToIgnoringCase("hawser serve: Cannot listen on " + address + ": address already in use");
            assertThat(socket).doesNotExist();
        }
    }

    @Test
    void shouldSayInOneLineThatAPathIsNoSocket() throws Exception {
        final Path file = Files.writeString(directory.resolve("file"), "mine");
        final Cli.Ended ended = Cli.run("serve", "unix://" + file);
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.errLines()).hasSize(1);
        assertThat(file).hasContent("mine");
    }

    private static String echo(SocketAddress address, String text) throws IOException {
        try (SocketChannel channel = SocketChannel.open(address)) {
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            channel.shutdownOutput();
            final ByteBuffer answer = ByteBuffer.allocate(1024);
            while (channel.read(answer) >= 0) {
                assertThat(answer.hasRemaining()).isTrue();
            }
            return StandardCharsets.UTF_8.decode(answer.flip()).toString();
        }
    }

    @Test
    void shouldAskForAHeaderOfAProxy() throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--loops", "1", "--proxy-protocol", "required")) {
            final URI tcp = URI.create(serve.nextListening());
            final InetSocketAddress address = new InetSocketAddress(tcp.getHost(), tcp.getPort());
            try (SocketChannel channel = SocketChannel.open(address)) {
                channel.write(ByteBuffer.wrap("PROXY UNKNOWN\r\nhi".getBytes(StandardCharsets.UTF_8)));
                final ByteBuffer answer = ByteBuffer.allocate(2);
                while (answer.hasRemaining() && channel.read(answer) >= 0) {
                    // The rest of it.
                }
                assertThat(answer.array()).asString(StandardCharsets.UTF_8).isEqualTo("hi");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--proxy-protocol=maybe", "--proxy-trusted=localhost", "--proxy-trusted=10.0.0.1/8"})
    void shouldRefuseMalformedOptionsOfTheProxyProtocol(String option) throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", option)) {
            final Cli.Ended ended = serve.ended();
            assertThat(ended.exitCode()).isEqualTo(2);
            assertThat(ended.err()).contains(option.substring(0, option.indexOf('=')));
        }
    }
}
