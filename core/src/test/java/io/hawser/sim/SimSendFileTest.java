// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Address;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.FileSource;
import io.hawser.connection.Server;
import io.hawser.connection.ServerOptions;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimTrace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files among writes, over a network that does all that it may. */
@SuppressWarnings("FutureReturnValueIgnored") // what becomes of it the peer tells
class SimSendFileTest {
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();
    private static final Address ADDRESS = Address.parse("tcp://10.0.0.1:7000");

    @TempDir
    private Path directory;

    private Simulation simulation = new Simulation(1, SimTrace.hashing());
    private final byte[] content = new byte[200_000];

    private static class Collector implements ConnectionHandler {
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        Optional<CloseCause> closed = Optional.empty();

        @Override
        public void onData(Connection connection) {
            received.writeBytes(
                    connection.reader().readBytes((int) connection.reader().readableBytes()));
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            closed = Optional.of(cause);
        }
    }

    private FileSource open(Engine engine) throws IOException {
        new Random(1).nextBytes(content);
        return engine.openFile(Files.write(directory.resolve("file"), content));
    }

    @Test
    void shouldKeepTheOrderWhateverTheNetworkDoes() throws IOException {
        for (int seed = 1; seed <= 60; seed++) {
            simulation = new Simulation(seed, SimTrace.hashing());
            final Engine engine = simulation.engine("10.0.0.1").loops(2).start();
            final FileSource file = open(engine);
            simulation
                    .network()
                    .fault(SimFault.FULL_BUFFER, 0.2)
                    .fault(SimFault.PENDING_SEND, 0.5)
                    .fault(SimFault.SHORT_WRITE, 0.3)
                    .fault(SimFault.LATE_CLOSE, 0.5);
            final ByteArrayOutputStream expected = new ByteArrayOutputStream();
            final Random random = new Random(seed);
            final Server unused = engine.listen(ADDRESS, ServerOptions.DEFAULT, new Collector() {
                private int left = 12;

                @Override
                public void onOpen(Connection connection) {
                    step(connection);
                }

                /** Some more, and the rest in a later turn, while what was written is on its way. */
                private void step(Connection connection) {
                    for (int i = random.nextInt(4); i >= 0; i--) {
                        if (random.nextBoolean()) {
                            final int from = random.nextInt(content.length);
                            final int count = random.nextInt(Math.min(50_000, content.length - from));
                            expected.write(content, from, count);
                            connection.sendFile(file, from, count);
                        } else {
                            final byte[] bytes = new byte[random.nextInt(5000)];
                            random.nextBytes(bytes);
                            expected.writeBytes(bytes);
                            connection.writer().writeBytes(bytes);
                        }
                    }
                    if (--left > 0) {
                        connection.loop().schedule(() -> step(connection), Duration.ofNanos(random.nextInt(3_000_000)));
                    } else {
                        file.close();
                        connection.close();
                    }
                }
            });
            final Collector client = new Collector() {
                @Override
                public void onEnd(Connection connection) {
                    connection.close();
                }
            };
            engine.dial(ADDRESS, ConnectionOptions.DEFAULT, client);
            simulation.runFor(60 * SECOND_NS);

            assertThat(Arrays.mismatch(client.received.toByteArray(), expected.toByteArray()))
                    .as("first difference, seed %d", seed)
                    .isEqualTo(-1);
            assertThat(client.closed.map(CloseCause::kind)).as("seed %d", seed).isPresent();
            assertThat(simulation.network().violations()).as("seed %d", seed).isEmpty();
            engine.close();
            assertThat(engine.pool().usedBytes()).isZero();
        }
    }

    /** A minute for a file, and none of its seconds is longer than the close timeout. */
    @Test
    void shouldGiveACloseTheTimeThatAFileTakes() throws IOException {
        simulation.network().socketBufferBytes(4096);
        final Engine engine = simulation.engine("10.0.0.1").loops(1).start();
        final FileSource file = open(engine);
        final Collector server = new Collector() {
            @Override
            public void onOpen(Connection connection) {
                connection.sendFile(file, 0, content.length);
                connection.close();
            }
        };
        final Server unused = engine.listen(ADDRESS, ServerOptions.DEFAULT, server);
        final Collector client = new Collector() {
            @Override
            public void onData(Connection connection) {
                super.onData(connection);
                connection.pause();
                connection.loop().schedule(connection::resume, Duration.ofMillis(900));
            }
        };
        engine.dial(ADDRESS, ConnectionOptions.DEFAULT, client);
        simulation.runFor(10 * SECOND_NS);
        assertThat(client.received.size()).isBetween(1, content.length - 1);

        simulation.runFor(300 * SECOND_NS);

        assertThat(client.received.toByteArray()).isEqualTo(content);
        assertThat(server.closed.map(CloseCause::kind)).contains(CloseCause.Kind.LOCAL);
        file.close();
        engine.close();
    }

    @Test
    void shouldResetAPeerThatTakesNothingOfAFile() throws IOException {
        simulation.network().socketBufferBytes(4096);
        final Engine engine = simulation.engine("10.0.0.1").loops(1).start();
        final FileSource file = open(engine);
        final Collector server = new Collector() {
            @Override
            public void onOpen(Connection connection) {
                connection.sendFile(file, 0, content.length);
                connection.close();
            }
        };
        final Server unused = engine.listen(ADDRESS, ServerOptions.DEFAULT, server);
        engine.dial(ADDRESS, ConnectionOptions.DEFAULT, new Collector() {
            @Override
            public void onOpen(Connection connection) {
                connection.pause();
            }
        });

        simulation.runFor(20 * SECOND_NS);

        assertThat(server.closed.map(CloseCause::kind)).contains(CloseCause.Kind.TIMED_OUT);
        file.close();
        engine.close();
    }
}
