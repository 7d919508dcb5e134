// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many connections, many at once, too many, and descriptors that are used again at once. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class AcceptTest {
    @RegisterExtension
    final EngineFixture engines;

    AcceptTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldServeAThousandConnectionsAtOnce(Family family) throws Exception {
        final int count = 1000;
        final Engine engine = engines.engine(b -> b.loops(2));
        final Server server = engines.listen(engine, family, Recorder.echo());
        final List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            peers.add(engines.connect(server));
        }

        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < count; i++) {
                peers.get(i).send(name(round, i));
            }
            for (int i = 0; i < count; i++) {
                assertThat(peers.get(i).receive(8)).isEqualTo(name(round, i));
            }
        }

        assertThat(engine.connectionCount()).isEqualTo(count);
        assertThat(engine.connectionCount(0)).isEqualTo(count / 2);
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldLoseNobodyInAStorm(Family family) throws Exception {
        final int threads = 4;
        final int each = 125;
        final Recorder handler = new Recorder();
        final Server server = engines.listen(engines.engine(b -> b.loops(2)), family, handler);

        final List<CompletableFuture<Void>> storm = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            storm.add(EngineFixture.async(() -> {
                for (int i = 0; i < each; i++) {
                    try (Peer peer = Peer.connect(server.address())) {
                        peer.send("x");
                    }
                }
            }));
        }
        for (CompletableFuture<Void> one : storm) {
            EngineFixture.await(one);
        }

        assertThat(handler.awaitClose(threads * each))
                .extracting(CloseCause::kind)
                .containsOnly(Kind.PEER_CLOSED);
        assertThat(handler.awaitBytes(threads * each)).hasSize(threads * each).containsOnly('x');
    }

    @Test
    void shouldCloseConnectionsOverTheLimitAtOnceAndCountThem() throws Exception {
        final Recorder handler = Recorder.echo();
        final Engine engine = engines.engine(b -> b.limits(Limits.DEFAULT.withConnections(5)));
        final Server server = engines.listen(engine, Family.TCP, handler);
        final List<Peer> admitted = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            admitted.add(engines.connect(server));
        }
        handler.awaitOpen(5);

        for (int i = 0; i < 3; i++) {
            engines.connect(server).expectGone();
        }

        assertThat(engine.refusedConnections()).isEqualTo(3);
        assertThat(handler.opened()).hasSize(5);
        admitted.getFirst().close();
        handler.awaitClose();
        EngineFixture.until("there is room again", () -> engine.connectionCount() == 4);
        assertThat(engines.connect(server).send("room").receiveText(4)).isEqualTo("room");
    }

    /** Descriptors, slots and buffers go from hand to hand as quickly as they can, while events for the last owner are on their way. */
    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldNotMixUpConnectionsThatFollowEachOther(Family family) throws Exception {
        final Recorder handler = new Recorder();
        handler.onData(c -> {
            while (c.reader().readableBytes() >= 8) {
                final boolean last = c.reader().getByte(0) < 0;
                c.writer().append(c.reader(), 8);
                if (last) {
                    // With data behind it that nobody reads.
                    c.close();
                    return;
                }
            }
        });
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, family, handler);

        final List<CompletableFuture<Void>> clients = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            final int thread = t;
            clients.add(EngineFixture.async(() -> comeAndGo(server.address(), thread)));
        }
        for (CompletableFuture<Void> client : clients) {
            EngineFixture.await(client);
        }

        EngineFixture.until("all are gone", () -> engine.connectionCount() == 0);
        assertThat(handler.errors()).isEmpty();
    }

    private static void comeAndGo(Address address, int thread) throws Exception {
        final Random random = new Random(thread);
        for (int i = 0; i < 200; i++) {
            try (Peer peer = Peer.connect(address)) {
                final byte[] name = name(thread, i);
                peer.send(name);
                if (random.nextInt(4) == 0) {
                    continue;
                }
                assertThat(peer.receive(8)).as("seed %d", thread).isEqualTo(name);
                if (random.nextBoolean()) {
                    name[0] = -1;
                    peer.send(name).send("and more");
                    assertThat(peer.receive(8)).as("seed %d", thread).isEqualTo(name);
                    peer.expectEnd();
                }
            }
        }
    }

    /** Both have data in one batch of events; whoever is first closes the other, and a new connection takes its place. */
    @Test
    void shouldForgetTheEventsOfAConnectionThatAnotherHasClosed() throws Exception {
        final Engine engine = engines.engine();
        final Server echo = engines.listen(engine, Family.TCP, Recorder.echo());
        for (int round = 0; round < 20; round++) {
            final Recorder handler = new Recorder();
            final Recorder successor =
                    engines.watched(new Recorder().onOpen(c -> c.writer().writeString("new")));
            handler.onData(c -> {
                handler.opened().stream().filter(other -> other != c).forEach(Connection::abort);
                final var unused = engine.dial(echo.address().toString(), successor);
            });
            final Server server = engines.listen(engine, Family.TCP, handler);
            final Peer first = engines.connect(server);
            final Peer second = engines.connect(server);
            final Connection connection = handler.awaitOpen(2).getFirst();
            final CountDownLatch sent = EngineFixture.block(connection.loop());
            first.send("one");
            second.send("two");

            sent.countDown();

            assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
            assertThat(successor.awaitText(3)).isEqualTo("new");
            assertThat(handler.events().stream().filter("data"::equals)).hasSize(1);
            assertThat(handler.causes()).hasSize(1);
            server.close();
        }
    }

    @Test
    void shouldGiveEachConnectionANumberOfItsOwn() throws Exception {
        final Recorder handler = new Recorder();
        final Server server = engines.listen(engines.engine(b -> b.loops(2)), Family.TCP, handler);
        for (int i = 0; i < 20; i++) {
            engines.connect(server);
        }

        assertThat(handler.awaitOpen(20)).extracting(Connection::id).doesNotHaveDuplicates();
    }

    private static byte[] name(int high, int low) {
        return ByteBuffer.allocate(8).putInt(high).putInt(low).array();
    }
}
