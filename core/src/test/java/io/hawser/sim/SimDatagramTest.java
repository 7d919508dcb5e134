// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.Address;
import io.hawser.connection.Datagram;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.connection.DatagramHandler;
import io.hawser.connection.DatagramServer;
import io.hawser.connection.Engine;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.net.BindException;
import java.net.PortUnreachableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the simulated network does to datagrams. */
class SimDatagramTest {
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();
    private static final String ADDRESS = "udp://10.0.0.1:9000";

    private final Simulation simulation = new Simulation(1, SimTrace.hashing());
    private final List<Engine> engines = new ArrayList<>();

    /** Keeps the first byte of each datagram. */
    private static final class Recorder implements DatagramHandler {
        final List<Integer> received = new ArrayList<>();
        final List<Throwable> errors = new ArrayList<>();
        boolean truncated;
        int writable;

        @Override
        public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
            received.add((int) datagram.reader().getByte(0));
            truncated |= datagram.truncated();
        }

        @Override
        public void onWritable(DatagramEndpoint endpoint) {
            writable++;
        }

        @Override
        public void onError(DatagramEndpoint endpoint, Throwable error) {
            errors.add(error);
        }
    }

    @AfterEach
    void shouldLeaveNothingBehind() {
        for (Engine engine : engines) {
            engine.close();
            assertThat(engine.pool().leaks()).isEmpty();
        }
        assertThat(simulation.network().openSockets()).isZero();
        assertThat(simulation.network().violations()).isEmpty();
    }

    private Engine engine(String host) throws IOException {
        final Engine engine = simulation.engine(host).loops(1).start();
        engines.add(engine);
        return engine;
    }

    private DatagramServer bind(DatagramOptions options, DatagramHandler handler) throws IOException {
        return engine("10.0.0.1").bind(Address.parse(ADDRESS), options, handler);
    }

    private DatagramEndpoint connect(DatagramOptions options, DatagramHandler handler) throws IOException {
        final var connected = engine("10.0.0.2").connectDatagram(Address.parse(ADDRESS), options, handler);
        simulation.await(connected);
        return connected.join();
    }

    private void send(DatagramEndpoint endpoint, int count, int bytes) {
        endpoint.execute(() -> {
            for (int i = 0; i < count; i++) {
                final byte[] payload = new byte[bytes];
                payload[0] = (byte) i;
                endpoint.send(payload);
            }
        });
        simulation.runFor(SECOND_NS);
    }

    @Test
    void shouldEchoEachDatagramAndReorderThem() throws IOException {
        bind(DatagramOptions.DEFAULT, (_, datagram) -> datagram.reply(datagram.reader()));
        final Recorder client = new Recorder();
        send(connect(DatagramOptions.DEFAULT, client), 100, 10);

        assertThat(client.received).hasSize(100).doesNotHaveDuplicates();
        assertThat(client.received).isNotEqualTo(new ArrayList<>(new TreeSet<>(client.received)));
    }

    @Test
    void shouldLoseAndDoubleDatagrams() throws IOException {
        final Recorder server = new Recorder();
        bind(DatagramOptions.DEFAULT, server);
        final DatagramEndpoint client = connect(DatagramOptions.DEFAULT, new Recorder());
        simulation.network().fault(SimFault.DATAGRAM_LOST, 0.3).fault(SimFault.DATAGRAM_DOUBLED, 0.3);
        send(client, 100, 10);

        final long lost = simulation.network().datagramsLost();
        final long doubled = simulation.network().datagramsDoubled();
        assertThat(lost).isPositive();
        assertThat(doubled).isPositive();
        assertThat(server.received).hasSize((int) (100 - lost + doubled));
        assertThat(new TreeSet<>(server.received)).hasSize((int) (100 - lost));
    }

    @Test
    void shouldCutWhatIsTooLong() throws IOException {
        final Recorder server = new Recorder();
        bind(DatagramOptions.builder().maxDatagramBytes(100).build(), server);
        send(connect(DatagramOptions.DEFAULT, new Recorder()), 1, 101);

        assertThat(server.received).hasSize(1);
        assertThat(server.truncated).isTrue();
    }

    @Test
    void shouldDropWhatDoesNotFitIntoTheReceiveBuffer() throws IOException {
        final Recorder server = new Recorder();
        final DatagramServer bound =
                bind(DatagramOptions.builder().receiveBufferBytes(1000).build(), server);
        final DatagramEndpoint endpoint = bound.endpoints().getFirst();
        endpoint.execute(endpoint::pause);
        send(connect(DatagramOptions.DEFAULT, new Recorder()), 25, 100);
        assertThat(server.received).isEmpty();
        endpoint.execute(endpoint::resume);
        simulation.runFor(SECOND_NS);

        assertThat(server.received).hasSize(10);
        final var stats = bound.stats();
        simulation.await(stats);
        assertThat(stats.join().dropped()).isEqualTo(15);
    }

    @Test
    void shouldHaveNoRoomToSendAndThenSome() throws IOException {
        final Recorder server = new Recorder();
        final Recorder client = new Recorder();
        bind(DatagramOptions.DEFAULT, server);
        final DatagramEndpoint endpoint =
                connect(DatagramOptions.builder().maxQueued(10, 100_000).build(), client);
        simulation.network().fault(SimFault.FULL_BUFFER, 0.5);
        send(endpoint, 15, 10);

        assertThat(server.received).hasSize(10);
        assertThat(client.writable).isEqualTo(1);
    }

    @Test
    void shouldTellWhoIsConnectedThatNobodyListens() throws IOException {
        final Recorder client = new Recorder();
        engine("10.0.0.1");
        send(connect(DatagramOptions.DEFAULT, client), 1, 10);

        assertThat(client.errors).singleElement().isInstanceOf(PortUnreachableException.class);
    }

    @Test
    void shouldRefuseToSend() throws IOException {
        final Recorder client = new Recorder();
        final DatagramEndpoint endpoint = connect(DatagramOptions.DEFAULT, client);
        simulation.network().fault(SimFault.DATAGRAM_REFUSED, 1);
        send(endpoint, 3, 10);

        assertThat(client.errors).hasSize(3);
    }

    @Test
    void shouldBindAnAddressOnceUnlessThePortIsShared() throws IOException {
        final DatagramServer first = bind(DatagramOptions.DEFAULT, new Recorder());
        assertThatThrownBy(() -> first.engine().bind(ADDRESS, new Recorder())).isInstanceOf(BindException.class);
        first.close();
        final var shared = DatagramOptions.builder().reusePort(true).build();
        first.engine().bind(Address.parse(ADDRESS), shared, new Recorder());
        first.engine().bind(Address.parse(ADDRESS), shared, new Recorder());
    }
}
