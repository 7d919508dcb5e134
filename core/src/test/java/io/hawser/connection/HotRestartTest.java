// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.transport.DatagramOptions;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One engine takes the place of another, here within one process. */
@ParameterizedClass
@EnumSource(value = TestTransport.class, mode = EnumSource.Mode.EXCLUDE, names = "NIO")
final class HotRestartTest {
    private final TestTransport transport;

    @RegisterExtension
    final EngineFixture engines;

    HotRestartTest(TestTransport transport) {
        this.transport = transport;
        this.engines = new EngineFixture(transport);
    }

    private Path path() throws IOException {
        return engines.directory().resolve("restart");
    }

    private HotRestart restart(Engine engine) throws IOException {
        return engine.hotRestart(path());
    }

    /** An engine that serves {@code address}, and is ready. */
    private Engine serving(Address address, Recorder handler) throws IOException {
        final Engine engine = engines.engine();
        final HotRestart restart = restart(engine);
        engine.listen(address, ServerOptions.DEFAULT, engines.watched(handler));
        restart.ready();
        return engine;
    }

    private void assertEchoes(Address address) throws IOException {
        try (Peer peer = Peer.connect(address)) {
            assertThat(peer.send("ahoy").receiveText(4)).isEqualTo("ahoy");
        }
    }

    // ---- without a predecessor

    @Test
    void shouldServeAnewWhereNobodyServed() throws Exception {
        final Engine engine = engines.engine();
        final HotRestart restart = restart(engine);
        final Server server = engine.listen("tcp://127.0.0.1:0", Recorder.echo());
        restart.ready();

        assertThat(restart.predecessor()).isEmpty();
        assertThat(restart.takenOver()).isZero();
        assertThat(restart.unclaimed()).isEmpty();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
                .isEqualTo("rw-------");
        assertEchoes(server.address());
        engine.close();
        assertThat(path()).doesNotExist();
        assertThat(restart.handedOver()).isCompletedExceptionally();
    }

