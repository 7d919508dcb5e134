// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.connection.Address;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.Limits;
import io.hawser.connection.Server;
import io.hawser.connection.ServerOptions;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.tls.TlsProvider;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimTrace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * TLS whatever the network and the transports do, from the first byte of the handshake on. A seed gives the same faults again, but not the same bytes:
 * keys are random.
 */
class SimTlsTest {
    private static final Address ADDRESS = Address.parse("tls://10.0.0.1:7000");
    private static final TlsIdentity IDENTITY = Tls.selfSigned("10.0.0.1");
    private static final int SEEDS = 25;
    private static final int BYTES = 150_000;
    private static final int LARGE = 64 * 1024;
    private static final Duration LATE = Duration.ofSeconds(30);
    /** What the network holds for one that does not read: as much on each side. */
    private static final int NETWORK_BYTES = 32 * 1024;

    private static final class Client implements ConnectionHandler {
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private final byte[] sent = new byte[BYTES];
        private boolean ended;
        private int closes;

        @Override
        public void onOpen(Connection connection) {
            connection.writer().writeBytes(sent);
            connection.shutdownOutput();
        }

        @Override
        public void onData(Connection connection) {
            received.writeBytes(
                    connection.reader().readBytes((int) connection.reader().readableBytes()));
        }

        @Override
        public void onEnd(Connection connection) {
            ended = true;
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            closes++;
        }
    }

    private static final class Echo implements ConnectionHandler {
        private final List<CloseCause> causes = new ArrayList<>();
        private int opened;

        @Override
        public void onOpen(Connection connection) {
            opened++;
        }

        @Override
        public void onData(Connection connection) {
            connection.writer().append(connection.reader());
        }

        @Override
        public void onError(Connection connection, Throwable error) {
            throw new AssertionError(error);
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            causes.add(cause);
        }
    }

