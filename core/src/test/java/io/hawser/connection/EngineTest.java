// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.CloseCause.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Engines as a whole: how they end, and what can be asked of them. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class EngineTest {
    private static final int MEBIBYTE = 1 << 20;

    private final TestTransport transport;

    @RegisterExtension
    final EngineFixture engines;

    EngineTest(TestTransport transport) {
        this.transport = transport;
        engines = new EngineFixture(transport);
    }

    // ---- the end

    @Test
    void shouldCloseWithoutConnections() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2).dedicatedAcceptor(true));
        final Server server = engines.listen(engine, Family.TCP, new Recorder());

        engine.close();
        engine.close();

        server.join();
        server.close();
        assertThat(engine.addresses()).isEmpty();
        assertThatThrownBy(() -> Peer.connect(server.address())).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldSendAllThatIsPendingBeforeItEnds(Family family) throws Exception {
        final Payload payload = Payload.random(1, 8 * MEBIBYTE);
        final Recorder handler = new Recorder().onOpen(c -> c.writer().writeBytes(payload.bytes()));
        final Engine engine = engines.engine();
        final Peer peer = engines.connect(engines.listen(engine, family, handler));
        handler.awaitOpen();

        final CompletableFuture<Void> closed = engine.closeAsync(Duration.ofSeconds(20));

        payload.assertEqualTo(peer.receiveAll());
        peer.close();
        EngineFixture.await(closed);
        assertThat(handler.causes()).extracting(CloseCause::kind).containsExactly(Kind.SHUTDOWN);
        // Whether the last bytes go before the close begins or after it is a matter of luck.
        assertThat(handler.events())
                .filteredOn(event -> !event.equals("writable"))
                .containsExactly("open", "close SHUTDOWN");
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldResetAtTheDeadlineWhoDoesNotTakeWhatIsPending(Family family) throws Exception {
        final Recorder handler = new Recorder().onOpen(c -> c.writer().writeBytes(new byte[8 * MEBIBYTE]));
        final Engine engine = engines.engine(b -> b.loops(2));
        final Server server = engines.listen(engine, family, handler);
        for (int i = 0; i < 3; i++) {
            engines.connect(server);
        }
        handler.awaitOpen(3);

        EngineFixture.await(engine.closeAsync(Duration.ofMillis(50)));

        assertThat(handler.causes())
                .extracting(CloseCause::kind)
                .containsExactly(Kind.SHUTDOWN, Kind.SHUTDOWN, Kind.SHUTDOWN);
    }

    @Test
    void shouldEndIdleConnectionsInTheOrdinaryWay() throws Exception {
        final Recorder handler = Recorder.echo();
        final Engine engine = engines.engine();
        final Peer peer = engines.connect(engines.listen(engine, Family.TCP, handler));
        assertThat(peer.send("x").receive(1)).containsExactly('x');

        final CompletableFuture<Void> closed = engine.closeAsync(Duration.ofSeconds(20));

        peer.expectEnd();
        peer.close();
        EngineFixture.await(closed);
        assertThat(handler.events()).containsExactly("open", "data", "close SHUTDOWN");
    }

    @Test
    void shouldEndBothSidesOfItsOwnConnections() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2));
        final Recorder accepted = new Recorder();
        final Server server = engines.listen(engine, Family.TCP, accepted);
        final Recorder dialled = new Recorder();
        for (int i = 0; i < 10; i++) {
            engines.dial(engine, server.address(), dialled);
        }
        accepted.awaitOpen(10);

        EngineFixture.await(engine.closeAsync(Duration.ofSeconds(20)));

        assertThat(accepted.causes()).hasSize(10);
        assertThat(dialled.causes()).hasSize(10);
    }

    @Test
    void shouldBeClosedByAHandler() throws Exception {
        final Recorder handler = new Recorder();
        final CompletableFuture<CompletableFuture<Void>> closed = new CompletableFuture<>();
        handler.onData(c -> {
            // What is left unread would count as part of a message whose rest is waited for.
            c.reader().skip(c.reader().readableBytes());
            c.writer().writeString("bye");
            closed.complete(c.engine().closeAsync(Duration.ofSeconds(20)));
        });
        final Engine engine = engines.engine();
        final Peer peer = engines.connect(engines.listen(engine, Family.TCP, handler));

        peer.send("stop!");

        assertThat(peer.receiveAllText()).isEqualTo("bye");
        peer.close();
        EngineFixture.await(EngineFixture.await(closed));
        EngineFixture.await(engine.loops().getFirst().ended());
    }

    @Test
    void shouldRefuseToWaitForItselfOnALoop() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, new Recorder());

        EngineFixture.onLoop(engine.loops().getFirst(), () -> {
            assertThatThrownBy(engine::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closeAsync");
            assertThatThrownBy(server::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closeAsync");
            assertThatThrownBy(() -> engine.listen("tcp://127.0.0.1:0", new Recorder()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("listen");
        });

        assertThat(Peer.connect(server.address())).satisfies(engines::closing);
    }

    @Test
    void shouldTakeServersDownFromALoopAsynchronously() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, new Recorder());
        final CompletableFuture<CompletableFuture<Void>> closed = new CompletableFuture<>();

        engine.loops().getFirst().execute(() -> closed.complete(server.closeAsync()));

        EngineFixture.await(EngineFixture.await(closed));
        assertThatThrownBy(() -> Peer.connect(server.address())).isInstanceOf(IOException.class);
    }

    @Test
    void shouldNotDisturbOtherEngines() throws Exception {
        final Engine doomed = engines.engine();
        final Engine other = engines.engine();
        final Server server = engines.listen(other, Family.TCP, Recorder.echo());
        final Recorder client = new Recorder();
        final Connection connection = engines.dial(doomed, server.address(), client);
        final Peer peer = engines.connect(server);

        doomed.close();

        assertThat(client.awaitClose().kind()).isEqualTo(Kind.SHUTDOWN);
        assertThat(connection.isOpen()).isFalse();
        assertThat(peer.send("x").receive(1)).containsExactly('x');
    }

    // ---- what there is to know

    @Test
    void shouldTellWhatItHasDone() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Peer peer = engines.connect(engines.listen(engine, Family.TCP, handler));
        peer.send("12345").receive(5);
        assertThat(engine.connectionCount()).isEqualTo(1);
        peer.close();
        handler.awaitClose();

        final var stats = engine.loops().getFirst().stats();
        assertThat(engine.transport()).isEqualTo(transport.transportName());
        assertThat(stats.bytesIn()).isEqualTo(5);
        assertThat(stats.bytesOut()).isEqualTo(5);
        assertThat(stats.connectionsOpened()).isEqualTo(1);
        assertThat(stats.connectionsClosed()).isEqualTo(1);
        assertThat(stats.turns()).isGreaterThanOrEqualTo(stats.busyTurns());
    }

    @Test
    void shouldTellTheAddressesOfBothSides() throws Exception {
        final Engine engine = engines.engine();
        final CompletableFuture<Address> local = new CompletableFuture<>();
        final Recorder handler = new Recorder()
                .onOpen(c -> local.complete(Address.of(c.localAddress().orElseThrow())));
        final Server server = engines.listen(engine, Family.TCP, handler);
        final CompletableFuture<Address> clientsLocal = new CompletableFuture<>();

        final Connection client = engines.dial(
                engine,
                server.address(),
                new Recorder()
                        .onOpen(c -> clientsLocal.complete(
                                Address.of(c.localAddress().orElseThrow()))));

        assertThat(EngineFixture.await(local)).isEqualTo(server.address());
        assertThat(client.remoteAddress().map(Address::of)).contains(server.address());
        assertThat(handler.awaitOpen().remoteAddress().map(Address::of)).contains(EngineFixture.await(clientsLocal));
    }

    @Test
    void shouldHoldNoMemoryForIdleConnections() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        EngineFixture.onLoop(engine.loops().getFirst(), () -> {});
        assertThat(engines.connect(server).send("x").receive(1)).containsExactly('x');
        final long before = usedBytes(engine);

        for (int i = 0; i < 100; i++) {
            assertThat(engines.connect(server).send("x").receive(1)).containsExactly('x');
        }

        assertThat(usedBytes(engine)).isEqualTo(before);
    }

    private static long usedBytes(Engine engine) throws Exception {
        final CompletableFuture<Long> used = new CompletableFuture<>();
        // In a turn of its own, after that in which the last bytes were sent.
        engine.loops().getFirst().schedule(() -> used.complete(engine.pool().usedBytes()), Duration.ofMillis(2));
        return EngineFixture.await(used);
    }
}