    @Test
    void shouldServeAnewWhereADeadProcessServed() throws Exception {
        try (var dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path()));
        }
        final HotRestart restart = restart(engines.engine());

        assertThat(restart.predecessor()).isEmpty();
    }

    @Test
    void shouldNotServeWhereAFileIs() throws Exception {
        Files.createFile(path());

        assertThatThrownBy(() -> restart(engines.engine()))
                .isInstanceOf(BindException.class)
                .hasMessageContaining("no socket");
    }

    @Test
    void shouldBeOneForAnEngine() throws Exception {
        final Engine engine = engines.engine();
        final HotRestart restart = restart(engine);
        restart.ready();

        assertThatThrownBy(() -> restart(engine)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(restart::ready).isInstanceOf(IllegalStateException.class);
    }

    // ---- with one

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldTakeTheSocketsOver(Family family) throws Exception {
        final Address address = engines.freshAddress(family);
        final Recorder oldHandler = Recorder.echo();
        final Engine old = engines.engine();
        final HotRestart oldRestart = restart(old);
        final Server oldServer = old.listen(address, ServerOptions.DEFAULT, engines.watched(oldHandler));
        oldRestart.ready();
        final Peer early = engines.connect(oldServer);
        assertThat(early.send("one").receiveText(3)).isEqualTo("one");

        final Engine fresh = engines.engine();
        final HotRestart restart = restart(fresh);
        final Recorder handler = Recorder.echo();
        final Server server = fresh.listen(address, ServerOptions.DEFAULT, engines.watched(handler));
        assertThat(restart.predecessor()).hasValue(ProcessHandle.current().pid());
        assertThat(server.address()).isEqualTo(oldServer.address());
        // Until it is ready the old one accepts.
        assertEchoes(server.address());
        assertThat(oldHandler.awaitOpen(2)).hasSize(2);

        restart.ready();
        assertThat(restart.takenOver()).isEqualTo(1);
        assertThat(EngineFixture.await(oldRestart.handedOver()))
                .isEqualTo(ProcessHandle.current().pid());
        oldServer.join();
        assertThat(old.addresses()).isEmpty();
        final Peer late = engines.connect(server);
        assertThat(late.send("two").receiveText(3)).isEqualTo("two");
        assertThat(handler.awaitOpen(1)).hasSize(1);
        // What it had, the old one serves on.
        assertThat(early.send("three").receiveText(5)).isEqualTo("three");
        final CompletableFuture<Void> drained = old.drained();
        assertThat(drained).isNotDone();
        early.close();
        EngineFixture.await(drained);
        old.close();
        assertThat(late.send("four").receiveText(4)).isEqualTo("four");
        assertEchoes(server.address());
        assertThat(path()).exists();
        if (family == Family.UNIX) {
            assertThat(Path.of(address.path())).exists();
            fresh.close();
            assertThat(Path.of(address.path())).doesNotExist();
        }
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldDoSoAgainAndAgain(Family family) throws Exception {
        final Address address = engines.freshAddress(family);
        Engine current = serving(address, Recorder.echo());
        final Address bound = current.addresses().getFirst();
        for (int i = 0; i < 4; i++) {
            final Engine next = serving(address, Recorder.echo());
            assertThat(next.addresses()).containsExactly(bound);
            current.close();
            assertEchoes(bound);
            current = next;
        }
    }

    /** The mode of a socket, blocking or not, is shared, and the two want it differently. */
    @Test
    void shouldPassBetweenTransports() throws Exception {
        TestTransport.IO_URING.assumeAvailable();
        final Address address = engines.freshAddress(Family.TCP);
        Engine current = serving(address, Recorder.echo());
        final Address bound = current.addresses().getFirst();
        for (String name : List.of("io_uring", "epoll", "io_uring", "epoll")) {
            final Engine next = engines.engine(b -> b.transport(name));
            // One that gives up leaves the old one as it was.
            restart(next).close();
            assertEchoes(bound);
            next.close();

            final Engine taking = engines.engine(b -> b.transport(name));
            final HotRestart restart = restart(taking);
            taking.listen(address, ServerOptions.DEFAULT, Recorder.echo());
            restart.ready();
            for (int i = 0; i < 5; i++) {
                assertEchoes(bound);
            }
            current.close();
            current = taking;
        }
    }

    /** Each loop of the old one has a socket, and the kernel spreads the connections over all of them. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void shouldAcceptFromAllSocketsHoweverManyLoopsThereAre(int loops) throws Exception {
        final ServerOptions reusePort = ServerOptions.DEFAULT.withReusePort(true);
        final Engine old = engines.engine(b -> b.loops(3));
        final HotRestart oldRestart = restart(old);
        final Address address = engines.freshAddress(Family.TCP);
        final Address bound = old.listen(address, reusePort, Recorder.echo()).address();
        oldRestart.ready();

        final Engine fresh = engines.engine(b -> b.loops(loops));
        final HotRestart restart = restart(fresh);
        fresh.listen(address, reusePort, Recorder.echo());
        restart.ready();
        old.close();

        assertThat(restart.takenOver()).isEqualTo(3);
        for (int i = 0; i < 60; i++) {
            final Peer peer = engines.closing(Peer.connect(bound));
            assertThat(peer.send("ahoy").receiveText(4)).isEqualTo("ahoy");
        }
        for (int i = 0; i < loops; i++) {
            assertThat(fresh.connectionCount(i)).as("connections of loop %d", i).isPositive();
        }
    }

    @Test
    void shouldServeWithoutReusePortWhatWasServedWithIt() throws Exception {
        final Engine old = engines.engine(b -> b.loops(3));
        final HotRestart oldRestart = restart(old);
        final Address address = engines.freshAddress(Family.TCP);
        final Address bound = old.listen(address, ServerOptions.DEFAULT.withReusePort(true), Recorder.echo())
                .address();
        oldRestart.ready();
        serving(address, Recorder.echo());
        old.close();

        for (int i = 0; i < 40; i++) {
            assertEchoes(bound);
        }
    }

    @Test
    void shouldBindWhatItsPredecessorHadNotAndCloseWhatItDoesNotWant() throws Exception {
        final Address tcp = engines.freshAddress(Family.TCP);
        final Address unix = engines.freshAddress(Family.UNIX);
        final Engine old = engines.engine();
        final HotRestart oldRestart = restart(old);
        old.listen(List.of(tcp, unix), ServerOptions.DEFAULT, Recorder.echo());
        final Address oldTcp = old.addresses().getFirst();
        oldRestart.ready();

        final Address other = engines.freshAddress(Family.UNIX);
        final Engine fresh = engines.engine();
        final HotRestart restart = restart(fresh);
        // By the address that is bound, not the one that was asked for.
        fresh.listen(oldTcp, ServerOptions.DEFAULT, Recorder.echo());
        fresh.listen(other, ServerOptions.DEFAULT, Recorder.echo());
        assertThat(restart.unclaimed()).containsExactly(unix);
        restart.ready();

        assertThat(restart.takenOver()).isEqualTo(1);
        assertThat(restart.unclaimed()).containsExactly(unix);
        assertThat(fresh.addresses()).containsExactly(oldTcp, other);
        assertEchoes(oldTcp);
        assertEchoes(other);
        EngineFixture.await(oldRestart.handedOver());
        assertThatThrownBy(() -> Peer.connect(unix)).isInstanceOf(IOException.class);
        assertThat(Path.of(unix.path())).doesNotExist();
    }

    @Test
    void shouldKeepWhatWaitsInTheBacklog() throws Exception {
        final Address address = engines.freshAddress(Family.TCP);
        final Engine old = engines.engine(b -> b.limits(Limits.DEFAULT.withAcceptsPerSecond(1)));
        final HotRestart oldRestart = restart(old);
        final Address bound =
                old.listen(address, ServerOptions.DEFAULT, Recorder.echo()).address();
        oldRestart.ready();
        // The old one accepts few of them.
        final List<Peer> waiting = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            waiting.add(engines.closing(Peer.connect(bound)).send("ahoy"));
        }

        serving(address, Recorder.echo());
        for (Peer peer : waiting) {
            assertThat(peer.receiveText(4)).isEqualTo("ahoy");
        }
    }

    @Test
    void shouldTakeDatagramsOver() throws Exception {
        final Engine old = engines.engine();
        final HotRestart oldRestart = restart(old);
        final DatagramServer oldServer = old.bind("udp://127.0.0.1:0", (_, d) -> d.reply(d.reader()));
        oldRestart.ready();

        final Engine fresh = engines.engine();
        final HotRestart restart = restart(fresh);
        final DatagramServer server = fresh.bind("udp://127.0.0.1:0", (_, d) -> d.reply(d.reader()));
        assertThat(server.address()).isEqualTo(oldServer.address());
        assertThat(exchange(server.address())).isEqualTo(1);
        assertThat(EngineFixture.await(oldServer.stats()).received()).isEqualTo(1);
        restart.ready();
        EngineFixture.await(oldRestart.handedOver());
        oldServer.join();
        assertThat(exchange(server.address())).isEqualTo(1);
        assertThat(EngineFixture.await(server.stats()).received()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void shouldTakeAllSocketsOfAUdpAddressOver(int loops) throws Exception {
        final DatagramOptions reusePort =
                DatagramOptions.builder().reusePort(true).build();
        final Address address = Address.parse("udp://127.0.0.1:0");
        final Engine old = engines.engine(b -> b.loops(2));
        final HotRestart oldRestart = restart(old);
        old.bind(address, reusePort, (_, d) -> d.reply(d.reader()));
        oldRestart.ready();

        final Engine fresh = engines.engine(b -> b.loops(loops));
        final HotRestart restart = restart(fresh);
        final DatagramServer server = fresh.bind(address, reusePort, (_, d) -> d.reply(d.reader()));
        restart.ready();
        old.close();
        assertThat(server.endpoints()).hasSize(2);
        for (int i = 0; i < 20; i++) {
            assertThat(exchange(server.address())).isEqualTo(1);
        }
    }

    private static int exchange(Address address) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout((int) EngineFixture.PATIENCE.toMillis());
            socket.connect(new InetSocketAddress(address.host(), address.port()));
            socket.send(new DatagramPacket(new byte[] {1}, 1));
            final DatagramPacket answer = new DatagramPacket(new byte[2], 2);
            socket.receive(answer);
            return answer.getLength();
        }
    }

    // ---- if it does not come to that

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldGoOnIfItsSuccessorGivesUp(Family family) throws Exception {
        final Address address = engines.freshAddress(family);
        final Engine old = serving(address, Recorder.echo());
        final Address bound = old.addresses().getFirst();
        for (boolean viaEngine : List.of(true, false)) {
            final Engine fresh = engines.engine();
            final HotRestart restart = restart(fresh);
            final Server server = fresh.listen(address, ServerOptions.DEFAULT, Recorder.echo());
            if (viaEngine) {
                fresh.close();
            } else {
                restart.close();
                server.join();
            }
            assertEchoes(bound);
            assertThatThrownBy(restart::ready).isInstanceOf(IllegalStateException.class);
        }
        assertThat(old.addresses()).containsExactly(bound);
        // The way is free for another one.
        serving(address, Recorder.echo());
        old.close();
        assertEchoes(bound);
    }

    @Test
    void shouldFreeThePathWhenTheEngineCloses() throws Exception {
        serving(engines.freshAddress(Family.TCP), Recorder.echo()).close();

        final HotRestart restart = restart(engines.engine());
        assertThat(restart.predecessor()).isEmpty();
    }

    @Test
    void shouldNotListenOnAnEngineThatIsOver() throws Exception {
        final Engine engine = engines.engine();
        engine.close();

        assertThatThrownBy(() -> restart(engine))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void shouldSayThatNioCannot() throws Exception {
        Assumptions.assumeTrue(transport == TestTransport.EPOLL_EDGE, "once is enough");
        final Engine engine = engines.engine(b -> b.transport("nio"));

        assertThatThrownBy(() -> restart(engine))
                .isInstanceOf(IOException.class)
                .hasMessage("The nio transport cannot pass sockets to another process; io_uring and epoll can");
        assertThat(path()).doesNotExist();
    }

    @Test
    void shouldRefuseConnectionsOnceNobodyIsLeft() throws Exception {
        final Address address = engines.freshAddress(Family.TCP);
        final Engine old = serving(address, Recorder.echo());
        final Engine fresh = serving(address, Recorder.echo());
        final Address bound = fresh.addresses().getFirst();
        fresh.close();

        // The old one holds no descriptor any more.
        assertThatThrownBy(() -> Peer.connect(bound)).isInstanceOf(ConnectException.class);
        old.close();
    }
}
