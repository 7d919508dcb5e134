// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Addresses to listen at: ports, families, paths, and who has them. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class ListenTest {
    @RegisterExtension
    final EngineFixture engines;

    ListenTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    // ---- TCP

    @Test
    void shouldTellThePortThatTheSystemPicked() throws Exception {
        final Engine engine = engines.engine();
        final Server first = engines.listen(engine, Family.TCP, Recorder.echo());
        final Server second = engines.listen(engine, Family.TCP, Recorder.echo());

        assertThat(first.address().port())
                .isPositive()
                .isNotEqualTo(second.address().port());
        assertThat(engine.addresses()).containsExactlyInAnyOrder(first.address(), second.address());
        assertEchoes(Peer.connect(first.address()));
        assertEchoes(Peer.connect(second.address()));
    }

    @Test
    void shouldFailWithBindExceptionWhenThePortIsTaken() throws Exception {
        final Engine engine = engines.engine();
        final Address taken =
                engines.listen(engine, Family.TCP, Recorder.echo()).address();

        assertThatThrownBy(() -> engine.listen(taken.toString(), new Recorder()))
                .isInstanceOf(BindException.class)
                .hasMessageContaining(":" + taken.port());
        assertEchoes(Peer.connect(taken));
        assertThat(engine.addresses()).containsExactly(taken);
    }

    @Test
    void shouldFailWithBindExceptionForAnAddressOfAnotherMachine() throws Exception {
        final Engine engine = engines.engine();

        // TEST-NET-1 (RFC 5737): nobody's.
        assertThatThrownBy(() -> engine.listen("tcp://192.0.2.1:0", new Recorder()))
                .isInstanceOf(BindException.class)
                .hasMessageContaining("192.0.2.1");
    }

    @Test
    void shouldFreeThePortBeforeCloseReturns() throws Exception {
        final Engine engine = engines.engine();
        final Engine other = engines.engine();
        Address address = engines.freshAddress(Family.TCP);
        for (int i = 0; i < 20; i++) {
            try (Server server =
                    (i % 2 == 0 ? engine : other).listen(address, ServerOptions.DEFAULT, Recorder.echo())) {
                address = server.address();
                assertEchoes(Peer.connect(address));
            }
        }
        final Address last = address;
        assertThatThrownBy(() -> Peer.connect(last)).isInstanceOf(IOException.class);
    }

    @Test
    void shouldServeOnIPv6() throws Exception {
        assumeIPv6();
        final Server server = engines.engine().listen("tcp://[::1]:0", Recorder.echo());

        assertThat(server.address().toString())
                .startsWith("tcp://[")
                .endsWith(":" + server.address().port());
        assertEchoes(Peer.connect(server.address()));
    }

    @Test
    void shouldServeBothFamiliesOnTheWildcardOfIPv6() throws Exception {
        assumeIPv6();
        final Recorder handler = Recorder.echo();
        final Server server = engines.engine().listen("tcp://[::]:0", handler);
        final int port = server.address().port();

        assertEchoes(Peer.connect(Loopback.v6(port)));
        assertEchoes(Peer.connect(Loopback.v4(port)));
        // An IPv4 peer is shown as one, so that filters of addresses see one form only.
        assertThat(handler.awaitOpen(2))
                .extracting(c -> ((InetSocketAddress) c.remoteAddress().orElseThrow()).getAddress())
                .containsExactly(Loopback.V6, Loopback.V4);
    }

    @Test
    void shouldTurnIPv4AwayWhenOnlyIPv6IsMeant() throws Exception {
        assumeIPv6();
        final Server server = engines.engine().listen("tcp6://[::]:0", Recorder.echo());
        final int port = server.address().port();

        assertEchoes(Peer.connect(Loopback.v6(port)));
        assertThatThrownBy(() -> {
                    try (Peer peer = Peer.connect(Loopback.v4(port))) {
                        peer.receive(1);
                    }
                })
                .isInstanceOf(IOException.class);
    }

    @Test
    void shouldServeOnAllInterfacesWithoutAHost() throws Exception {
        final Server server = engines.engine().listen("tcp://:0", Recorder.echo());

        assertEchoes(Peer.connect(Loopback.v4(server.address().port())));
    }

    @Test
    void shouldDialIPv6() throws Exception {
        assumeIPv6();
        final Engine engine = engines.engine();
        final Server server = engine.listen("tcp://[::1]:0", Recorder.echo());
        final Recorder client = new Recorder().onOpen(c -> c.writer().writeString("six"));

        engines.dial(engine, server.address(), client);

        assertThat(client.awaitText(3)).isEqualTo("six");
    }

    // ---- unix

    @Test
    void shouldRemoveThePathAtClose() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.UNIX, Recorder.echo());
        final Path path = Path.of(server.address().path());
        assertThat(Files.exists(path)).isTrue();
        assertEchoes(Peer.connect(server.address()));

        server.close();

        assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isFalse();
    }

    @Test
    void shouldTakeOverThePathOfADeadServer() throws Exception {
        final Address address = engines.freshAddress(Family.UNIX);
        // The JDK leaves the path when it closes.
        listenRaw(address, 1).close();
        assertThat(Files.exists(Path.of(address.path()))).isTrue();

        final Server server = engines.engine().listen(address.toString(), Recorder.echo());

        assertEchoes(Peer.connect(server.address()));
    }

    @Test
    void shouldNotTakeThePathOfALiveServer() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.UNIX, Recorder.echo());

        assertThatThrownBy(() -> engines.engine().listen(server.address().toString(), new Recorder()))
                .isInstanceOf(BindException.class)
                .hasMessageContaining(server.address().path())
                .hasMessageContaining("in use");

        assertEchoes(Peer.connect(server.address()));
    }

    @Test
    void shouldNotTakeThePathOfALiveServerThatIsTooBusyToAnswer() throws Exception {
        final Address address = engines.freshAddress(Family.UNIX);
        try (ServerSocketChannel busy = listenRaw(address, 1)) {
            for (int i = 0; i < 2; i++) {
                engines.closing(Peer.connect(address));
            }

            assertThatThrownBy(() -> engines.engine().listen(address.toString(), new Recorder()))
                    .isInstanceOf(BindException.class);

            engines.closing(Peer.accept(busy));
            engines.closing(Peer.connect(address));
        }
    }

    @Test
    void shouldLeaveAFileThatIsNoSocketAlone() throws Exception {
        final Address address = engines.freshAddress(Family.UNIX);
        Files.writeString(Path.of(address.path()), "precious");

        assertThatThrownBy(() -> engines.engine().listen(address.toString(), new Recorder()))
                .isInstanceOf(BindException.class)
                .hasMessageContaining("no socket");

        assertThat(Files.readString(Path.of(address.path()))).isEqualTo("precious");
    }

    @Test
    void shouldLeaveThePathOfASuccessorAlone() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.UNIX, Recorder.echo());
        final Path path = Path.of(server.address().path());
        Files.delete(path);
        final Server successor = engine.listen(server.address().toString(), Recorder.echo());

        server.close();

        assertEchoes(Peer.connect(successor.address()));
    }

    @Test
    void shouldRefuseAPathThatIsTooLong() throws Exception {
        final Path path = engines.directory().resolve("x".repeat(200));

        assertThatThrownBy(() -> engines.engine().listen("unix://" + path, new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("too long");
    }

    // ---- the end of a server

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldLetConnectionsLiveOnWhenTheServerIsClosed(Family family) throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server = engines.listen(engine, family, handler);
        final Peer peer = engines.connect(server);
        handler.awaitOpen();

        server.close();

        assertThat(peer.send("still").receiveText(5)).isEqualTo("still");
        assertThatThrownBy(() -> Peer.connect(server.address())).isInstanceOf(IOException.class);
        assertThat(engine.addresses()).isEmpty();
        server.join();
    }

    @Test
    void shouldRefuseToListenOnAnEngineThatIsClosed() throws Exception {
        final Engine engine = engines.engine();
        engine.close();

        assertThatThrownBy(() -> engine.listen("tcp://127.0.0.1:0", new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("closed");
    }

    // ---- helpers

    private static void assertEchoes(Peer peer) throws IOException {
        try (peer) {
            assertThat(peer.send("echo?").receiveText(5)).isEqualTo("echo?");
        }
    }

    private static ServerSocketChannel listenRaw(Address address, int backlog) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(address.path()), backlog);
    }

    private static void assumeIPv6() throws IOException {
        Assumptions.assumeTrue(NetworkInterface.getByInetAddress(Loopback.V6) != null, "This machine has no IPv6");
    }
}
