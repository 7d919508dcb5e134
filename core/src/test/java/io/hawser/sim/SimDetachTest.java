// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Address;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.Limits;
import io.hawser.connection.Server;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimTrace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Connections that move between two engines again and again, whatever the network and the transports do meanwhile. */
class SimDetachTest {
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();
    private static final String ADDRESS = "tcp://10.0.0.1:7000";
    private static final Limits SMALL = Limits.DEFAULT.withOutboundBytes(200_000, 2000, 500);
    private static final int SEEDS = 150;

    /** Echoes, leaves something unread each time, and moves on at random. */
    private static final class Nomad implements ConnectionHandler {
        private final Random random;
        private final List<Engine> engines;
        private final List<CloseCause.Kind> causes = new ArrayList<>();
        private int opened;
        private int unfinished;

        Nomad(long seed, List<Engine> engines) {
            this.random = new Random(seed);
            this.engines = engines;
        }

        @Override
        public void onOpen(Connection connection) {
            opened++;
            moveAtTimes(connection);
        }

        @Override
        public void onData(Connection connection) {
            connection.writer().append(connection.reader(), (connection.reader().readableBytes() + 1) / 2);
            moveAtTimes(connection);
        }

        @Override
        public void onEnd(Connection connection) {
            connection.writer().append(connection.reader());
            connection.close();
        }

        @Override
        public void onError(Connection connection, Throwable error) {
            throw new AssertionError(error);
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            causes.add(cause.kind());
        }

        private void moveAtTimes(Connection connection) {
            if (random.nextInt(3) > 0) {
                return;
            }
            unfinished++;
            final Engine next = engines.get(random.nextInt(engines.size()));
            final CompletableFuture<Connection> moved =
                    connection.detach().thenCompose(detached -> next.adopt(detached, ConnectionOptions.DEFAULT, this));
            final var unused = moved.whenComplete((_, _) -> unfinished--);
        }
    }

    private static final class Client implements ConnectionHandler {
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private final byte[] sent = new byte[20_000];
        private boolean ended;

        @Override
        public void onData(Connection connection) {
            received.writeBytes(
                    connection.reader().readBytes((int) connection.reader().readableBytes()));
        }

        @Override
        public void onEnd(Connection connection) {
            ended = true;
            connection.close();
        }
    }

    /** What came of one seed. */
    private record Outcome(Nomad nomad, Client client) {}

    private static Outcome play(int seed, boolean harmlessOnly) throws IOException {
        final Simulation simulation = new Simulation(seed, SimTrace.hashing());
        final Random random = new Random(seed);
        final List<Engine> engines = List.of(
                simulation.engine("10.0.0.1").loops(2).limits(SMALL).start(),
                simulation.engine("10.0.0.1").loops(1).limits(SMALL).start());
        final Engine clients = simulation.engine("10.0.0.2").loops(1).start();
        final Nomad nomad = new Nomad(seed, engines);
        final Server unused = engines.getFirst().listen(ADDRESS, nomad);
        final Client client = new Client();
        final var dial =
                clients.dial(Address.parse(ADDRESS), ConnectionOptions.DEFAULT.withReceiveWhileCongested(true), client);
        simulation.await(dial);
        final Connection connection = dial.join();
        for (SimFault fault : SimFault.values()) {
            if (fault.isHarmless() || (!harmlessOnly && random.nextInt(3) == 0 && fault != SimFault.CLOCK_JUMP)) {
                simulation.network().fault(fault, random.nextDouble() * (fault.isHarmless() ? 0.4 : 0.05));
            }
        }
        final byte[] sent = client.sent;
        random.nextBytes(sent);
        for (int i = 0; i < 20; i++) {
            final int from = i * 1000;
            simulation
                    .network()
                    .after(
                            i * 400_000L,
                            () -> connection.execute(() -> {
                                if (connection.isOpen()) {
                                    connection.writer().writeBytes(sent, from, 1000);
                                }
                            }));
        }
        simulation.network().after(9_000_000, connection::shutdownOutput);
        simulation.runFor(60 * SECOND_NS);
        for (SimFault fault : SimFault.values()) {
            simulation.network().fault(fault, 0);
        }
        clients.close();
        // Both: what one detaches the other may adopt until it closes.
        engines.forEach(Engine::close);
        assertThat(simulation.network().violations()).as("seed %d", seed).isEmpty();
        assertThat(simulation.network().openSockets()).as("seed %d", seed).isZero();
        assertThat(nomad.unfinished)
                .as("moves that nobody finished, seed %d", seed)
                .isZero();
        assertThat(nomad.causes).as("ends, seed %d", seed).hasSize(nomad.opened);
        return new Outcome(nomad, client);
    }

    @Test
    void shouldLoseNothingOnTheWay() throws IOException {
        int moves = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            final Outcome outcome = play(seed, true);
            assertThat(outcome.client.received.toByteArray())
                    .as("seed %d", seed)
                    .isEqualTo(outcome.client.sent);
            assertThat(outcome.client.ended).as("seed %d", seed).isTrue();
            assertThat(outcome.nomad.causes).as("seed %d", seed).last().isEqualTo(CloseCause.Kind.PEER_CLOSED);
            moves += outcome.nomad.opened - 1;
        }
        assertThat(moves).isGreaterThan(SEEDS);
    }

    @Test
    void shouldLeakNothingWhateverHappens() throws IOException {
        int cutShort = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            final Outcome outcome = play(seed, false);
            final byte[] received = outcome.client.received.toByteArray();
            assertThat(Arrays.copyOf(outcome.client.sent, received.length))
                    .as("seed %d", seed)
                    .isEqualTo(received);
            cutShort += received.length < outcome.client.sent.length ? 1 : 0;
        }
        assertThat(cutShort).as("runs with a failure that counts").isPositive();
    }
}
