// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.linux.Affinity;
import java.io.IOException;
import java.net.BindException;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Engines as a whole: boot, ticks, many addresses, and the steps in which they stop. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class EngineLifeCycleTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final TestTransport transport;

    @RegisterExtension
    final EngineFixture engines;

    /** What was told, in order. */
    private final List<String> told = new CopyOnWriteArrayList<>();

    private final EngineListener teller = new EngineListener() {
        @Override
        public void onBoot(Engine engine) {
            told.add("boot " + engine.state());
        }

        @Override
        public void onState(Engine engine, EngineState state) {
            told.add(state.name());
        }

        @Override
        public void onShutdown(Engine engine) {
            told.add("shutdown");
        }
    };

    EngineLifeCycleTest(TestTransport transport) {
        this.transport = transport;
        this.engines = new EngineFixture(transport);
    }

    private Engine engine() throws IOException {
        return engines.engine(b -> b.listener(teller));
    }

    // ---- boot and tick

    @Test
    void shouldBootBeforeTheStartReturns() throws Exception {
        engine();

        assertThat(told).containsExactly("boot RUNNING");
    }

    @Test
    void shouldCloseTheEngineWhenTheBootFails() {
        final CompletableFuture<Engine> failed = new CompletableFuture<>();
        final var listener = new EngineListener() {
            @Override
            public void onBoot(Engine engine) throws IOException {
                failed.complete(engine);
                throw new IOException("no boot");
            }
        };

        assertThatThrownBy(() -> transport.builder().listener(listener).start())
                .isInstanceOf(IOException.class)
                .hasMessage("no boot");
        assertThat(failed.join().state()).isEqualTo(EngineState.CLOSED);
    }

    @Test
    void shouldTickUntilItIsToldNotTo() throws Exception {
        final CompletableFuture<Void> last = new CompletableFuture<>();
        final Engine engine = engines.engine(b -> b.listener(new EngineListener() {
            private int ticks;

            @Override
            public Duration onTick(Engine ticking) {
                told.add("tick " + ticking.loops().getFirst().inLoop());
                ticks++;
                if (ticks < 3) {
                    return Duration.ofMillis(5);
                }
                last.complete(null);
                return Duration.ZERO;
            }
        }));
        EngineFixture.await(last);
        EngineFixture.assertDoesNotSpin(engine.loops().getFirst(), 0);

        assertThat(told).containsExactly("tick true", "tick true", "tick true");
    }

    // ---- many addresses

    @Test
    void shouldListenOnManyAddresses() throws Exception {
        final Engine engine = engines.engine();
        final List<Server> servers = engine.listen(
                List.of(engines.freshAddress(Family.TCP), engines.freshAddress(Family.UNIX)),
                ServerOptions.DEFAULT,
                Recorder.echo());

        for (Server server : servers) {
            assertThat(engines.connect(server).send("x").receiveText(1)).isEqualTo("x");
        }
        assertThat(engine.addresses())
                .containsExactlyInAnyOrderElementsOf(
                        servers.stream().map(Server::address).toList());
    }

    @Test
    void shouldListenOnNoneOfManyAddressesWhenOneFails() throws Exception {
        final Engine engine = engines.engine();
        final Address taken =
                engines.listen(engine, Family.TCP, Recorder.echo()).address();

        assertThatThrownBy(() -> engine.listen(
                        List.of(engines.freshAddress(Family.TCP), taken), ServerOptions.DEFAULT, Recorder.echo()))
                .isInstanceOf(BindException.class);
        assertThat(engine.addresses()).containsExactly(taken);
    }

    // ---- stopping

    @Test
    void shouldStopInSteps() throws Exception {
        final Engine engine = engine();
        final Recorder handler = new Recorder().onClose(_ -> told.add("close"));
        final Peer peer = engines.connect(engines.listen(engine, Family.TCP, handler));
        handler.awaitOpen();
        final CompletableFuture<Void> closed = engine.closeAsync(LONG);
        peer.expectEnd();
        peer.close();
        EngineFixture.await(closed);

        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.SHUTDOWN);
        assertThat(told).startsWith("boot RUNNING", "NOT_ACCEPTING").endsWith("CLOSED", "shutdown");
        assertThat(told).containsOnlyOnce("DRAINING", "close").doesNotContain("FORCING");
        assertThat(told.indexOf("close")).isGreaterThan(told.indexOf("NOT_ACCEPTING"));
        assertThat(engine.state()).isEqualTo(EngineState.CLOSED);
    }

    @Test
    void shouldLetARunningBlockingHandlerFinish() throws Exception {
        final Engine engine = engine();
        final CountDownLatch running = new CountDownLatch(1);
        final CountDownLatch mayFinish = new CountDownLatch(1);
        final CompletableFuture<CloseCause> cause = new CompletableFuture<>();
        final Server server = engine.serve("tcp://127.0.0.1:0", new BlockingHandler() {
            @Override
            public void handle(Connection connection) throws Exception {
                connection.reader().readByte();
                running.countDown();
                mayFinish.await();
                connection.writer().writeString("done");
            }

            @Override
            public void onClose(Connection connection, CloseCause why) {
                cause.complete(why);
            }
        });
        final Peer busy = engines.connect(server);
        busy.send("x");
        running.await();
        final Peer idle = engines.connect(server);
        EngineFixture.until("both", () -> engine.connectionCount() == 2);
        final CompletableFuture<Void> closed = engine.closeAsync(LONG);
        idle.expectEnd();
        idle.close();
        assertThatThrownBy(() -> Peer.connect(server.address())).isInstanceOf(IOException.class);
        assertThat(closed).isNotDone();
        mayFinish.countDown();

        assertThat(busy.receiveAllText()).isEqualTo("done");
        busy.close();
        EngineFixture.await(closed);
        EngineFixture.await(cause);
        assertThat(told).doesNotContain("FORCING");
    }

    @Test
    void shouldServeTheRestOfAMessageBeforeItStops() throws Exception {
        final Engine engine = engine();
        final Recorder handler = new Recorder().onData(c -> {
            if (c.reader().readableBytes() >= 4) {
                c.writer().writeInt(c.reader().readInt());
            }
        });
        final Server server = engines.listen(engine, Family.TCP, handler);
        final Peer peer = engines.connect(server).send("ab");
        handler.awaitEvent("data");
        final CompletableFuture<Void> closed = engine.closeAsync(LONG);
        EngineFixture.until("draining", () -> engine.state() == EngineState.DRAINING);
        peer.send("cd");

        assertThat(peer.receiveAllText()).isEqualTo("abcd");
        peer.close();
        EngineFixture.await(closed);
    }

    @Test
    void shouldForceWhatIsLeftAtTheDeadline() throws Exception {
        final Engine engine = engine();
        final Recorder handler = new Recorder().onData(_ -> {});
        final Peer peer =
                engines.connect(engines.listen(engine, Family.TCP, handler)).send("half a message");
        handler.awaitEvent("data");
        EngineFixture.await(engine.closeAsync(Duration.ofMillis(100)));

        peer.expectReset();
        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.SHUTDOWN);
        assertThat(told).containsExactly("boot RUNNING", "NOT_ACCEPTING", "DRAINING", "FORCING", "CLOSED", "shutdown");
    }

    @Test
    void shouldStopWhenAHandlerSaysSo() throws Exception {
        final Engine engine = engine();
        final CompletableFuture<CompletableFuture<Void>> stopped = new CompletableFuture<>();
        final Recorder handler = new Recorder().onData(c -> {
            c.reader().skip(c.reader().readableBytes());
            stopped.complete(c.engine().closeAsync(LONG));
        });
        final Peer peer =
                engines.connect(engines.listen(engine, Family.TCP, handler)).send("stop");
        peer.expectEnd();
        peer.close();

        EngineFixture.await(EngineFixture.await(stopped));
        assertThat(told).endsWith("CLOSED", "shutdown");
    }

    @Test
    void shouldFinishStoppingWhenTheListenerFails() throws Exception {
        final Engine engine = engines.engine(b -> b.listener(new EngineListener() {
            @Override
            public void onState(Engine stopping, EngineState state) {
                throw new IllegalStateException("a listener of a test");
            }
        }));
        EngineFixture.await(engine.closeAsync(LONG));

        assertThat(engine.state()).isEqualTo(EngineState.CLOSED);
    }

    // ---- threads

    @Test
    void shouldPinItsLoopsToCpus() throws Exception {
        Assumptions.assumeTrue(transport != TestTransport.NIO);
        final int[] allowed = Affinity.cpus().stream().toArray();
        final int last = allowed[allowed.length - 1];
        final Engine engine = engines.engine(b -> b.loops(2).cpus(last, allowed[0]));

        assertThat(cpus(engine, 0)).isEqualTo(BitSet.valueOf(new long[] {1L << last}));
        assertThat(cpus(engine, 1)).isEqualTo(BitSet.valueOf(new long[] {1L << allowed[0]}));
        assertThat(Affinity.cpus().stream().toArray()).as("of the caller").isEqualTo(allowed);
    }

    private static BitSet cpus(Engine engine, int loop) throws Exception {
        final CompletableFuture<BitSet> cpus = new CompletableFuture<>();
        EngineFixture.onLoop(engine.loops().get(loop), () -> cpus.complete(Affinity.cpus()));
        return EngineFixture.await(cpus);
    }

    @Test
    void shouldNotStartOnACpuThatIsNotThere() {
        assertThatThrownBy(() -> transport.builder().cpus(Affinity.MAX_CPUS - 1).start())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("CPU");
        assertThatThrownBy(() -> transport.builder().cpus(1 << 20).start())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("CPU");
        assertThatThrownBy(() -> transport.builder().cpus(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldSayThatItCannotPinOverNio() {
        Assumptions.assumeTrue(transport == TestTransport.NIO);

        assertThatThrownBy(() -> transport.builder().cpus(0).start())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nio transport cannot pin");
    }
}
