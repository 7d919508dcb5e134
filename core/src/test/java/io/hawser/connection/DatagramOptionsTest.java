// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.linux.Sockets;
import io.hawser.transport.DatagramOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each option of UDP sockets, read back from the kernel with getsockopt(2), on bound and on connected ones. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class DatagramOptionsTest {
    private static final DatagramHandler DEAF = (_, _) -> {};
    private static final ValueLayout.OfInt ADDRESS = JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);

    private final TestTransport transport;

    @RegisterExtension
    final EngineFixture engines;

    DatagramOptionsTest(TestTransport transport) {
        this.transport = transport;
        this.engines = new EngineFixture(transport);
    }

    @BeforeEach
    void shouldSeeTheKernelsView() {
        Assumptions.assumeTrue(OpenSockets.canBeSeen());
    }

    private int[] open(String host, UnaryOperator<DatagramOptions.Builder> changes) throws Exception {
        final DatagramOptions options = changes.apply(DatagramOptions.builder()).build();
        final Engine engine = engines.engine();
        final DatagramServer server = engine.bind(Address.parse("udp://" + host + ":0"), options, DEAF);
        final DatagramEndpoint connected = EngineFixture.await(engine.connectDatagram(server.address(), options, DEAF));
        final int port = server.address().port();
        return new int[] {
            OpenSockets.find(port, 0), OpenSockets.find(connected.localAddress().getPort(), port)
        };
    }

    private int[] open(UnaryOperator<DatagramOptions.Builder> changes) throws Exception {
        return open("127.0.0.1", changes);
    }

    private static void assertOption(int[] sockets, int level, int option, int value) {
        assertThat(Arrays.stream(sockets).map(fd -> OpenSockets.option(fd, level, option)))
                .as("bound, connected")
                .containsExactly(value, value);
    }

    private boolean isNio() {
        return transport == TestTransport.NIO;
    }

    @Test
    void shouldSetBuffers() throws Exception {
        final int[] sockets = open(o -> o.sendBufferBytes(50_000).receiveBufferBytes(60_000));

        // The kernel doubles what it is given (socket(7)).
        assertOption(sockets, Sockets.SOL_SOCKET, Sockets.SO_SNDBUF, 100_000);
        assertOption(sockets, Sockets.SOL_SOCKET, Sockets.SO_RCVBUF, 120_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSetReuseOfAddressAndPort(boolean on) throws Exception {
        final int[] sockets = open(o -> o.reuseAddress(on).reusePort(on));

        assertOption(sockets, Sockets.SOL_SOCKET, Sockets.SO_REUSEADDR, on ? 1 : 0);
        assertOption(sockets, Sockets.SOL_SOCKET, Sockets.SO_REUSEPORT, on ? 1 : 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSetBroadcast(boolean on) throws Exception {
        assertOption(open(o -> o.broadcast(on)), Sockets.SOL_SOCKET, Sockets.SO_BROADCAST, on ? 1 : 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 77, 255})
    void shouldSetTheMulticastTtl(int ttl) throws Exception {
        assertOption(open(o -> o.multicastTtl(ttl)), Sockets.IPPROTO_IP, Sockets.IP_MULTICAST_TTL, ttl);
        assertOption(open("[::1]", o -> o.multicastTtl(ttl)), Sockets.IPPROTO_IPV6, Sockets.IPV6_MULTICAST_HOPS, ttl);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSetMulticastLoop(boolean on) throws Exception {
        assertOption(open(o -> o.multicastLoop(on)), Sockets.IPPROTO_IP, Sockets.IP_MULTICAST_LOOP, on ? 1 : 0);
        assertOption(
                open("[::1]", o -> o.multicastLoop(on)), Sockets.IPPROTO_IPV6, Sockets.IPV6_MULTICAST_LOOP, on ? 1 : 0);
    }

    @Test
    void shouldSetTheMulticastInterface() throws Exception {
        final NetworkInterface lo = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());

        for (int fd : open(o -> o.multicastInterface(lo))) {
            final MemorySegment value = OpenSockets.options(fd, Sockets.IPPROTO_IP, Sockets.IP_MULTICAST_IF);
            // The JDK names the interface by its address, the others by its index, of which nothing is told.
            assertThat(value.get(ADDRESS, 0)).isEqualTo(isNio() ? 0x7f00_0001 : 0);
        }
        assertOption(
                open("[::1]", o -> o.multicastInterface(lo)),
                Sockets.IPPROTO_IPV6,
                Sockets.IPV6_MULTICAST_IF,
                lo.getIndex());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSetV6Only(boolean on) throws Exception {
        // The JDK cannot set it; the transport turns IPv4 peers away itself.
        final int value = on && !isNio() ? 1 : 0;
        // Bound to a single address it would be on in any case (inet6_bind() in the kernel).
        assertOption(open("[::]", o -> o.v6Only(on)), Sockets.IPPROTO_IPV6, Sockets.IPV6_V6ONLY, value);
    }

    /** Only what was joined on the socket itself (ip(7)). */
    @Test
    void shouldNotHearWhatOthersHaveJoined() throws Exception {
        Assumptions.assumeFalse(isNio(), "The JDK clears IP_MULTICAST_ALL, too, but that is its own affair");
        assertOption(open(o -> o), Sockets.IPPROTO_IP, Sockets.IP_MULTICAST_ALL, 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSetCoalescing(boolean on) throws Exception {
        assertOption(open(o -> o.coalescing(on)), Sockets.IPPROTO_UDP, Sockets.UDP_GRO, on && !isNio() ? 1 : 0);
    }

    @Test
    void shouldRejectValuesOutOfRange() {
        assertRejected(o -> o.maxDatagramBytes(0), "0");
        assertRejected(o -> o.maxDatagramBytes(65_528), "65528");
        assertRejected(o -> o.maxQueued(0, 1), "0");
        assertRejected(o -> o.maxQueued(1, 0), "0");
        assertRejected(o -> o.sendBufferBytes(-1), "-1");
        assertRejected(o -> o.receiveBufferBytes(-1), "-1");
        assertRejected(o -> o.multicastTtl(256), "256");
        assertRejected(o -> o.multicastTtl(-1), "-1");
    }

    private static void assertRejected(UnaryOperator<DatagramOptions.Builder> changes, String message) {
        assertThatThrownBy(() -> changes.apply(DatagramOptions.builder()).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
