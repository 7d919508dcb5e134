// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.loop.EventLoop;
import io.hawser.loop.LoadBalancer;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which loop a connection comes to. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class BalanceTest {
    @RegisterExtension
    final EngineFixture engines;

    BalanceTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void shouldSpreadRoundRobinByDefault(int loops) throws Exception {
        final Engine engine = engines.engine(b -> b.loops(loops));
        final Recorder handler = new Recorder();
        final Server server = engines.listen(engine, Family.TCP, handler);

        for (int i = 0; i < 10 * loops; i++) {
            engines.connect(server);
        }

        handler.awaitOpen(10 * loops);
        assertThat(IntStream.range(0, loops).map(engine::connectionCount)).containsOnly(10);
    }

    @Test
    void shouldDialRoundRobin() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2));
        final Server server = engines.listen(engine, Family.TCP, new Recorder());
        final Set<EventLoop> loops = new HashSet<>();

        loops.add(engines.dial(engine, server.address(), new Recorder()).loop());
        loops.add(engines.dial(engine, server.address(), new Recorder()).loop());

        assertThat(loops).containsExactlyInAnyOrderElementsOf(engine.loops());
    }

    @Test
    void shouldFillTheLoopWithTheFewestConnections() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2));
        final Recorder handler = new Recorder();
        final Server server = listen(engine, LoadBalancer::leastConnections, handler);
        for (int i = 0; i < 8; i++) {
            engines.connect(server);
        }
        final List<Connection> opened = handler.awaitOpen(8);
        assertThat(engine.connectionCount(0)).isEqualTo(4);
        opened.stream().filter(c -> c.loop() == engine.loops().getFirst()).forEach(Connection::abort);
        handler.awaitClose(4);
        EngineFixture.until("they are gone", () -> engine.connectionCount(0) == 0);

        for (int i = 0; i < 4; i++) {
            engines.connect(server);
        }

        handler.awaitOpen(12);
        assertThat(engine.connectionCount(0)).isEqualTo(4);
        assertThat(engine.connectionCount(1)).isEqualTo(4);
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "Only there the whole of 127.0.0.0/8 is this machine's")
    void shouldKeepASourceOnItsLoop() throws Exception {
        final List<Integer> first = loopsBySource(engines.engine(b -> b.loops(4)));
        final List<Integer> second = loopsBySource(engines.engine(b -> b.loops(4)));

        assertThat(second).as("loops of the same sources in another engine").isEqualTo(first);
        assertThat(first).as("loops of 16 sources").containsAnyOf(0, 1).containsAnyOf(2, 3);
    }

    /** The loop of each of 16 addresses, which three connections of each agree on. */
    private List<Integer> loopsBySource(Engine engine) throws Exception {
        final Recorder handler = new Recorder();
        final Server server = listen(engine, LoadBalancer::sourceHash, handler);
        final List<Integer> loops = new ArrayList<>();
        int connections = 0;
        for (int source = 1; source <= 16; source++) {
            final Set<Integer> ofSource = new HashSet<>();
            for (int i = 0; i < 3; i++) {
                final SocketChannel channel = SocketChannel.open();
                channel.bind(new InetSocketAddress(Loopback.of(127, 0, 0, source), 0));
                channel.connect(Loopback.v4(server.address().port()));
                engines.closing(new Peer(channel));
                final List<Connection> opened = handler.awaitOpen(++connections);
                ofSource.add(engine.loops().indexOf(opened.getLast().loop()));
            }
            assertThat(ofSource).as("loops of 127.0.0.%d", source).hasSize(1);
            loops.addAll(ofSource);
        }
        return loops;
    }

    @Test
    void shouldFollowABalancerOfOnesOwn() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(3));
        final Recorder handler = new Recorder();
        final Server server = listen(engine, () -> (loops, load, hash) -> loops - 1, handler);

        for (int i = 0; i < 6; i++) {
            engines.connect(server);
        }

        handler.awaitOpen(6);
        assertThat(engine.connectionCount(2)).isEqualTo(6);
    }

    @Test
    void shouldRefuseAConnectionForWhichTheBalancerFails() throws Exception {
        final AtomicInteger calls = new AtomicInteger();
        final LoadBalancer odd = (loops, load, hash) -> switch (calls.getAndIncrement()) {
            case 0 -> loops;
            case 1 -> -1;
            case 2 -> throw new IllegalStateException("on purpose, to be logged");
            default -> 0;
        };
        final Engine engine = engines.engine(b -> b.loops(2));
        final Recorder handler = Recorder.echo();
        final Server server = listen(engine, () -> odd, handler);

        for (int i = 0; i < 3; i++) {
            engines.connect(server).expectGone();
        }

        assertThat(engines.connect(server).send("fine").receiveText(4)).isEqualTo("fine");
        assertThat(engine.connectionCount()).isEqualTo(1);
        assertThat(handler.opened()).hasSize(1);
    }

    @Test
    @EnabledOnOs(
            value = OS.LINUX,
            disabledReason = "Elsewhere SO_REUSEPORT does not spread connections, or is not there")
    void shouldLetTheKernelSpreadConnectionsOverAllLoops() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(3));
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, ServerOptions.DEFAULT.withReusePort(true), handler);

        // That one of three loops gets none of 200 has a probability of 3 * (2/3)^200.
        for (int i = 0; i < 200; i++) {
            final Peer peer = engines.connect(server);
            assertThat(peer.send("x").receive(1)).containsExactly('x');
        }

        assertThat(IntStream.range(0, 3).map(engine::connectionCount)).allMatch(count -> count > 0);
        assertThat(engine.addresses()).containsExactly(server.address());
    }

    @Test
    @EnabledOnOs(
            value = OS.LINUX,
            disabledReason = "Elsewhere SO_REUSEPORT does not spread connections, or is not there")
    void shouldFreeThePortOfAllLoopsAtOnce() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(3));
        Address address = engines.freshAddress(Family.TCP);
        for (int i = 0; i < 10; i++) {
            try (Server server = engine.listen(
                    address,
                    i % 2 == 0 ? ServerOptions.DEFAULT.withReusePort(true) : ServerOptions.DEFAULT,
                    new Recorder())) {
                address = server.address();
            }
        }
        assertThat(engine.addresses()).isEmpty();
    }

    @Test
    void shouldServeOnlyOnOtherLoopsThanTheAcceptors() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2).dedicatedAcceptor(true));
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, Family.TCP, handler);
        assertThat(engine.loops()).hasSize(2).noneMatch(loop -> loop.toString().contains("acceptor"));

        for (int i = 0; i < 10; i++) {
            assertThat(engines.connect(server).send("x").receive(1)).containsExactly('x');
        }

        assertThat(engine.connectionCount(0)).isEqualTo(5);
        assertThat(engine.connectionCount(1)).isEqualTo(5);
    }

    private Server listen(Engine engine, Supplier<LoadBalancer> balancer, Recorder handler) throws Exception {
        return engines.listen(engine, Family.TCP, ServerOptions.DEFAULT.withBalancer(balancer), handler);
    }
}
