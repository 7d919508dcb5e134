// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.transport.TransportConfig;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** io_uring with rings that are far too small for what goes on: it is slower then, and loses nothing. */
final class UringLimitsTest {
    private static final int SUBMISSIONS = 16;
    /** The transport makes the completion ring four times as large. */
    private static final int COMPLETIONS = 4 * SUBMISSIONS;

    private static final int CONNECTIONS = 5 * COMPLETIONS;

    @RegisterExtension
    final EngineFixture engines = new EngineFixture(TestTransport.IO_URING);

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldLoseNothingWhenTheCompletionRingOverflows(Family family) throws Exception {
        final Engine engine = engine(1024, 256);
        final Recorder handler = Recorder.echo();
        final List<Peer> peers = connect(engines.listen(engine, family, handler));
        handler.awaitOpen(CONNECTIONS);

        for (int round = 0; round < 10; round++) {
            final CountDownLatch sent = EngineFixture.block(engine.loops().getFirst());
            for (int i = 0; i < CONNECTIONS; i++) {
                peers.get(i).send(name(round, i));
            }
            sent.countDown();
            for (int i = 0; i < CONNECTIONS; i++) {
                assertThat(peers.get(i).receive(8)).as("answer to peer %d", i).isEqualTo(name(round, i));
            }
        }
    }

    @Test
    void shouldSubmitMoreInOneTurnThanTheSubmissionRingHolds() throws Exception {
        final Payload payload = Payload.random(1, 100_000);
        final Engine engine = engine(1024, 256);
        final Recorder handler = new Recorder();
        // In a single callback: a vectored send on each connection.
        handler.onData(_ -> {
            for (Connection each : handler.opened()) {
                each.writer().writeBytes(payload.bytes());
            }
        });
        final List<Peer> peers = connect(engines.listen(engine, Family.TCP, handler));
        handler.awaitOpen(CONNECTIONS);

        peers.getFirst().send("all");

        for (Peer peer : peers) {
            payload.assertEqualTo(peer.receive(payload.size()));
        }
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldLoseNothingWhenTheKernelRunsOutOfBlocks(Family family) throws Exception {
        final int count = 50;
        final Payload payload = Payload.random(2, 60_000);
        final Engine engine = engine(1024, 8);
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, family, handler);
        final List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            peers.add(engines.connect(server));
        }
        handler.awaitOpen(count);
        final CountDownLatch sent = EngineFixture.block(engine.loops().getFirst());
        for (Peer peer : peers) {
            peer.send(payload.bytes());
        }

        sent.countDown();

        for (Peer peer : peers) {
            payload.assertEqualTo(peer.receive(payload.size()));
        }
    }

    @Test
    void shouldEchoMuchThroughASingleBlock() throws Exception {
        final Payload payload = Payload.random(3, 4 << 20);
        final Peer peer = engines.connect(engines.listen(engine(1024, 1), Family.TCP, Recorder.echo()));

        final CompletableFuture<Void> sent =
                EngineFixture.async(() -> peer.send(payload.bytes()).finish());

        payload.assertEqualTo(peer.receiveAll());
        EngineFixture.await(sent);
    }

    @Test
    void shouldAcceptAndCloseMoreAtOnceThanTheRingsHold() throws Exception {
        final Engine engine = engine(1024, 8);
        final Recorder handler = new Recorder();
        final Server server = engines.listen(engine, Family.TCP, handler);
        for (int round = 0; round < 3; round++) {
            final CountDownLatch connected = EngineFixture.block(engine.loops().getFirst());
            final List<Peer> peers = connect(server);
            connected.countDown();
            handler.awaitOpen((round + 1) * CONNECTIONS);
            final CountDownLatch closed = EngineFixture.block(engine.loops().getFirst());
            for (Peer peer : peers) {
                peer.close();
            }
            closed.countDown();
            handler.awaitClose((round + 1) * CONNECTIONS);
        }
        assertThat(handler.causes()).extracting(CloseCause::kind).containsOnly(CloseCause.Kind.PEER_CLOSED);
    }

    @Test
    void shouldCloseTheRingWithOperationsInFlight() throws Exception {
        final Engine engine = engine(1024, 8);
        final Recorder handler = new Recorder().onOpen(c -> c.writer().writeBytes(new byte[1 << 20]));
        connect(engines.listen(engine, Family.TCP, handler));
        handler.awaitOpen(CONNECTIONS);

        EngineFixture.await(engine.closeAsync(Duration.ZERO));

        assertThat(handler.causes()).hasSize(CONNECTIONS);
    }

    private List<Peer> connect(Server server) throws Exception {
        final List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            peers.add(engines.connect(server));
        }
        return peers;
    }

    private Engine engine(int readBlockBytes, int readBlocks) throws Exception {
        return engines.engine(b -> b.transportConfig(
                c -> new TransportConfig(c.blocks(), readBlockBytes, c.edgeTriggered(), readBlocks, SUBMISSIONS)));
    }

    private static byte[] name(int high, int low) {
        return ByteBuffer.allocate(8).putInt(high).putInt(low).array();
    }
}
