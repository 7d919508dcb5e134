// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.ListenSocket;
import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class NioListenerTest {
    private final RecordingAcceptSink sink = new RecordingAcceptSink();
    private NioFixture nio;

    @BeforeEach
    void open() throws IOException {
        nio = new NioFixture();
    }

    @AfterEach
    void close() {
        sink.accepted.forEach(AcceptedSocket::close);
        nio.close();
    }

    @Test
    void shouldAcceptNothingBeforeItIsToldTo() throws IOException {
        ListenSocket listener = nio.listen(sink);
        try (SocketChannel peer = SocketChannel.open(listener.localAddress())) {
            assertThat(nio.turns(3)).isZero();

            listener.accept(true);
            nio.until(() -> !sink.accepted.isEmpty());

            assertThat(sink.accepted.getFirst().remoteAddress()).contains(peer.getLocalAddress());
        }
    }

    @Test
    void shouldNotBeReadyWhilePausedThoughConnectionsWait() throws IOException {
        ListenSocket listener = nio.listen(sink);
        listener.accept(true);
        nio.turns(1);
        listener.accept(false);
        try (SocketChannel peer = SocketChannel.open(listener.localAddress())) {
            for (int i = 0; i < 3; i++) {
                nio.transport.await(0);
                assertThat(nio.transport.readyCount()).isZero();
            }
            assertThat(sink.accepted).isEmpty();

            listener.accept(true);
            nio.until(() -> !sink.accepted.isEmpty());
            assertThat(sink.accepted.getFirst().remoteAddress()).contains(peer.getLocalAddress());
        }
    }

    @Test
    void shouldAcceptAtMostSixtyFourInOneTurn() throws IOException {
        ListenSocket listener = nio.listen(sink);
        listener.accept(true);
        List<SocketChannel> peers = new ArrayList<>();
        try {
            for (int i = 0; i < NioListener.ACCEPTS_PER_TURN + 10; i++) {
                peers.add(SocketChannel.open(listener.localAddress()));
            }
            nio.transport.await(0);

            assertThat(nio.transport.dispatch()).isEqualTo(NioListener.ACCEPTS_PER_TURN);
            assertThat(sink.accepted).hasSize(NioListener.ACCEPTS_PER_TURN);
            nio.until(() -> sink.accepted.size() == peers.size());
        } finally {
            for (SocketChannel peer : peers) {
                peer.close();
            }
        }
    }

    @Test
    void shouldStopAcceptingInTheMiddleOfTurn() throws IOException {
        ListenSocket listener = nio.listen(sink);
        listener.accept(true);
        sink.onAccepted = () -> listener.accept(false);
        try (SocketChannel one = SocketChannel.open(listener.localAddress());
                SocketChannel other = SocketChannel.open(listener.localAddress())) {
            nio.turns(3);
            assertThat(sink.accepted).hasSize(1);
            assertThat(sink.accepted.getFirst().remoteAddress()).contains(one.getLocalAddress());

            listener.accept(true);
            nio.until(() -> sink.accepted.size() == 2);
            assertThat(sink.accepted.getLast().remoteAddress()).contains(other.getLocalAddress());
        }
    }

    @Test
    void shouldGivePortBackBeforeCloseReturns() throws IOException {
        SocketAddress address = nio.freeAddress();
        for (int i = 0; i < 20; i++) {
            ListenSocket listener = nio.transport.listen(address, SocketOptions.DEFAULT, sink);
            assertThat(listener.localAddress()).isEqualTo(address);
            listener.accept(true);
            if (i % 2 == 0) {
                nio.turns(1);
            }
            listener.close();
            listener.close();
        }
    }

    @Test
    @Timeout(value = 30, unit = TimeUnit.SECONDS)
    void shouldNotLoseWakeupToCloseOfListener() throws IOException {
        ListenSocket listener = nio.listen(sink);
        nio.transport.wakeup();

        listener.close();

        nio.transport.await(Long.MAX_VALUE);
        nio.transport.wakeup();
        nio.transport.await(Long.MAX_VALUE);
    }

    @Test
    void shouldKeepEventsOfOthersWhenListenerIsClosed() throws IOException {
        ListenSocket listener = nio.listen(sink);
        RecordingAcceptSink otherSink = new RecordingAcceptSink();
        ListenSocket other = nio.listen(otherSink);
        other.accept(true);
        try (SocketChannel peer = SocketChannel.open(other.localAddress())) {
            listener.close();

            nio.transport.await(0);
            assertThat(nio.transport.dispatch()).isEqualTo(1);
            assertThat(otherSink.accepted.getFirst().remoteAddress()).contains(peer.getLocalAddress());
            otherSink.accepted.getFirst().close();
        }
    }

    @Test
    void shouldNameAddressThatIsTaken() throws IOException {
        ListenSocket listener = nio.listen(sink);

        assertThatThrownBy(() -> nio.transport.listen(listener.localAddress(), SocketOptions.DEFAULT, sink))
                .isExactlyInstanceOf(BindException.class)
                .hasMessageContaining(NioChannels.text(listener.localAddress()));
    }

    @Test
    void shouldNameUnixPathThatIsTakenAndLeaveItThere(@TempDir Path directory) throws IOException {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        nio.transport.listen(address, SocketOptions.DEFAULT, sink).close();

        assertThatThrownBy(() -> nio.transport.listen(address, SocketOptions.DEFAULT, sink))
                .isExactlyInstanceOf(BindException.class)
                .hasMessageContaining(address.toString());
        assertThat(address.getPath()).exists();
    }

    @Test
    void shouldAcceptUnixPeerWithoutName(@TempDir Path directory) throws IOException {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        ListenSocket listener = nio.transport.listen(address, SocketOptions.DEFAULT, sink);
        listener.accept(true);
        try (SocketChannel peer = SocketChannel.open(address)) {
            nio.until(() -> !sink.accepted.isEmpty());
            RecordingSink streamSink = new RecordingSink();

            assertThat(sink.accepted.getFirst().remoteAddress()).isEmpty();
            StreamSocket stream = nio.transport.attach(sink.accepted.remove(), SocketOptions.DEFAULT, streamSink);
            assertThat(stream.remoteAddress()).isEmpty();
            assertThat(stream.localAddress()).contains(address);
            stream.receive(true);
            NioFixture.write(peer, "hello");
            nio.until(() -> streamSink.bytes.size() == 5);
            stream.close();
        }
        listener.close();
    }

    @Test
    void shouldSpreadConnectionsOverListenersOnOnePortWhereTheSystemCan() throws IOException {
        SocketOptions shared = SocketOptions.DEFAULT.withReusePort(true);
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        if (supportsReusePort()) {
            ListenSocket one = nio.transport.listen(any, shared, sink);

            ListenSocket other = nio.transport.listen(one.localAddress(), shared, sink);

            assertThat(other.localAddress()).isEqualTo(one.localAddress());
        } else {
            assertThatThrownBy(() -> nio.transport.listen(any, shared, sink))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("SO_REUSEPORT");
        }
    }

    @Test
    void shouldIgnoreOptionsThatUnixSocketsDoNotHave(@TempDir Path directory) throws IOException {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        SocketOptions options =
                SocketOptions.DEFAULT.withReusePort(true).withKeepAlive(true).withV6Only(true);

        ListenSocket listener = nio.transport.listen(address, options, sink);
        listener.accept(true);
        RecordingSink dialled = new RecordingSink();
        nio.transport.connect(address, options, dialled);
        nio.until(() -> !sink.accepted.isEmpty() && dialled.events.contains("connected"));

        nio.transport
                .attach(sink.accepted.remove(), options, new RecordingSink())
                .close();
    }

    @Test
    void shouldTurnIpv4PeersAwayFromIpv6OnlyListener() throws IOException {
        assumeTrue(hasIpv6Loopback(), "this machine has no IPv6");
        var wildcard = new InetSocketAddress(InetAddress.ofLiteral("::"), 0);
        ListenSocket listener = nio.transport.listen(wildcard, SocketOptions.DEFAULT.withV6Only(true), sink);
        listener.accept(true);
        int port = ((InetSocketAddress) listener.localAddress()).getPort();
        try (SocketChannel v4 = SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port))) {
            nio.turns(3);
            assertThat(sink.accepted).isEmpty();
            assertThatThrownBy(() -> v4.read(ByteBuffer.allocate(1))).isInstanceOf(IOException.class);
        }
        try (SocketChannel v6 = SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral("::1"), port))) {
            nio.until(() -> !sink.accepted.isEmpty());
            assertThat(sink.accepted.getFirst().remoteAddress()).contains(v6.getLocalAddress());
        }
    }

    @Test
    void shouldListenOnIpv4AloneWhenAddressIsIpv4() throws IOException {
        assumeTrue(hasIpv6Loopback(), "this machine has no IPv6");
        ListenSocket v4 = nio.transport.listen(
                new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 0), SocketOptions.DEFAULT, sink);
        int port = ((InetSocketAddress) v4.localAddress()).getPort();

        assertThat(((InetSocketAddress) v4.localAddress()).getHostString()).isEqualTo("0.0.0.0");
        assertThatThrownBy(() -> SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral("::1"), port)))
                .isInstanceOf(IOException.class);
    }

    @Test
    void shouldAttachOnAnotherTransport() throws IOException {
        ListenSocket listener = nio.listen(sink);
        listener.accept(true);
        try (NioFixture other = new NioFixture();
                SocketChannel peer = SocketChannel.open(listener.localAddress())) {
            nio.until(() -> !sink.accepted.isEmpty());
            RecordingSink streamSink = new RecordingSink();

            StreamSocket stream = other.transport.attach(sink.accepted.remove(), SocketOptions.DEFAULT, streamSink);
            stream.receive(true);
            NioFixture.write(peer, "hello");
            other.until(() -> streamSink.bytes.size() == 5);

            assertThat(streamSink.bytes).hasToString("hello");
            assertThat(streamSink.events).doesNotContain("connected");
            stream.close();
        }
    }

    @Test
    void shouldCloseAcceptedSocketOfAnotherKind() {
        var foreign = new AcceptedSocket() {
            boolean closed;

            @Override
            public Optional<SocketAddress> remoteAddress() {
                return Optional.empty();
            }

            @Override
            public void close() {
                closed = true;
            }
        };

        assertThatThrownBy(() -> nio.transport.attach(foreign, SocketOptions.DEFAULT, new RecordingSink()))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(foreign.closed).isTrue();
    }

    @Test
    void shouldAttachAcceptedSocketOnce() throws IOException {
        ListenSocket listener = nio.listen(sink);
        listener.accept(true);
        try (SocketChannel peer = SocketChannel.open(listener.localAddress())) {
            nio.until(() -> !sink.accepted.isEmpty());
            AcceptedSocket accepted = sink.accepted.remove();
            RecordingSink streamSink = new RecordingSink();
            StreamSocket stream = nio.transport.attach(accepted, SocketOptions.DEFAULT, streamSink);

            accepted.close();
            assertThatThrownBy(() -> nio.transport.attach(accepted, SocketOptions.DEFAULT, streamSink))
                    .isInstanceOf(IllegalStateException.class);

            stream.receive(true);
            NioFixture.write(peer, "alive");
            nio.until(() -> streamSink.bytes.size() == 5);
            stream.close();
        }
    }

    private static boolean supportsReusePort() throws IOException {
        try (ServerSocketChannel channel = ServerSocketChannel.open()) {
            return channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT);
        }
    }

    private static boolean hasIpv6Loopback() throws IOException {
        return NetworkInterface.getByInetAddress(InetAddress.ofLiteral("::1")) != null;
    }
}
