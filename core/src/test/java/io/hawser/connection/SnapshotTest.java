// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static io.hawser.connection.EngineFixture.await;
import static io.hawser.connection.EngineFixture.onLoop;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.PoolSnapshot;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What an engine tells of itself. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class SnapshotTest {
    @RegisterExtension
    final EngineFixture engines;

    SnapshotTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private static List<ConnectionSnapshot> connections(Engine engine, ConnectionQuery query) throws Exception {
        return await(engine.connections(query)).connections();
    }

    private static ConnectionSnapshot only(Engine engine) throws Exception {
        final List<ConnectionSnapshot> all = connections(engine, ConnectionQuery.FIRST);
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    @Test
    void shouldTellWhatWentThroughAConnection() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        final Peer peer = engines.connect(server);
        peer.send("hello").receive(5);
        peer.send("more").receive(4);

        EngineFixture.until(
                "all is counted", () -> engine.snapshot().loops().getFirst().bytesOut() == 9);
        final ConnectionSnapshot seen = only(engine);
        assertThat(seen.id()).isEqualTo(handler.awaitOpen().id());
        assertThat(seen.bytesIn()).isEqualTo(9);
        assertThat(seen.bytesOut()).isEqualTo(9);
        assertThat(seen.pendingBytes()).isZero();
        assertThat(seen.unreadBytes()).isZero();
        assertThat(seen.dialled()).isFalse();
        assertThat(seen.state()).isEqualTo(ConnectionSnapshot.State.OPEN);
        assertThat(seen.peer())
                .isEqualTo("127.0.0.1:" + port(peer.localAddress().toString()));
        assertThat(seen.local()).isEqualTo("127.0.0.1:" + server.address().port());
        assertThat(seen.handler()).isEqualTo("Recorder");
        assertThat(seen.loop()).isEqualTo(engine.loops().getFirst().name());
        assertThat(seen.age()).isBetween(Duration.ZERO, EngineFixture.PATIENCE);
        assertThat(seen.idle()).isEmpty();

        final LoopSnapshot loop = engine.snapshot().loops().getFirst();
        assertThat(loop.bytesIn()).isEqualTo(9);
        assertThat(loop.accepted()).isEqualTo(1);
        assertThat(loop.connections()).isEqualTo(1);
    }

    private static String port(String address) {
        return address.substring(address.lastIndexOf(':') + 1);
    }

    @Test
    void shouldTellWhatIsUnreadAndPausedAndHowLongItIsIdle() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = engines.watched(new Recorder().onData(_ -> {}));
        final Server server = engine.listen(
                engines.freshAddress(Family.UNIX),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withIdleTimeout(Duration.ofHours(1))),
                handler);
        engines.connect(server).send("abc");
        handler.awaitEvent("data");
        EngineFixture.until("the bytes", () -> {
            try {
                return only(engine).unreadBytes() == 3;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        handler.awaitOpen().pause();
        final ConnectionSnapshot seen = only(engine);
        assertThat(seen.state()).isEqualTo(ConnectionSnapshot.State.PAUSED);
        assertThat(seen.local()).isEqualTo(server.address().path());
        assertThat(seen.peer()).isEmpty();
        assertThat(seen.idle()).hasValueSatisfying(idle -> assertThat(idle).isLessThan(EngineFixture.PATIENCE));
    }

    @Test
    void shouldSortFilterAndPageConnections() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2));
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        final List<Peer> peers = new ArrayList<>();
        for (int i = 1; i <= 7; i++) {
            final Peer peer = engines.connect(server);
            peer.send("x".repeat(i)).receive(i);
            peers.add(peer);
        }
        handler.awaitOpen(7);

        final ConnectionQuery most = ConnectionQuery.FIRST.withOrder(ConnectionOrder.BYTES_IN, true);
        assertThat(connections(engine, most))
                .extracting(ConnectionSnapshot::bytesIn)
                .containsExactly(7L, 6L, 5L, 4L, 3L, 2L, 1L);
        assertThat(connections(engine, most.withPage(2, 3)))
                .extracting(ConnectionSnapshot::bytesIn)
                .containsExactly(5L, 4L, 3L);
        assertThat(connections(engine, most.withPage(6, 3))).hasSize(1);
        assertThat(connections(engine, ConnectionQuery.FIRST))
                .extracting(ConnectionSnapshot::id)
                .isSorted()
                .hasSize(7);

        final String one = "127.0.0.1:" + port(peers.get(3).localAddress().toString());
        final ConnectionPage filtered = await(engine.connections(ConnectionQuery.FIRST.withFilter(one)));
        assertThat(filtered.total()).isEqualTo(7);
        assertThat(filtered.matching()).isEqualTo(1);
        assertThat(filtered.connections())
                .extracting(ConnectionSnapshot::bytesIn)
                .containsExactly(4L);
        assertThat(await(engine.connections(ConnectionQuery.FIRST.withFilter("recorder")))
                        .matching())
                .isEqualTo(7);
    }

    @Test
    void shouldLookAtMoreConnectionsThanOneTurnDoes() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.UNIX, handler);
        for (int i = 0; i < 1100; i++) {
            engines.connect(server);
        }
        final List<Connection> all = handler.awaitOpen(1100);
        final ConnectionPage page = await(engine.connections(
                ConnectionQuery.FIRST.withOrder(ConnectionOrder.AGE, false).withPage(0, 10)));
        assertThat(page.total()).isEqualTo(1100);
        assertThat(page.connections()).hasSize(10).isSortedAccordingTo(ConnectionOrder.AGE.comparator());
        final Connection last = all.getLast();
        assertThat(await(engine.connection(last.id()))).containsSame(last);
    }

    @Test
    void shouldFindAConnectionToCloseByItsNumber() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2));
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        final Peer first = engines.connect(server);
        final Peer second = engines.connect(server);
        second.send("x").receive(1);
        final long id = connections(
                        engine,
                        ConnectionQuery.FIRST.withFilter(
                                "127.0.0.1:" + port(first.localAddress().toString())))
                .getFirst()
                .id();

        await(engine.connection(id)).orElseThrow().close();
        first.expectEnd();
        first.close();
        handler.awaitClose();
        assertThat(await(engine.connection(id))).isEmpty();
        assertThat(second.send("y").receiveText(1)).isEqualTo("y");
    }

    @Test
    void shouldRememberHowTheLastConnectionsEnded() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        final Peer polite = engines.connect(server);
        final String politeAddress = "127.0.0.1:" + port(polite.localAddress().toString());
        polite.send("hello").receive(5);
        polite.close();
        handler.awaitClose(1);
        engines.connect(server).send("x").reset();
        handler.awaitClose(2);

        final List<ClosedConnection> closes = await(engine.recentCloses());
        assertThat(closes)
                .extracting(ClosedConnection::kind)
                .containsExactly(CloseCause.Kind.RESET, CloseCause.Kind.PEER_CLOSED);
        final ClosedConnection last = closes.getLast();
        assertThat(last.peer()).isEqualTo(politeAddress);
        assertThat(last.bytesIn()).isEqualTo(5);
        assertThat(last.bytesOut()).isEqualTo(5);
        assertThat(last.message()).isEmpty();
        assertThat(last.lived()).isBetween(Duration.ZERO, EngineFixture.PATIENCE);
        assertThat(closes.getFirst().message()).isNotEmpty();
        assertThat(engine.snapshot().closes())
                .containsEntry(CloseCause.Kind.RESET, 1L)
                .containsEntry(CloseCause.Kind.PEER_CLOSED, 1L)
                .containsEntry(CloseCause.Kind.LOCAL, 0L);
    }

    @Test
    void shouldForgetClosesOverItsNumber() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.UNIX, handler);
        for (int i = 1; i <= CloseLog.SIZE + 3; i++) {
            engines.connect(server).close();
            handler.awaitClose(i);
        }
        final List<Connection> opened = handler.opened();
        final List<ClosedConnection> closes = await(engine.recentCloses());
        assertThat(closes).hasSize(CloseLog.SIZE);
        assertThat(closes.getFirst().id()).isEqualTo(opened.getLast().id());
        assertThat(closes.getLast().id()).isEqualTo(opened.get(3).id());
        assertThat(closes).extracting(ClosedConnection::peer).containsOnly("");
    }

    @Test
    void shouldTellOfALoopThatIsHeldUp() throws Exception {
        final Engine engine = engines.engine();
        final CountDownLatch release = EngineFixture.block(engine.loops().getFirst());
        try {
            EngineFixture.until(
                    "the loop is late",
                    () -> engine.snapshot().loops().getFirst().busyFor().toMillis() > 25);
        } finally {
            release.countDown();
        }
        EngineFixture.until(
                "it is counted", () -> engine.snapshot().loops().getFirst().stalls() > 0);
        final LoopSnapshot loop = engine.snapshot().loops().getFirst();
        assertThat(loop.longestTurn()).isGreaterThan(Duration.ofMillis(25));
        assertThat(loop.busy()).isGreaterThan(Duration.ofMillis(25));
        assertThat(loop.tasks()).isPositive();
        EngineFixture.until(
                "it waits again",
                () -> engine.snapshot().loops().getFirst().busyFor().isZero());
    }

    @Test
    void shouldCountTimersTasksAndTurns() throws Exception {
        final Engine engine = engines.engine();
        final var loop = engine.loops().getFirst();
        final LoopSnapshot before = engine.snapshot().loops().getFirst();
        final var timer = loop.schedule(() -> {}, Duration.ofHours(1));
        EngineFixture.until(
                "the timer is armed", () -> engine.snapshot().loops().getFirst().armedTimers() == 1);
        final CountDownLatch fired = new CountDownLatch(1);
        final var unused = loop.schedule(fired::countDown, Duration.ofMillis(1));
        fired.await();
        onLoop(loop, () -> {});
        timer.cancel();
        EngineFixture.until(
                "no timer is armed", () -> engine.snapshot().loops().getFirst().armedTimers() == 0);
        final LoopSnapshot after = engine.snapshot().loops().getFirst();
        assertThat(after.timers()).isEqualTo(before.timers() + 1);
        assertThat(after.tasks()).isGreaterThanOrEqualTo(before.tasks() + 3);
        assertThat(after.turns()).isGreaterThan(before.turns());
        assertThat(after.busyTurns()).isLessThanOrEqualTo(after.turns());
    }

    @Test
    void shouldTellOfItsMemoryAndLimits() throws Exception {
        final Engine engine = engines.engine(b -> b.limits(Limits.DEFAULT.withConnections(1)));
        final Recorder handler = engines.watched(new Recorder().onData(_ -> {}));
        final Server server = engines.listen(engine, Family.TCP, handler);
        engines.connect(server).send("kept");
        handler.awaitEvent("data");
        engines.connect(server).expectGone();

        final EngineSnapshot seen = engine.snapshot();
        assertThat(seen.limitsHit())
                .containsEntry("connections", 1L)
                .containsEntry("inboundBytes", 0L)
                .hasSize(7);
        assertThat(seen.connections()).isEqualTo(1);
        assertThat(seen.maxConnections()).isEqualTo(1);
        assertThat(seen.addresses()).containsExactly(server.address());
        assertThat(seen.transport()).isEqualTo(engine.transport());
        assertThat(seen.state()).isEqualTo(EngineState.RUNNING);
        final PoolSnapshot memory = seen.memory();
        assertThat(memory.usedBytes()).isPositive();
        assertThat(memory.reservedBytes())
                .isEqualTo(memory.usedBytes() + memory.cachedBytes() + memory.freeBytes())
                .isEqualTo(memory.sizes().stream()
                        .mapToLong(PoolSnapshot.Size::reservedBytes)
                        .sum());
        assertThat(memory.sizes())
                .allSatisfy(size -> assertThat(size.reservedBytes())
                        .isEqualTo(size.usedBytes() + size.cachedBytes() + size.freeBytes()));
    }

    @Test
    void shouldShowServicesWhileTheyRun() throws Exception {
        final Engine engine = engines.engine();
        final ServiceSnapshot service = new ServiceSnapshot("thing", "one", Map.of("widgets", 3L));
        final java.util.function.Supplier<ServiceSnapshot> seen = () -> service;
        engine.addService(seen);
        assertThat(engine.snapshot().services()).containsExactly(service);
        engine.removeService(seen);
        assertThat(engine.snapshot().services()).isEmpty();
    }

    @Test
    void shouldAnswerAfterTheEnd() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, Recorder.echo());
        final Peer peer = engines.connect(server);
        peer.send("x").receive(1);
        peer.close();
        engine.close();
        assertThat(engine.snapshot().state()).isEqualTo(EngineState.CLOSED);
        assertThat(await(engine.connections(ConnectionQuery.FIRST)).total()).isZero();
        assertThat(await(engine.recentCloses())).isEmpty();
        assertThat(await(engine.connection(1))).isEmpty();
    }

    @Test
    void shouldRefusePagesFarBehind() {
        assertThatThrownBy(() -> ConnectionQuery.FIRST.withPage(ConnectionQuery.MAX_PLACE, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ConnectionQuery.FIRST.withPage(0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ConnectionQuery.FIRST.withPage(-1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ConnectionQuery.FIRST.withPage(Integer.MAX_VALUE, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldTellOfADialledConnection() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, Recorder.echo());
        final Connection dialled = engines.dial(engine, server.address(), Recorder.echo());
        EngineFixture.until(
                "both ends", () -> engine.snapshot().loops().getFirst().opened() == 2);
        final ConnectionSnapshot seen = connections(engine, ConnectionQuery.FIRST).stream()
                .filter(ConnectionSnapshot::dialled)
                .findFirst()
                .orElseThrow(IOException::new);
        assertThat(seen.id()).isEqualTo(dialled.id());
        assertThat(seen.peer()).isEqualTo("127.0.0.1:" + server.address().port());
        assertThat(engine.snapshot().loops().getFirst().accepted()).isEqualTo(1);
    }

    @Test
    void shouldTellWhatTlsHasAgreedOn() throws Exception {
        final Engine engine = engines.engine();
        final TlsIdentity identity = Tls.selfSigned();
        final Tls tls =
                Tls.server().identity(identity).applicationProtocols("echo").build();
        final Server server = engine.listen(
                Address.parse("tls://127.0.0.1:0"),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(tls)),
                engines.watched(Recorder.echo()));
        final Connection plain = engines.dial(
                engine, engines.listen(engine, Family.TCP, Recorder.echo()).address(), new Recorder());
        final Tls client = Tls.client()
                .trust(identity.certificate())
                .applicationProtocols("echo")
                .build();
        final Connection dialled = await(engine.dial(
                server.address(), ConnectionOptions.DEFAULT.withTls(client), engines.watched(new Recorder())));
        EngineFixture.until(
                "all ends", () -> engine.snapshot().loops().getFirst().opened() == 4);

        final List<ConnectionSnapshot> sorted =
                connections(engine, ConnectionQuery.FIRST.withOrder(ConnectionOrder.TLS, true));
        assertThat(sorted).extracting(seen -> seen.tls().isPresent()).containsExactly(true, true, false, false);
        final ConnectionSnapshot seen = sorted.stream()
                .filter(each -> each.id() == dialled.id())
                .findFirst()
                .orElseThrow();
        assertThat(seen.tls()).isEqualTo(dialled.tls()).isPresent();
        assertThat(seen.tlsText())
                .isEqualTo("TLSv1.3 " + dialled.tls().orElseThrow().cipherSuite() + " echo");
        assertThat(plain.isOpen()).isTrue();
        assertThat(await(engine.connections(ConnectionQuery.FIRST.withFilter("tlsv1.3")))
                        .matching())
                .isEqualTo(2);
    }
}
