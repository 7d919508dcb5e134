// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NioConnectTest {
    private final RecordingSink sink = new RecordingSink();
    private NioFixture nio;

    @BeforeEach
    void open() throws IOException {
        nio = new NioFixture();
    }

    @AfterEach
    void close() {
        nio.close();
    }

    @Test
    void shouldReportConnectedUnixSocketFromNextDispatchThoughItConnectsAtOnce(@TempDir Path directory)
            throws IOException {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);

            StreamSocket stream = nio.transport.connect(address, SocketOptions.DEFAULT, sink);

            assertThat(sink.events).isEmpty();
            nio.transport.await(Long.MAX_VALUE);
            assertThat(sink.events).isEmpty();
            assertThat(nio.transport.dispatch()).isEqualTo(1);
            assertThat(sink.events).containsExactly("connected");
            assertThat(stream.remoteAddress()).contains(address);
            assertThat(stream.localAddress()).isEmpty();
        }
    }

    @Test
    void shouldLeaveToNextTurnWhatSinksAddInThisOne(@TempDir Path directory) throws IOException {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            sink.onConnected = () -> connectUnchecked(address);
            nio.transport.connect(address, SocketOptions.DEFAULT, sink);

            for (int turn = 1; turn <= 3; turn++) {
                nio.transport.await(Long.MAX_VALUE);
                assertThat(nio.transport.dispatch()).isEqualTo(1);
                assertThat(sink.events).hasSize(turn);
            }
        }
    }

    private void connectUnchecked(SocketAddress address) {
        try {
            nio.transport.connect(address, SocketOptions.DEFAULT, sink);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldReportConnectedTcpSocketWithItsAddresses() throws IOException {
        try (ServerSocketChannel server = nio.rawServer()) {
            StreamSocket stream = nio.transport.connect(server.getLocalAddress(), SocketOptions.DEFAULT, sink);

            assertThat(sink.events).isEmpty();
            nio.until(() -> !sink.events.isEmpty());
            assertThat(sink.events).containsExactly("connected");
            try (SocketChannel peer = server.accept()) {
                assertThat(stream.remoteAddress()).contains(server.getLocalAddress());
                assertThat(stream.localAddress()).contains(peer.getRemoteAddress());
            }
        }
    }

    @Test
    void shouldReceiveAndSendWhatWasAskedForBeforeTheConnectionWasMade() throws IOException {
        try (ServerSocketChannel server = nio.rawServer()) {
            StreamSocket stream = nio.transport.connect(server.getLocalAddress(), SocketOptions.DEFAULT, sink);
            stream.receive(true);
            assertThat(stream.send(nio.buffer("ping"))).isEqualTo(StreamSocket.PENDING);
            try (SocketChannel peer = server.accept()) {
                NioFixture.write(peer, "pong");
                nio.until(() -> sink.count("received") == 1 && sink.count("sent") == 1);

                assertThat(sink.events.getFirst()).isEqualTo("connected");
                assertThat(sink.bytes).hasToString("pong");
                assertThat(NioFixture.read(peer, 4)).isEqualTo("ping");
            }
        }
    }

    @Test
    void shouldReportRefusedTcpConnectionFromDispatchWithAddress() throws IOException {
        SocketAddress nobody = nio.freeAddress();

        StreamSocket stream = nio.transport.connect(nobody, SocketOptions.DEFAULT, sink);

        assertThat(sink.events).isEmpty();
        nio.until(() -> !sink.events.isEmpty());
        assertThat(sink.failures)
                .singleElement()
                .isExactlyInstanceOf(ConnectException.class)
                .asString()
                .contains(NioChannels.text(nobody));
        stream.close();
        stream.close();
        nio.turns(3);
        assertThat(sink.events).containsExactly("failed", "closed");
    }

    @Test
    void shouldReportMissingUnixSocketFromDispatchWithPath(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("nobody");

        StreamSocket stream = nio.transport.connect(UnixDomainSocketAddress.of(path), SocketOptions.DEFAULT, sink);
        stream.receive(true);

        assertThat(sink.events).isEmpty();
        nio.until(() -> !sink.events.isEmpty());
        assertThat(sink.failures)
                .singleElement()
                .isExactlyInstanceOf(ConnectException.class)
                .asString()
                .contains(path.toString());
        stream.close();
        assertThat(sink.events).containsExactly("failed", "closed");
    }

    @Test
    void shouldReportOnlyTheCloseOfSocketClosedWhileConnecting(@TempDir Path directory) throws IOException {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (ServerSocketChannel unix = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                ServerSocketChannel tcp = nio.rawServer()) {
            unix.bind(address);
            RecordingSink refused = new RecordingSink();
            RecordingSink overTcp = new RecordingSink();

            nio.transport.connect(address, SocketOptions.DEFAULT, sink).close();
            nio.transport
                    .connect(nio.freeAddress(), SocketOptions.DEFAULT, refused)
                    .close();
            nio.transport
                    .connect(tcp.getLocalAddress(), SocketOptions.DEFAULT, overTcp)
                    .abort();
            nio.turns(5);

            assertThat(sink.events).containsExactly("closed");
            assertThat(refused.events).containsExactly("closed");
            assertThat(overTcp.events).containsExactly("closed");
        }
    }

    @Test
    void shouldRejectUnresolvedHost() {
        var unresolved = InetSocketAddress.createUnresolved("nobody.invalid", 80);

        assertThatThrownBy(() -> nio.transport.connect(unresolved, SocketOptions.DEFAULT, sink))
                .isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("nobody.invalid");
        assertThat(sink.events).isEmpty();
    }

    @Test
    void shouldRefuseToShutDownOutputBeforeConnected() throws IOException {
        try (ServerSocketChannel server = nio.rawServer()) {
            StreamSocket stream = nio.transport.connect(server.getLocalAddress(), SocketOptions.DEFAULT, sink);

            assertThatThrownBy(stream::shutdownOutput).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void shouldLeaveFullBacklogOfUnixListenerToTheCaller(@TempDir Path directory) throws IOException {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address, 1);

            for (int i = 0; i < 8; i++) {
                StreamSocket stream = nio.transport.connect(address, SocketOptions.DEFAULT, sink);
                stream.receive(true);
            }
            nio.until(() -> sink.events.size() == 8);

            // Linux says EAGAIN when the backlog is full; other systems refuse.
            assertThat(sink.count("failed")).isPositive();
            assertThat(sink.failures).allSatisfy(e -> assertThat(e).isExactlyInstanceOf(ConnectException.class));
        }
    }
}
