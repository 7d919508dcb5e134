// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Address;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Datagram;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.connection.DatagramHandler;
import io.hawser.connection.Engine;
import io.hawser.connection.Limits;
import io.hawser.connection.Server;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What random scenarios have found in the connection layer, each in the few lines that show it. */
class SimConnectionTest {
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();
    private static final String ADDRESS = "tcp://10.0.0.1:7000";
    private static final Limits SMALL = Limits.DEFAULT.withOutboundBytes(100_000, 1000, 100);

    /** Remembers what came, and how it ended. */
    private static class Recorder implements ConnectionHandler {
        long received;
        boolean ended;
        CloseCause.Kind closed;

        @Override
        public void onData(Connection connection) throws Exception {
            received += connection.reader().readableBytes();
            connection.reader().skip(connection.reader().readableBytes());
        }

        @Override
        public void onEnd(Connection connection) throws Exception {
            ended = true;
            connection.close();
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            closed = cause.kind();
        }
    }

    private Simulation simulation = new Simulation(1, SimTrace.hashing());

    private Engine engine(Limits limits) throws IOException {
        return simulation.engine("10.0.0.1").loops(2).limits(limits).start();
    }

    private Connection dial(Engine engine, ConnectionHandler handler) {
        return dial(engine, ConnectionOptions.DEFAULT, handler);
    }

    private Connection dial(Engine engine, ConnectionOptions options, ConnectionHandler handler) {
        final var dial = engine.dial(Address.parse(ADDRESS), options, handler);
        simulation.await(dial);
        return dial.join();
    }

    private void write(Connection connection, int bytes) {
        connection.execute(() -> connection.writer().writeBytes(new byte[bytes]));
    }

