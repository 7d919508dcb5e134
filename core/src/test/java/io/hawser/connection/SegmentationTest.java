// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hawser.buffer.Slice;
import io.hawser.linux.CallState;
import io.hawser.linux.Sockets;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.PeerAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** That the kernel is really handed runs of datagrams in one piece, and hands them over so. On loopback, Linux does both. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class SegmentationTest {
    private static final int COUNT = 20;
    private static final int BYTES = 300;
    private static final int ROOM = 65_536;

    private final TestTransport transport;

    @RegisterExtension
    final EngineFixture engines;

    SegmentationTest(TestTransport transport) {
        this.transport = transport;
        engines = new EngineFixture(transport);
    }

    @BeforeEach
    void shouldBeSupported() {
        assumeTrue(transport != TestTransport.NIO, "The JDK has neither");
        assumeTrue(OpenSockets.canBeSeen());
    }

    /** To a socket that takes runs in one piece, a run of segments comes in one piece, and single datagrams come one by one. */
    @Test
    void shouldSendARunAsOneMessage() throws Exception {
        assertThat(receivedAtOnce(true)).isEqualTo(COUNT * BYTES);
        assertThat(receivedAtOnce(false)).isEqualTo(BYTES);
    }

    private int receivedAtOnce(boolean segmentation) throws Exception {
        try (DatagramChannel receiver = DatagramChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
                Arena arena = Arena.ofConfined()) {
            final var address = (InetSocketAddress) receiver.getLocalAddress();
            final int fd = OpenSockets.find(address.getPort(), 0);
            final MemorySegment memory = arena.allocate(ROOM);
            memory.set(JAVA_INT, 0, 1);
            final CallState state = new CallState();
            assertThat(Sockets.setsockopt(
                            state, fd, Sockets.IPPROTO_UDP, Sockets.UDP_GRO, memory.address(), Integer.BYTES))
                    .isZero();
            final DatagramServer sender = engines.engine()
                    .bind(
                            Address.parse("udp://127.0.0.1:0"),
                            DatagramOptions.builder().segmentation(segmentation).build(),
                            (_, _) -> {});
            sendRun(sender, PeerAddress.of(address));
            return Sockets.recv(state, fd, memory.address(), ROOM);
        }
    }

    /** Datagrams that the kernel has handed over in one piece stand one behind the other in memory. */
    @Test
    void shouldReceiveARunInOnePiece() throws Exception {
        assertThat(distances(true)).containsOnly((long) BYTES);
        assertThat(distances(false)).doesNotContain((long) BYTES);
    }

    private List<Long> distances(boolean coalescing) throws Exception {
        final BlockingQueue<Slice> slices = new LinkedBlockingQueue<>();
        final Engine engine = engines.engine();
        final DatagramServer receiver = engine.bind(
                Address.parse("udp://127.0.0.1:0"),
                DatagramOptions.builder().coalescing(coalescing).build(),
                (_, datagram) -> slices.add(datagram.reader().slice(datagram.length())));
        final DatagramServer sender = engine.bind("udp://127.0.0.1:0", (_, _) -> {});
        sendRun(
                sender,
                PeerAddress.of(
                        new InetSocketAddress("127.0.0.1", receiver.address().port())));
        final List<Long> distances = new ArrayList<>();
        long before = 0;
        for (int i = 0; i < COUNT; i++) {
            try (Slice slice = slices.poll(Recorder.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                final MemorySegment memory = slice.peek(BYTES);
                assertThat(memory.get(JAVA_BYTE, 0)).isEqualTo((byte) i);
                if (i > 0) {
                    distances.add(memory.address() - before);
                }
                before = memory.address();
            }
        }
        return distances;
    }

    private static void sendRun(DatagramServer sender, PeerAddress to) throws Exception {
        final DatagramEndpoint endpoint = sender.endpoints().getFirst();
        EngineFixture.onLoop(endpoint.loop(), () -> {
            for (int i = 0; i < COUNT; i++) {
                final byte[] payload = new byte[BYTES];
                payload[0] = (byte) i;
                assertThat(endpoint.send(payload, to)).isTrue();
            }
        });
    }
}