    /** Of three clients in a row. */
    private static List<Client> play(int seed, boolean harmlessOnly) throws IOException {
        final Simulation simulation = new Simulation(seed, SimTrace.hashing());
        final Random random = new Random(seed);
        final Engine servers = simulation.engine("10.0.0.1").loops(1).start();
        final Engine clients = simulation.engine("10.0.0.2").loops(1).start();
        // OpenSSL where it is there.
        final TlsProvider provider = seed % 2 == 0 ? TlsProvider.JDK : TlsProvider.AUTO;
        final Tls serverTls = Tls.server().provider(provider).identity(IDENTITY).build();
        final Tls clientTls =
                Tls.client().provider(provider).trust(IDENTITY.certificate()).build();
        final Echo echo = new Echo();
        final Server unused = servers.listen(
                ADDRESS, ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(serverTls)), echo);
        for (SimFault fault : SimFault.values()) {
            if (fault.isHarmless() || (!harmlessOnly && random.nextInt(3) == 0 && fault != SimFault.CLOCK_JUMP)) {
                simulation.network().fault(fault, random.nextDouble() * (fault.isHarmless() ? 0.4 : 0.05));
            }
        }
        final List<Client> made = new ArrayList<>();
        int dialled = 0;
        for (int i = 0; i < 3; i++) {
            final Client client = new Client();
            random.nextBytes(client.sent);
            final var dial = clients.dial(
                    ADDRESS,
                    ConnectionOptions.DEFAULT.withReceiveWhileCongested(true).withTls(clientTls),
                    client);
            simulation.runFor(Duration.ofSeconds(40).toNanos());
            assertThat(dial).as("the dial, seed %d", seed).isDone();
            if (!dial.isCompletedExceptionally()) {
                dialled++;
                made.add(client);
                assertThat(dial.join().tls()).isPresent();
            }
        }
        for (SimFault fault : SimFault.values()) {
            simulation.network().fault(fault, 0);
        }
        clients.close();
        servers.close();
        assertThat(simulation.network().violations()).as("seed %d", seed).isEmpty();
        assertThat(simulation.network().openSockets()).as("seed %d", seed).isZero();
        assertThat(echo.causes).as("ends, seed %d", seed).hasSize(echo.opened);
        assertThat(clientTls.stats().established()).as("seed %d", seed).isEqualTo(dialled);
        assertThat(clientTls.stats().active() + serverTls.stats().active())
                .as("handshakes that have not ended, seed %d", seed)
                .isZero();
        assertThat(made).as("seed %d", seed).allMatch(client -> client.closes == 1);
        return made;
    }

    /** Says one byte a second of a ClientHello that is never over. */
    private static final class Dribbler implements ConnectionHandler {
        private static final byte[] BEGINNING = {22, 3, 1, 0x20, 0, 1, 0, 0x1f, (byte) 0xfc, 3, 3};

        private @Nullable CloseCause cause;
        private int said;

        @Override
        public void onOpen(Connection connection) {
            say(connection);
        }

        private void say(Connection connection) {
            if (connection.isOpen()) {
                connection.writer().writeByte(said < BEGINNING.length ? BEGINNING[said] : 0);
                said++;
                final var unused = connection.loop().schedule(() -> say(connection), Duration.ofSeconds(1));
            }
        }

        @Override
        public void onData(Connection connection) {
            connection.reader().skip(connection.reader().readableBytes());
        }

        @Override
        public void onClose(Connection connection, CloseCause why) {
            cause = why;
        }
    }

    /** The time is for all of it, not for each byte. */
    @Test
    void shouldEndAHandshakeThatIsDribbled() throws IOException {
        for (TlsProvider provider : List.of(TlsProvider.JDK, TlsProvider.AUTO)) {
            final Simulation simulation = new Simulation(1, SimTrace.hashing());
            final Engine servers = simulation.engine("10.0.0.1").loops(1).start();
            final Engine clients = simulation.engine("10.0.0.2").loops(1).start();
            final Tls tls = Tls.server()
                    .provider(provider)
                    .identity(IDENTITY)
                    .handshakeTimeout(Duration.ofSeconds(10))
                    .build();
            final Echo echo = new Echo();
            final Server unused = servers.listen(
                    ADDRESS, ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(tls)), echo);
            final List<Dribbler> dribblers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                final Dribbler dribbler = new Dribbler();
                dribblers.add(dribbler);
                final var unusedDial = clients.dial("tcp://10.0.0.1:7000", dribbler);
            }
            simulation.runFor(Duration.ofSeconds(5).toNanos());
            assertThat(tls.stats().active()).isEqualTo(100);
            simulation.runFor(Duration.ofSeconds(15).toNanos());
            assertThat(tls.stats().active()).isZero();
            assertThat(tls.stats().failed()).isEqualTo(100);
            assertThat(servers.connectionCount()).isZero();
            assertThat(dribblers).allSatisfy(dribbler -> {
                assertThat(dribbler.cause).isNotNull();
                assertThat(dribbler.said).isBetween(10, 12);
            });
            assertThat(echo.opened).isZero();
            clients.close();
            servers.close();
            assertThat(simulation.network().openSockets()).isZero();
        }
    }

    /** Asks, ends its side, and reads the answer after a long while. */
    private static final class LateReader implements ConnectionHandler {
        private long received;
        private boolean ended;

        @Override
        public void onOpen(Connection connection) {
            connection.pause();
            connection.writer().writeByte('?');
            connection.shutdownOutput();
            final var unused = connection.loop().schedule(connection::resume, LATE);
        }

        @Override
        public void onData(Connection connection) {
            received += connection.reader().readableBytes();
            connection.reader().skip(connection.reader().readableBytes());
        }

        @Override
        public void onEnd(Connection connection) {
            ended = true;
            connection.close();
        }
    }

    /** A server that has given an answer to a client that does not read it yet, and would end the connection. */
    private static final class LateAnswer {
        private final Simulation simulation = new Simulation(1, SimTrace.hashing());
        private final Engine servers;
        private final Engine clients;
        private final LateReader client = new LateReader();

        LateAnswer(int bytes, Duration closeTimeout) throws IOException {
            simulation.network().socketBufferBytes(NETWORK_BYTES / 2);
            servers = simulation.engine("10.0.0.1").loops(1).start();
            clients = simulation.engine("10.0.0.2").loops(1).start();
            final Tls serverTls =
                    Tls.server().provider(TlsProvider.JDK).identity(IDENTITY).build();
            final Tls clientTls = Tls.client()
                    .provider(TlsProvider.JDK)
                    .trust(IDENTITY.certificate())
                    .build();
            final byte[] answer = new byte[bytes];
            final Server unused = servers.listen(
                    ADDRESS,
                    ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT
                            .withCloseTimeout(closeTimeout)
                            .withTls(serverTls)),
                    connection -> {
                        connection.reader().skip(connection.reader().readableBytes());
                        connection.writer().writeBytes(answer);
                    });
            final var unusedDial = clients.dial(ADDRESS, ConnectionOptions.DEFAULT.withTls(clientTls), client);
            simulation.runFor(LATE.dividedBy(2).toNanos());
        }

        void close() {
            servers.close();
            assertThat(servers.connectionCount()).isZero();
            clients.close();
            assertThat(simulation.network().openSockets()).isZero();
        }
    }

    /** Of answers about as long as what the network holds. The steps are shorter than the goodbye, so of one of them that alone finds no room. */
    private static int[] answers() {
        return IntStream.iterate(NETWORK_BYTES - 450, bytes -> bytes < NETWORK_BYTES - 150, bytes -> bytes + 16)
                .toArray();
    }

    @Test
    void shouldWaitWithTheCloseNotifyForAPeerThatReadsLate() throws IOException {
        final List<Integer> waiting = new ArrayList<>();
        for (int bytes : answers()) {
            final LateAnswer late = new LateAnswer(bytes, Duration.ofMinutes(1));
            waiting.add(late.servers.connectionCount());

            late.simulation.runFor(LATE.toNanos());

            assertThat(late.client.received).as("of %d bytes", bytes).isEqualTo(bytes);
            assertThat(late.client.ended).as("the end of %d bytes", bytes).isTrue();
            late.close();
        }
        // Else none of the answers was the one to try.
        assertThat(waiting).isSorted().startsWith(0).endsWith(1);
    }

    /** An engine that is to end has no time for a goodbye that nobody takes. */
    @Test
    void shouldForceTheEndOfAConnectionThatWaitsWithItsCloseNotify() throws IOException {
        for (int bytes : answers()) {
            new LateAnswer(bytes, Duration.ofHours(1)).close();
        }
    }

    /** What has come lies in memory itself, so those who wait for some might wait for each other. */
    @Test
    void shouldWaitForMemoryButNotForEver() throws IOException {
        for (Duration scarcity : List.of(Duration.ofSeconds(8), Duration.ofHours(1))) {
            final Simulation simulation = new Simulation(1, SimTrace.hashing());
            final Engine servers = simulation
                    .engine("10.0.0.1")
                    .loops(1)
                    .limits(Limits.DEFAULT.withBufferMemoryBytes(4 << 20))
                    .start();
            final Engine clients = simulation.engine("10.0.0.2").loops(1).start();
            final Tls serverTls =
                    Tls.server().provider(TlsProvider.JDK).identity(IDENTITY).build();
            final Tls clientTls = Tls.client()
                    .provider(TlsProvider.JDK)
                    .trust(IDENTITY.certificate())
                    .build();
            final Hoarder hoarder = new Hoarder(scarcity);
            final Server unused = servers.listen(
                    ADDRESS,
                    ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(serverTls)),
                    hoarder);
            final Client client = new Client();
            final var unusedDial = clients.dial(ADDRESS, ConnectionOptions.DEFAULT.withTls(clientTls), client);

            simulation.runFor(Duration.ofSeconds(7).toNanos());
            assertThat(hoarder.received).isZero();
            assertThat(hoarder.cause).isNull();
            simulation.runFor(Duration.ofSeconds(7).toNanos());
            assertThat(hoarder.cause).isNotNull();
            if (scarcity.toSeconds() == 8) {
                assertThat(hoarder.received).isEqualTo(BYTES);
                assertThat(hoarder.cause.kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
            } else {
                assertThat(hoarder.received).isZero();
                assertThat(hoarder.cause.error().orElseThrow()).hasMessageContaining("no memory");
            }
            clients.close();
            servers.close();
            assertThat(servers.pool().usedBytes()).isZero();
        }
    }

    /** Leaves no memory for records of 16 KiB, for a while. */
    private static final class Hoarder implements ConnectionHandler {
        private final Duration scarcity;
        private final List<Block> hoard = new ArrayList<>();
        private long received;
        private @Nullable CloseCause cause;

        Hoarder(Duration scarcity) {
            this.scarcity = scarcity;
        }

        @Override
        public void onOpen(Connection connection) {
            final BlockSource blocks = connection.loop().blocks();
            for (Block block = blocks.tryAcquire(LARGE); block != null; block = blocks.tryAcquire(LARGE)) {
                hoard.add(block);
            }
            final var unused = connection.loop().schedule(this::spend, scarcity);
        }

        @Override
        public void onData(Connection connection) {
            received += connection.reader().readableBytes();
            connection.reader().skip(connection.reader().readableBytes());
        }

        @Override
        public void onClose(Connection connection, CloseCause why) {
            cause = why;
            spend();
        }

        private void spend() {
            hoard.forEach(Block::release);
            hoard.clear();
        }
    }

    @Test
    void shouldLoseNothing() throws IOException {
        for (int seed = 1; seed <= SEEDS; seed++) {
            final List<Client> clients = play(seed, true);
            assertThat(clients).as("seed %d", seed).hasSize(3);
            for (Client client : clients) {
                assertThat(Arrays.mismatch(client.received.toByteArray(), client.sent))
                        .as("seed %d", seed)
                        .isEqualTo(-1);
                assertThat(client.ended).as("seed %d", seed).isTrue();
            }
        }
    }

    @Test
    void shouldTellNoEndThatWasNone() throws IOException {
        int cutShort = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            for (Client client : play(seed, false)) {
                final byte[] received = client.received.toByteArray();
                assertThat(Arrays.copyOf(client.sent, received.length))
                        .as("seed %d", seed)
                        .isEqualTo(received);
                if (client.ended) {
                    assertThat(received).as("seed %d", seed).hasSize(BYTES);
                }
                cutShort += received.length < BYTES ? 1 : 0;
            }
        }
        assertThat(cutShort).as("runs with a failure that counts").isPositive();
    }
}