    @Test
    void shouldCompleteADialThatMeetsTheCloseOfTheEngine() throws IOException {
        for (int seed = 1; seed <= 30; seed++) {
            simulation = new Simulation(seed, SimTrace.hashing());
            final Engine engine = engine(Limits.DEFAULT);
            final Server unused = engine.listen(ADDRESS, new Recorder());
            final List<CompletableFuture<Connection>> dials = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                simulation.network().after(i * 10_000L, () -> dials.add(engine.dial(ADDRESS, new Recorder())));
            }
            final var closed = engine.closeAsync(Duration.ofSeconds(1));
            simulation.await(closed);
            simulation.runFor(SECOND_NS);
            closed.join();
            assertThat(dials).as("seed %d", seed).hasSize(20).allMatch(CompletableFuture::isDone);
        }
    }

    @Test
    void shouldHoldDialsToTheLimitHoweverManyComeAtOnce() throws IOException {
        final Engine server = simulation.engine("10.0.0.2").loops(1).start();
        final Server listening = server.listen("tcp://10.0.0.2:7000", new Recorder());
        final Engine engine = engine(Limits.DEFAULT.withConnections(3));
        final List<CompletableFuture<Connection>> dials = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            dials.add(engine.dial(listening.address().toString(), new Recorder()));
        }
        simulation.runFor(SECOND_NS);
        assertThat(dials).allMatch(CompletableFuture::isDone);
        assertThat(dials).filteredOn(dial -> !dial.isCompletedExceptionally()).hasSize(3);
        assertThat(engine.connectionCount()).isEqualTo(3);
        engine.close();
        server.close();
    }

    @Test
    void shouldNotEndCleanlyWhatWasCutShort() throws IOException {
        final Engine engine = engine(Limits.DEFAULT);
        final Server unused = engine.listen(ADDRESS, new Recorder() {
            @Override
            public void onData(Connection connection) {
                connection.writer().writeBytes(new byte[50_000]);
                throw new IllegalStateException("on purpose");
            }

            @Override
            public void onError(Connection connection, Throwable error) {
                // Expected.
            }
        });
        final Recorder client = new Recorder();
        write(dial(engine, client), 1);
        simulation.runFor(SECOND_NS);
        assertThat(client.ended).isFalse();
        assertThat(client.closed).isEqualTo(CloseCause.Kind.RESET);
        engine.close();
    }

    @Test
    void shouldCallOnDataOnlyIfThereIsSomethingToRead() throws IOException {
        final Engine engine = engine(Limits.DEFAULT);
        final List<Long> readable = new ArrayList<>();
        final Server unused = engine.listen(ADDRESS, connection -> {
            readable.add(connection.reader().readableBytes());
            connection.pause();
            connection.execute(() -> {
                connection.reader().skip(connection.reader().readableBytes());
                connection.resume();
            });
        });
        simulation.network().fault(SimFault.LATE_PAUSE, 1).fault(SimFault.SHORT_READ, 1);
        final Connection client = dial(engine, new Recorder());
        write(client, 3000);
        simulation.runFor(SECOND_NS);
        assertThat(readable).hasSizeGreaterThan(2).doesNotContain(0L);
        engine.close();
    }

    @Test
    void shouldNeverForgetAWriterThatWaitsForRoom() throws IOException {
        for (int seed = 1; seed <= 100; seed++) {
            simulation = new Simulation(seed, SimTrace.hashing());
            simulation.network().fault(SimFault.FULL_BUFFER, 0.2).fault(SimFault.PENDING_SEND, 0.2);
            final Engine engine = engine(SMALL);
            final Server unused = engine.listen(ADDRESS, new Recorder() {
                private int left = 40;

                @Override
                public void onOpen(Connection connection) {
                    pour(connection);
                }

                @Override
                public void onWritable(Connection connection) {
                    pour(connection);
                }

                private void pour(Connection connection) {
                    while (left > 0 && connection.pendingBytes() <= SMALL.outboundHighBytes()) {
                        connection.writer().writeBytes(new byte[500]);
                        left--;
                    }
                }
            });
            final Recorder client = new Recorder();
            final Connection connection = dial(engine, client);
            for (int i = 0; i < 20; i++) {
                simulation.network().after(i * 500_000L, () -> write(connection, 10));
            }
            simulation.runFor(5 * SECOND_NS);
            assertThat(client.received).as("seed %d", seed).isEqualTo(40 * 500);
            engine.close();
        }
    }

    @Test
    void shouldEndTheOutputBehindWhatOnWritableWrites() throws IOException {
        final Engine engine = engine(SMALL);
        final Server unused = engine.listen(ADDRESS, new Recorder() {
            @Override
            public void onOpen(Connection connection) {
                connection.writer().writeBytes(new byte[2000]);
            }

            @Override
            public void onWritable(Connection connection) {
                connection.writer().writeBytes(new byte[100]);
                connection.shutdownOutput();
            }
        });
        final Recorder client = new Recorder();
        final Connection unusedConnection = dial(engine, client);
        simulation.runFor(SECOND_NS);
        assertThat(client.received).isEqualTo(2100);
        assertThat(client.ended).isTrue();
        assertThat(simulation.network().violations()).isEmpty();
        engine.close();
    }

    @Test
    void shouldNotWaitForEachOtherIfOneSideReceivesWhileCongested() throws IOException {
        final Engine engine = engine(SMALL);
        simulation.network().socketBufferBytes(1000);
        final Server unused = engine.listen(ADDRESS, c -> c.writer().append(c.reader()));
        final Recorder client = new Recorder();
        write(dial(engine, ConnectionOptions.DEFAULT.withReceiveWhileCongested(true), client), 50_000);
        simulation.runFor(60 * SECOND_NS);
        assertThat(client.received).isEqualTo(50_000);
        engine.close();
    }

    @Test
    void shouldCloseWhateverTheClockDoes() throws IOException {
        for (int seed = 1; seed <= 50; seed++) {
            simulation = new Simulation(seed, SimTrace.hashing());
            final Engine engine = engine(Limits.DEFAULT);
            final Server unused = engine.listen(ADDRESS, new Recorder());
            final Recorder client = new Recorder();
            dial(engine, client).pause();
            simulation.runFor(SECOND_NS);
            simulation.network().fault(SimFault.CLOCK_JUMP, 0.3).fault(SimFault.LATE_CLOSE, 1);
            final var closed = engine.closeAsync(Duration.ofNanos(1));
            simulation.await(closed);
            closed.join();
            assertThat(client.closed).as("seed %d", seed).isNotNull();
            assertThat(simulation.network().openSockets()).as("seed %d", seed).isZero();
        }
    }

    @Test
    void shouldTellOfTheCloseOfNoEndpointThatWasNeverOpen() throws IOException {
        for (int seed = 1; seed <= 50; seed++) {
            simulation = new Simulation(seed, SimTrace.hashing());
            simulation.network().fault(SimFault.STALL, 0.2);
            final Engine engine = engine(Limits.DEFAULT);
            final List<DatagramEndpoint> opened = new ArrayList<>();
            final List<DatagramEndpoint> closed = new ArrayList<>();
            final DatagramHandler handler = new DatagramHandler() {
                @Override
                public void onOpen(DatagramEndpoint endpoint) {
                    opened.add(endpoint);
                }

                @Override
                public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {}

                @Override
                public void onClose(DatagramEndpoint endpoint, CloseCause cause) {
                    closed.add(endpoint);
                }
            };
            final List<CompletableFuture<DatagramEndpoint>> connected = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                simulation
                        .network()
                        .after(i * 10_000L, () -> connected.add(engine.connectDatagram("udp://10.0.0.1:9", handler)));
            }
            final var end = engine.closeAsync(Duration.ofSeconds(1));
            simulation.await(end);
            simulation.runFor(SECOND_NS);
            end.join();
            assertThat(closed).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(opened);
            assertThat(connected).as("seed %d", seed).hasSize(20).allMatch(CompletableFuture::isDone);
        }
    }

    @Test
    void shouldAskWhetherAPeerIsThereWhereThatMayWait() throws IOException {
        final Engine engine = engine(Limits.DEFAULT);
        final Server unused = engine.listen(ADDRESS, new Recorder());
        final Connection connection = dial(engine, new Recorder());
        assertThat(connection.isActive()).isTrue();
        final CompletableFuture<Object> elsewhere = new CompletableFuture<>();
        engine.loops().stream()
                .filter(loop -> loop != connection.loop())
                .findFirst()
                .orElseThrow()
                .execute(() -> {
                    try {
                        elsewhere.complete(connection.isActive());
                    } catch (IllegalStateException e) {
                        elsewhere.complete(e);
                    }
                });
        simulation.await(elsewhere);
        assertThat(elsewhere.join()).isInstanceOf(IllegalStateException.class);
        simulation.network().connections().getFirst().reset();
        simulation.runFor(SECOND_NS);
        assertThat(connection.isActive()).isFalse();
        engine.close();
    }

    @Test
    void shouldTimeOutADialThatNobodyAnswers() throws IOException {
        final Engine engine = engine(Limits.DEFAULT);
        simulation.network().fault(SimFault.NO_ANSWER, 1);
        final var options = ConnectionOptions.DEFAULT.withDialTimeout(Duration.ofSeconds(3));
        final var dial = engine.dial(Address.parse(ADDRESS), options, new Recorder());
        simulation.await(dial);
        assertThat(dial).isCompletedExceptionally();
        assertThat(simulation.network().nowNs()).isBetween(3 * SECOND_NS, 3 * SECOND_NS + 10_000_000);
        simulation.runFor(SECOND_NS);
        assertThat(engine.connectionCount()).isZero();
        engine.close();
    }
}
