// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A server that is closed with its connections, on an engine that goes on. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class ServerCloseTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    final EngineFixture engines;

    ServerCloseTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private Peer connected(Server server) throws Exception {
        final Peer peer = engines.connect(server).send("x");
        assertThat(peer.receiveText(1)).isEqualTo("x");
        return peer;
    }

    @Test
    void shouldCloseItsIdleConnectionsOnAllLoopsAndNoOthers() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2));
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        final Server other = engines.listen(engine, Family.TCP, handler);
        final Peer[] its = {connected(server), connected(server), connected(server)};
        final Peer others = connected(other);
        final Connection dialled = engines.dial(engine, other.address(), new Recorder());

        final CompletableFuture<Void> closed = server.closeAsync(LONG);
        for (Peer peer : its) {
            peer.expectEnd();
            peer.close();
        }
        EngineFixture.await(closed);

        assertThat(handler.awaitClose(3))
                .extracting(CloseCause::kind)
                .containsExactly(CloseCause.Kind.SHUTDOWN, CloseCause.Kind.SHUTDOWN, CloseCause.Kind.SHUTDOWN);
        assertThat(others.send("y").receiveText(1)).isEqualTo("y");
        assertThat(connected(other)).isNotNull();
        assertThat(dialled.isOpen()).isTrue();
        assertThat(engine.state()).isEqualTo(EngineState.RUNNING);
        EngineFixture.await(server.closeAsync(LONG));
    }

    @Test
    void shouldLetARunningHandlerFinish() throws Exception {
        final CountDownLatch running = new CountDownLatch(1);
        final CountDownLatch mayFinish = new CountDownLatch(1);
        final Server server = engines.engine().serve("tcp://127.0.0.1:0", connection -> {
            connection.reader().readByte();
            running.countDown();
            mayFinish.await();
            connection.writer().writeString("done");
        });
        final Peer peer = engines.connect(server).send("x");
        running.await();
        final Peer idle = engines.connect(server);
        EngineFixture.until("both", () -> server.engine().connectionCount() == 2);

        final CompletableFuture<Void> closed = server.closeAsync(LONG);
        idle.expectEnd();
        idle.close();
        assertThat(closed).isNotDone();
        mayFinish.countDown();

        assertThat(peer.receiveAllText()).isEqualTo("done");
        peer.close();
        EngineFixture.await(closed);
    }

    @Test
    void shouldNotWaitForPeersThatKeepTheirSideOpen() throws Exception {
        final Duration never = Duration.ofHours(1);
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(
                engines.engine(),
                Family.TCP,
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withCloseTimeout(never)),
                handler);
        final Peer peer = connected(server);

        EngineFixture.await(server.closeAsync(never));

        peer.expectEnd();
        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.SHUTDOWN);
    }

    @Test
    void shouldResetWhatIsLeftAfterTheGrace() throws Exception {
        final Recorder handler = new Recorder().onData(_ -> {});
        final Server server = engines.listen(engines.engine(), Family.TCP, handler);
        final Peer peer = engines.connect(server).send("half a message");
        handler.awaitEvent("data");

        EngineFixture.await(server.closeAsync(Duration.ofMillis(50)));

        peer.expectReset();
        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.SHUTDOWN);
    }

    @Test
    void shouldCloseWhatAnotherHandlerHasTakenOver() throws Exception {
        final Recorder next = engines.watched(Recorder.echo());
        final Server server = engines.engine().listen("tcp://127.0.0.1:0", connection -> connection.handOver(next));
        final Peer peer = connected(server);

        final CompletableFuture<Void> closed = server.closeAsync(LONG);
        peer.expectEnd();
        peer.close();
        EngineFixture.await(closed);

        assertThat(next.awaitClose().kind()).isEqualTo(CloseCause.Kind.SHUTDOWN);
    }

    @Test
    void shouldCloseWhenAHandlerOfItsSaysSo() throws Exception {
        final CompletableFuture<Server> itself = new CompletableFuture<>();
        final CompletableFuture<CompletableFuture<Void>> closed = new CompletableFuture<>();
        final Recorder handler = new Recorder().onData(connection -> {
            connection.reader().skip(connection.reader().readableBytes());
            closed.complete(itself.join().closeAsync(LONG));
        });
        final Server server = engines.listen(engines.engine(), Family.TCP, handler);
        itself.complete(server);
        final Peer peer = engines.connect(server).send("stop");

        peer.expectEnd();
        peer.close();
        EngineFixture.await(EngineFixture.await(closed));
    }

    @Test
    void shouldHaveNothingToDoWhenItsEngineIsClosed() throws Exception {
        final Server server = engines.listen(engines.engine(), Family.TCP, Recorder.echo());
        server.engine().close();

        EngineFixture.await(server.closeAsync(LONG));
    }
}
