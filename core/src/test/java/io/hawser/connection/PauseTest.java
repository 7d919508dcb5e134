// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause.Kind;
import io.hawser.transport.SocketOptions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Pausing and resuming: nothing is delivered meanwhile, nothing is lost, and nothing spins. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class PauseTest {
    private static final int MEBIBYTE = 1 << 20;

    private final Family family;

    @RegisterExtension
    final EngineFixture engines;

    PauseTest(Wire wire) {
        family = wire.family();
        engines = new EngineFixture(wire.transport());
    }

    @Test
    void shouldDeliverNothingBeforeItIsResumed() throws Exception {
        final Recorder handler = new Recorder().onOpen(Connection::pause);
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();

        peer.send("patience");

        EngineFixture.assertDoesNotSpin(connection.loop(), 0);
        assertThat(handler.events()).containsExactly("open");
        connection.resume();
        assertThat(handler.awaitText(8)).isEqualTo("patience");
    }

    @Test
    void shouldHoldBackWhatCameBeforeThePauseTookEffect() throws Exception {
        final Payload payload = Payload.random(1, 4 * MEBIBYTE);
        final AtomicBoolean paused = new AtomicBoolean();
        final AtomicInteger tooEarly = new AtomicInteger();
        final Recorder handler = new Recorder();
        handler.onData(c -> {
            if (paused.get()) {
                tooEarly.incrementAndGet();
            }
            handler.take(c);
            paused.set(true);
            c.pause();
            // Not before the data that is under way in this very turn has come.
            c.execute(() -> c.execute(() -> {
                paused.set(false);
                c.resume();
            }));
        });
        final Peer peer = connect(handler);

        peer.send(payload.bytes()).close();

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        payload.assertEqualTo(handler.awaitBytes(payload.size()));
        assertThat(tooEarly).as("calls of onData while paused").hasValue(0);
    }

    @Test
    void shouldHoldThePeerBack() throws Exception {
        final Payload payload = Payload.random(2, 4 * MEBIBYTE);
        final Recorder handler = new Recorder().onOpen(Connection::pause);
        final var options =
                ConnectionOptions.DEFAULT.withSocket(SocketOptions.DEFAULT.withReceiveBufferBytes(64 * 1024));
        final Server server =
                engines.listen(engines.engine(), family, ServerOptions.DEFAULT.withConnections(options), handler);
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        final Connection connection = handler.awaitOpen();

        final CompletableFuture<Void> sent = EngineFixture.async(() -> peer.send(payload.bytes()));
        EngineFixture.assertDoesNotSpin(connection.loop(), 0);

        // More than the kernel holds on the way, so all of it can only have left if somebody has read.
        assertThat(sent).isNotDone();
        assertThat(connection.loop().stats().bytesIn()).isLessThan(payload.size());
        connection.resume();
        EngineFixture.await(sent);
        payload.assertEqualTo(handler.awaitBytes(payload.size()));
    }

    @Test
    void shouldDeliverDataAndEndOfAPeerThatClosedMeanwhile() throws Exception {
        final Payload payload = Payload.random(3, 100_000);
        final Recorder handler = new Recorder().onOpen(Connection::pause);
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();
        final CompletableFuture<Void> sent =
                EngineFixture.async(() -> peer.send(payload.bytes()).close());

        EngineFixture.await(sent);
        EngineFixture.assertDoesNotSpin(connection.loop(), 0);
        assertThat(handler.events()).containsExactly("open");

        connection.resume();
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        payload.assertEqualTo(handler.awaitBytes(payload.size()));
        assertThat(handler.events()).containsExactly("open", "data", "end", "close PEER_CLOSED");
    }

    @Test
    void shouldWriteWhilePaused() throws Exception {
        final Payload payload = Payload.random(4, 4 * MEBIBYTE);
        final Recorder handler = new Recorder().onOpen(c -> {
            c.pause();
            c.writer().writeBytes(payload.bytes());
        });
        final Peer peer = connect(handler);

        payload.assertEqualTo(peer.receive(payload.size()));
    }

    @Test
    void shouldCloseWhilePaused() throws Exception {
        final Recorder handler = new Recorder().onOpen(Connection::pause);
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();
        peer.send("unheard");

        connection.close();

        peer.expectEnd();
        peer.close();
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
        assertThat(handler.events()).containsExactly("open", "close LOCAL");
    }

    @Test
    void shouldLoseNothingHoweverOftenItIsPausedFromAnotherThread() throws Exception {
        final Payload payload = Payload.random(5, 10 * MEBIBYTE);
        final Recorder handler = new Recorder();
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();
        final CompletableFuture<Void> sent =
                EngineFixture.async(() -> peer.send(payload.bytes()).close());

        while (!sent.isDone()) {
            connection.pause();
            connection.resume();
            // The loop sets the pace, so that its queue does not grow.
            EngineFixture.onLoop(connection.loop(), () -> {});
        }

        EngineFixture.await(sent);
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        payload.assertEqualTo(handler.awaitBytes(payload.size()));
    }

    private Peer connect(Recorder handler) throws Exception {
        return engines.connect(engines.listen(engines.engine(), family, handler));
    }
}
