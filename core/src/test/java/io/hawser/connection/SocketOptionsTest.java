// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.linux.Sockets;
import io.hawser.transport.SocketOptions;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each option, read back from the kernel with getsockopt(2), on listeners, accepted and dialled sockets. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class SocketOptionsTest {
    private final TestTransport transport;

    @RegisterExtension
    final EngineFixture engines;

    SocketOptionsTest(TestTransport transport) {
        this.transport = transport;
        this.engines = new EngineFixture(transport);
    }

    @BeforeEach
    void shouldSeeTheKernelsView() {
        Assumptions.assumeTrue(OpenSockets.canBeSeen());
    }

    /** The descriptors of one connection and its listener. */
    private record Trio(int listener, int accepted, int dialled) {
        void assertStreams(int level, int option, int value) {
            assertThat(OpenSockets.option(accepted, level, option))
                    .as("accepted")
                    .isEqualTo(value);
            assertThat(OpenSockets.option(dialled, level, option)).as("dialled").isEqualTo(value);
        }
    }

    private Trio open(Consumer<SocketOptions.Builder> changes) throws Exception {
        final var connections = ConnectionOptions.DEFAULT.withSocket(SocketOptions.DEFAULT.with(changes));
        final Engine engine = engines.engine();
        final Recorder handler = new Recorder();
        final Server server =
                engines.listen(engine, Family.TCP, ServerOptions.DEFAULT.withConnections(connections), handler);
        final Connection dialled =
                EngineFixture.await(engine.dial(server.address(), connections, engines.watched(new Recorder())));
        final int port = server.address().port();
        final Connection accepted = handler.awaitOpen();
        final int other = ((InetSocketAddress) accepted.remoteAddress().orElseThrow()).getPort();
        assertThat(dialled.isOpen()).isTrue();
        return new Trio(OpenSockets.find(port, 0), OpenSockets.find(port, other), OpenSockets.find(other, port));
    }

    private boolean isNio() {
        return transport == TestTransport.NIO;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSetNoDelay(boolean on) throws Exception {
        open(o -> o.noDelay(on)).assertStreams(Sockets.IPPROTO_TCP, Sockets.TCP_NODELAY, on ? 1 : 0);
    }

    @Test
    void shouldSetKeepAlive() throws Exception {
        final Trio sockets = open(o -> o.keepAlive(true)
                .keepAliveIdleSeconds(77)
                .keepAliveIntervalSeconds(11)
                .keepAliveCount(5));

        sockets.assertStreams(Sockets.SOL_SOCKET, Sockets.SO_KEEPALIVE, 1);
        sockets.assertStreams(Sockets.IPPROTO_TCP, Sockets.TCP_KEEPIDLE, 77);
        sockets.assertStreams(Sockets.IPPROTO_TCP, Sockets.TCP_KEEPINTVL, 11);
        sockets.assertStreams(Sockets.IPPROTO_TCP, Sockets.TCP_KEEPCNT, 5);
    }

    @Test
    void shouldLeaveKeepAliveOff() throws Exception {
        open(o -> o.keepAliveIdleSeconds(77)).assertStreams(Sockets.SOL_SOCKET, Sockets.SO_KEEPALIVE, 0);
    }

    @Test
    void shouldSetLinger() throws Exception {
        final Trio sockets = open(o -> o.lingerSeconds(3));
        for (int fd : new int[] {sockets.accepted, sockets.dialled}) {
            final MemorySegment linger = OpenSockets.options(fd, Sockets.SOL_SOCKET, Sockets.SO_LINGER);
            assertThat(linger.get(JAVA_INT, 0)).as("on").isEqualTo(1);
            assertThat(linger.get(JAVA_INT, 4)).as("seconds").isEqualTo(3);
        }
    }

    @Test
    void shouldSetBuffers() throws Exception {
        final Trio sockets = open(o -> o.sendBufferBytes(50_000).receiveBufferBytes(60_000));

        // The kernel doubles what it is given (socket(7)).
        sockets.assertStreams(Sockets.SOL_SOCKET, Sockets.SO_SNDBUF, 100_000);
        sockets.assertStreams(Sockets.SOL_SOCKET, Sockets.SO_RCVBUF, 120_000);
        assertThat(OpenSockets.option(sockets.listener, Sockets.SOL_SOCKET, Sockets.SO_RCVBUF))
                .isEqualTo(120_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSetReuseOfAddressAndPort(boolean on) throws Exception {
        final Trio sockets = open(o -> o.reuseAddress(on).reusePort(on));

        assertThat(OpenSockets.option(sockets.listener, Sockets.SOL_SOCKET, Sockets.SO_REUSEADDR))
                .isEqualTo(on ? 1 : 0);
        assertThat(OpenSockets.option(sockets.listener, Sockets.SOL_SOCKET, Sockets.SO_REUSEPORT))
                .isEqualTo(on ? 1 : 0);
    }

    @Test
    void shouldSetTheBacklog() throws Exception {
        final Trio sockets = open(o -> o.backlog(7));

        // struct tcp_info of a listener: tcpi_sacked, at byte 28, holds the backlog (net/ipv4/tcp.c). getsockopt cuts
        // what is longer than the room, so it is asked for with enough of it.
        assertThat(OpenSockets.tcpInfo(sockets.listener).get(JAVA_INT, 28)).isEqualTo(7);
    }

    @Test
    void shouldSetTheUserTimeout() throws Exception {
        if (isNio()) {
            assertMissing(o -> o.userTimeoutMs(1234), "TCP_USER_TIMEOUT");
        } else {
            open(o -> o.userTimeoutMs(1234)).assertStreams(Sockets.IPPROTO_TCP, Sockets.TCP_USER_TIMEOUT, 1234);
        }
    }

    @Test
    void shouldSetFastOpen() throws Exception {
        if (isNio()) {
            assertMissing(o -> o.fastOpenConnect(true), "TCP_FASTOPEN_CONNECT");
            assertThatThrownBy(() -> open(o -> o.fastOpenQueue(16)))
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("TCP_FASTOPEN");
            return;
        }
        final Trio sockets = open(o -> o.fastOpenQueue(16).fastOpenConnect(fastOpenIsAllowed()));
        assertThat(OpenSockets.option(sockets.listener, Sockets.IPPROTO_TCP, Sockets.TCP_FASTOPEN))
                .isEqualTo(16);
        assertThat(OpenSockets.option(sockets.dialled, Sockets.IPPROTO_TCP, Sockets.TCP_FASTOPEN_CONNECT))
                .isEqualTo(fastOpenIsAllowed() ? 1 : 0);
    }

    private static boolean fastOpenIsAllowed() {
        try {
            final String value = Files.readString(Path.of("/proc/sys/net/ipv4/tcp_fastopen"));
            return (Integer.parseInt(value.strip()) & 1) != 0;
        } catch (java.io.IOException _) {
            return false;
        }
    }

    @Test
    void shouldBindToADevice() throws Exception {
        if (isNio()) {
            assertMissing(o -> o.device("lo"), "SO_BINDTODEVICE");
            return;
        }
        final Trio sockets = open(o -> o.device("lo"));
        for (int fd : new int[] {sockets.listener, sockets.accepted, sockets.dialled}) {
            assertThat(OpenSockets.options(fd, Sockets.SOL_SOCKET, Sockets.SO_BINDTODEVICE)
                            .getString(0))
                    .isEqualTo("lo");
        }
    }

    @Test
    void shouldFailForADeviceThatIsNotThere() {
        assertThatThrownBy(() -> open(o -> o.device("nosuchdevice")))
                .isInstanceOf(java.io.IOException.class)
                .hasMessageContaining("SO_BINDTODEVICE");
    }

    /** Dialling says that the JDK has no such option. */
    private void assertMissing(Consumer<SocketOptions.Builder> changes, String name) throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, Recorder.echo());
        final var options = ConnectionOptions.DEFAULT.withSocket(SocketOptions.DEFAULT.with(changes));
        assertThat(EngineFixture.awaitFailure(engine.dial(server.address(), options, new Recorder())))
                .isInstanceOf(SocketException.class)
                .hasMessageContaining(name);
    }

    @Test
    void shouldRejectValuesOutOfRange() {
        assertRejected(o -> o.keepAliveIdleSeconds(32_768), "keepAliveIdleSeconds must be 0 to 32767: 32768");
        assertRejected(o -> o.keepAliveIntervalSeconds(-1), "keepAliveIntervalSeconds");
        assertRejected(o -> o.keepAliveCount(128), "keepAliveCount");
        assertRejected(o -> o.lingerSeconds(-2), "lingerSeconds");
        assertRejected(o -> o.backlog(0), "backlog must be at least 1: 0");
        assertRejected(o -> o.sendBufferBytes(-1), "sendBufferBytes");
        assertRejected(o -> o.receiveBufferBytes(-1), "receiveBufferBytes");
        assertRejected(o -> o.fastOpenQueue(-1), "fastOpenQueue");
        assertRejected(o -> o.userTimeoutMs(-1), "userTimeoutMs");
        assertRejected(o -> o.device("a-name-that-is-too-long"), "device");
    }

    private static void assertRejected(Consumer<SocketOptions.Builder> changes, String message) {
        assertThatThrownBy(() -> SocketOptions.DEFAULT.with(changes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
