// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens when a bound is hit, and that it is counted. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class LimitsTest {
    @RegisterExtension
    final EngineFixture engines;

    LimitsTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private Engine engine(UnaryOperator<Limits> change) throws Exception {
        return engines.engine(b -> b.limits(change.apply(Limits.DEFAULT)));
    }

    @Test
    void shouldCloseConnectionsOverTheNumberOfTheEngine() throws Exception {
        final Engine engine = engine(l -> l.withConnections(1));
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        final Peer first = engines.connect(server);
        handler.awaitOpen();
        engines.connect(server).expectGone();

        assertThat(engine.limitCounters().connections()).isEqualTo(1);
        assertThat(first.send("x").receiveText(1)).isEqualTo("x");
    }

    @Test
    void shouldCloseConnectionsOverTheNumberOfTheirSource() throws Exception {
        final Engine engine = engine(l -> l.withConnectionsPerSource(2));
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        final Peer first = engines.connect(server);
        final Peer second = engines.connect(server);
        handler.awaitOpen(2);
        engines.connect(server).expectGone();
        assertThat(engine.limitCounters().connectionsPerSource()).isEqualTo(1);

        // Another source is not concerned, and one that goes makes room.
        final SocketChannel other =
                SocketChannel.open().bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.2"), 0));
        other.connect(server.address().resolve().getFirst());
        assertThat(engines.closing(new Peer(other)).send("y").receiveText(1)).isEqualTo("y");
        first.close();
        handler.awaitClose();
        assertThat(engines.connect(server).send("z").receiveText(1)).isEqualTo("z");
        assertThat(second.send("x").receiveText(1)).isEqualTo("x");
        assertThat(engine.sources().sources()).isEqualTo(2);
    }

    @Test
    void shouldForgetSourcesWithoutConnections() throws Exception {
        final Engine engine = engine(l -> l.withConnectionsPerSource(2));
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        for (int i = 1; i <= 5; i++) {
            engines.connect(server).close();
            handler.awaitClose(i);
        }
        EngineFixture.until("no source", () -> engine.sources().sources() == 0);
    }

    @Test
    void shouldPauseAcceptingOverTheRateAndLoseNobody() throws Exception {
        final Engine engine = engine(l -> l.withAcceptsPerSecond(100));
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        final List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < 130; i++) {
            peers.add(engines.connect(server));
        }
        for (Peer peer : peers) {
            assertThat(peer.send("x").receiveText(1)).isEqualTo("x");
        }
        assertThat(engine.limitCounters().acceptsPerSecond()).isPositive();
        EngineFixture.assertDoesNotSpin(engine.loops().getFirst(), 1);
    }

    @Test
    void shouldCountConnectionsClosedForUnreadBytes() throws Exception {
        final Engine engine = engine(l -> l.withInboundBytes(1000));
        final Recorder handler = new Recorder().onData(_ -> {});
        engines.connect(engines.listen(engine, Family.TCP, handler)).send(new byte[2000]);

        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.LIMIT);
        assertThat(engine.limitCounters().inboundBytes()).isEqualTo(1);
    }

    @Test
    void shouldCountWritesOverTheBound() throws Exception {
        final Engine engine = engine(l -> l.withOutboundBytes(1000, 500, 100));
        final Recorder handler = new Recorder().onOpen(c -> c.writer().writeBytes(new byte[1001]));
        engines.connect(engines.listen(engine, Family.TCP, handler));

        handler.awaitClose();
        assertThat(handler.errors()).singleElement().isInstanceOf(io.hawser.buffer.BufferFullException.class);
        assertThat(engine.limitCounters().outboundBytes()).isEqualTo(1);
    }

    @Test
    void shouldCountMemoryThatCouldNotBeHad() throws Exception {
        final Engine engine = engine(l -> l.withBufferMemoryBytes(4 << 20));
        final Recorder handler = new Recorder().onOpen(c -> c.writer().writeBytes(new byte[8 << 20]));
        engines.connect(engines.listen(engine, Family.TCP, handler));

        handler.awaitClose();
        assertThat(handler.errors()).singleElement().isInstanceOf(io.hawser.buffer.PoolExhaustedException.class);
        assertThat(engine.limitCounters().bufferMemoryBytes()).isPositive();
    }
}
