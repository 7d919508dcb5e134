// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause.Kind;
import io.hawser.loop.EventLoop;
import io.hawser.transport.SocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Peers that do nothing, too little or too much, all on one loop with one that behaves: it notices nothing. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class SlowPeersTest {
    private static final int THOUSAND = 1000;
    private static final int SPARE_BLOCK_BYTES = 16 * 1024;
    private static final int MEBIBYTE = 1 << 20;

    private final Wire wire;

    @RegisterExtension
    final EngineFixture engines;

    SlowPeersTest(Wire wire) {
        this.wire = wire;
        engines = new EngineFixture(wire.transport());
    }

    private List<Peer> connect(Server server, int count) throws Exception {
        final List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            peers.add(engines.connect(server));
        }
        return peers;
    }

    @Test
    void shouldServeOthersWhileAThousandConnectionsSendNothing() throws Exception {
        final Engine engine = engines.engine();
        final EventLoop loop = engine.loops().getFirst();
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, wire.family(), handler);
        final Peer before = engines.connect(server);
        assertThat(before.send("ahoy").receiveText(4)).isEqualTo("ahoy");
        final long memory = engine.pool().usedBytes();

        connect(server, THOUSAND);
        handler.awaitOpen(1 + THOUSAND);

        // The loop itself may have one block at hand, or not.
        assertThat(engine.pool().usedBytes() - memory)
                .as("memory for those who send nothing")
                .isLessThanOrEqualTo(SPARE_BLOCK_BYTES);
        EngineFixture.assertDoesNotSpin(loop, 0);
        final long turns = loop.stats().turns();
        for (int i = 0; i < 100; i++) {
            assertThat(before.send("ahoy").receiveText(4)).isEqualTo("ahoy");
        }
        assertThat(loop.stats().turns() - turns).as("turns for 100 answers").isLessThan(1000);
        assertThat(engines.connect(server).send("late").receiveText(4)).isEqualTo("late");
    }

    @Test
    void shouldSendAThousandConnectionsAwayThatSendNothing() throws Exception {
        final Recorder handler = Recorder.echo();
        final Engine engine = engines.engine();
        final var options = ConnectionOptions.DEFAULT.withIdleTimeout(Duration.ofMillis(300));
        final Server server =
                engines.listen(engine, wire.family(), ServerOptions.DEFAULT.withConnections(options), handler);

        connect(server, THOUSAND);

        assertThat(handler.awaitClose(THOUSAND)).extracting(CloseCause::kind).containsOnly(Kind.TIMED_OUT);
        EngineFixture.until("all are gone", () -> engine.connectionCount() == 0);
    }

    @Test
    void shouldServeOthersWhileFiftyReadersNeverRead() throws Exception {
        final int count = 50;
        final byte[] much = new byte[MEBIBYTE];
        final Recorder handler = new Recorder();
        handler.onData(c -> {
            if (c.reader().readByte() == 'g') {
                c.writer().writeBytes(much);
            } else {
                c.writer().writeString("ahoy");
            }
        });
        final Engine engine = engines.engine();
        final var small = ConnectionOptions.DEFAULT.withSocket(SocketOptions.DEFAULT.withSendBufferBytes(32 * 1024));
        final Server server =
                engines.listen(engine, wire.family(), ServerOptions.DEFAULT.withConnections(small), handler);
        for (int i = 0; i < count; i++) {
            engines.closing(Peer.connectWithSmallBuffers(server.address())).send("g");
        }
        EngineFixture.until(
                "all are written to",
                () -> handler.opened().size() == count
                        && handler.opened().stream().allMatch(c -> c.pendingBytes() > 0));

        final Peer other = engines.connect(server);
        for (int i = 0; i < 100; i++) {
            assertThat(other.send("x").receiveText(4)).isEqualTo("ahoy");
        }

        EngineFixture.assertDoesNotSpin(engine.loops().getFirst(), 0);
        EngineFixture.await(engine.closeAsync(Duration.ZERO));
        assertThat(handler.causes()).hasSize(count + 1);
    }

    @Test
    void shouldServeOthersWhileOnePeerSendsAsFastAsItCan() throws Exception {
        final Recorder handler = new Recorder();
        // What is read of the fast one is enough work to have more waiting whenever the loop looks.
        handler.onData(c -> {
            final byte first = c.reader().readByte();
            c.reader().skip(c.reader().readableBytes());
            if (first != 0) {
                c.writer().writeString("ahoy");
            }
        });
        final Server server = engines.listen(engines.engine(), wire.family(), handler);
        final Peer fast = engines.connect(server);
        final AtomicBoolean done = new AtomicBoolean();
        final CompletableFuture<Void> flood = EngineFixture.async(() -> {
            final byte[] zeros = new byte[MEBIBYTE];
            while (!done.get()) {
                fast.send(zeros);
            }
        });

        final Peer other = engines.connect(server);
        for (int i = 0; i < 200; i++) {
            assertThat(other.send("x").receiveText(4)).isEqualTo("ahoy");
        }

        assertThat(flood).isNotDone();
        done.set(true);
        EngineFixture.await(flood);
    }
}
