// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.loop.EventLoop;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connecting, and all the ways in which that fails. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class DialTest {
    @RegisterExtension
    final EngineFixture engines;

    DialTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldConnectAndExchangeBytes(Family family) throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, family, Recorder.echo());
        final Recorder client = new Recorder().onOpen(c -> c.writer().writeString("ahoy"));

        final Connection connection = engines.dial(engine, server.address(), client);

        assertThat(client.awaitText(4)).isEqualTo("ahoy");
        assertThat(connection.isOpen()).isTrue();
        assertThat(connection.remoteAddress().map(Address::of)).contains(server.address());
    }

    @Test
    void shouldCallOnOpenBeforeTheDialCompletes() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, new Recorder());
        final Recorder client = engines.watched(new Recorder());

        final List<String> events = EngineFixture.await(
                engine.dial(server.address().toString(), client).thenApply(_ -> client.events()));

        assertThat(events).containsExactly("open");
    }

    @Test
    void shouldNameTheAddressThatRefuses() throws Exception {
        final int port = unusedPort();
        final Recorder client = new Recorder();

        final Throwable failure = EngineFixture.awaitFailure(engines.engine().dial("tcp://127.0.0.1:" + port, client));

        assertThat(failure).isInstanceOf(ConnectException.class).hasMessageContaining("127.0.0.1:" + port);
        assertThat(client.events()).as("events of a dial that failed").isEmpty();
    }

    @Test
    void shouldFailOnAUnixPathThatIsNotThere() throws Exception {
        final Address address = engines.freshAddress(Family.UNIX);

        final Throwable failure = EngineFixture.awaitFailure(engines.engine().dial(address.toString(), new Recorder()));

        assertThat(failure).isInstanceOf(ConnectException.class).hasMessageContaining(address.path());
    }

    @Test
    void shouldFailOnAUnixPathThatIsTooLong() throws Exception {
        final String path = engines.directory().resolve("x".repeat(200)).toString();

        final Throwable failure = EngineFixture.awaitFailure(engines.engine().dial("unix://" + path, new Recorder()));

        assertThat(failure).isInstanceOf(IOException.class).hasMessageContaining("too long");
    }

    @Test
    void shouldFailOnAnUnknownHost() throws Exception {
        final Throwable failure =
                EngineFixture.awaitFailure(engines.engine().dial("tcp://no-such-host.invalid:7000", new Recorder()));

        assertThat(failure).isInstanceOf(UnknownHostException.class).hasMessageContaining("no-such-host.invalid");
    }

    @Test
    void shouldGiveUpAtTheTimeout() throws Exception {
        try (ServerSocket full = fullServer()) {
            final Address address = Address.of(full.getLocalSocketAddress());
            final Recorder client = new Recorder();

            final Throwable failure = EngineFixture.awaitFailure(engines.engine()
                    .dial(address, ConnectionOptions.DEFAULT.withDialTimeout(Duration.ofMillis(50)), client));

            assertThat(failure)
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining(address.toString())
                    .hasMessageContaining("50 ms");
            assertThat(client.events()).isEmpty();
        }
    }

    @Test
    void shouldTryTheNextAddressWhenOneRefuses() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, Recorder.echo());
        final Recorder client = engines.watched(new Recorder());

        final Connection connection = EngineFixture.await(dialAll(
                engine,
                client,
                List.of(
                        Loopback.v4(unusedPort()),
                        Loopback.v4(unusedPort()),
                        Loopback.v4(server.address().port()))));

        assertThat(connection.remoteAddress().map(Address::of)).contains(server.address());
        assertThat(client.events()).containsExactly("open");
        connection.abort();
        client.awaitClose();
    }

    @Test
    void shouldTellTheFirstFailureAndSuppressTheOthersWhenAllRefuse() throws Exception {
        final int first = unusedPort();
        final int second = unusedPort();

        final Throwable failure = EngineFixture.awaitFailure(
                dialAll(engines.engine(), new Recorder(), List.of(Loopback.v4(first), Loopback.v4(second))));

        assertThat(failure).isInstanceOf(ConnectException.class).hasMessageContaining(":" + first);
        assertThat(failure.getSuppressed())
                .singleElement()
                .extracting(Throwable::getMessage)
                .asString()
                .contains(":" + second);
    }

    @Test
    void shouldBoundAllAddressesTogetherByTheTimeout() throws Exception {
        try (ServerSocket full = fullServer()) {
            final Throwable failure = EngineFixture.awaitFailure(dialAll(
                    engines.engine(),
                    new Recorder(),
                    List.of(full.getLocalSocketAddress(), full.getLocalSocketAddress()),
                    Duration.ofMillis(50)));

            assertThat(failure).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void shouldAbortAConnectionThatNobodyWaitsForAnyMore() throws Exception {
        final Engine engine = engines.engine();
        final Recorder client = engines.watched(new Recorder());
        final Recorder accepted = new Recorder();
        final Server server = engines.listen(engine, Family.TCP, accepted);
        final CompletableFuture<Connection> dial = new CompletableFuture<>();
        client.onOpen(_ -> dial.cancel(false));

        final CompletableFuture<Connection> result =
                dialAll(engine, client, List.of(Loopback.v4(server.address().port())), Duration.ofSeconds(10), dial);

        assertThat(client.awaitClose().kind()).isEqualTo(CloseCause.Kind.LOCAL);
        assertThat(accepted.awaitClose().kind()).isEqualTo(CloseCause.Kind.RESET);
        assertThat(result).isCancelled();
    }

    @Test
    void shouldFailWhenTheEngineHasAllTheConnectionsItMayHave() throws Exception {
        final Engine engine = engines.engine(b -> b.limits(Limits.DEFAULT.withConnections(1)));
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(Loopback.v4(0))) {
            final Address address = Address.of(server.getLocalAddress());
            engines.dial(engine, address, new Recorder());

            final Throwable failure = EngineFixture.awaitFailure(engine.dial(address.toString(), new Recorder()));

            assertThat(failure).isInstanceOf(IOException.class).hasMessageContaining("limit is 1");
        }
    }

    @Test
    void shouldFailOnAnEngineThatIsClosed() throws Exception {
        final Engine engine = engines.engine();
        engine.close();

        final Throwable failure = EngineFixture.awaitFailure(engine.dial("tcp://127.0.0.1:1", new Recorder()));

        assertThat(failure).isInstanceOf(IOException.class).hasMessageContaining("closed");
    }

    @Test
    void shouldFailOnAnEngineThatIsBeingClosed() throws Exception {
        final Engine engine = engines.engine();
        final Recorder lingering = new Recorder();
        final Server server = engines.listen(engine, Family.TCP, lingering);
        try (Peer peer = engines.connect(server)) {
            lingering.awaitOpen();
            // The peer does not close its side, so the engine waits for it.
            final CompletableFuture<Void> closed = engine.closeAsync(Duration.ofSeconds(20));
            peer.expectEnd();

            try (ServerSocketChannel other = ServerSocketChannel.open().bind(Loopback.v4(0))) {
                final String address = Address.of(other.getLocalAddress()).toString();
                assertThat(EngineFixture.awaitFailure(engine.dial(address, new Recorder())))
                        .isInstanceOf(IOException.class);
            }
            assertThat(closed).isNotDone();
        }
    }

    // ---- helpers

    private static CompletableFuture<Connection> dialAll(
            Engine engine, ConnectionHandler handler, List<SocketAddress> addresses) {
        return dialAll(engine, handler, addresses, Duration.ofSeconds(10));
    }

    private static CompletableFuture<Connection> dialAll(
            Engine engine, ConnectionHandler handler, List<SocketAddress> addresses, Duration timeout) {
        return dialAll(engine, handler, addresses, timeout, new CompletableFuture<>());
    }

    /** As if a name stood for all of these addresses. */
    private static CompletableFuture<Connection> dialAll(
            Engine engine,
            ConnectionHandler handler,
            List<SocketAddress> addresses,
            Duration timeout,
            CompletableFuture<Connection> result) {
        final EventLoop loop = engine.loops().getFirst();
        final Endpoint endpoint = new Endpoint(engine, handler, ConnectionOptions.DEFAULT.withDialTimeout(timeout));
        final Dial dial = new Dial(
                Address.parse("tcp://name.test:1"),
                endpoint,
                new LoopConnections(loop),
                addresses,
                System.nanoTime() + timeout.toNanos(),
                result);
        loop.execute(dial::start);
        return result;
    }

    private static int unusedPort() throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(Loopback.v4(0))) {
            return ((InetSocketAddress) server.getLocalAddress()).getPort();
        }
    }

    /** A server whose queue is full, so that the kernel answers no more. */
    private ServerSocket fullServer() throws IOException {
        final ServerSocket server = new ServerSocket(0, 1, Loopback.V4);
        // Linux admits one more than the backlog.
        for (int i = 0; i < 2; i++) {
            engines.closing(Peer.connect(server.getLocalSocketAddress()));
        }
        return server;
    }
}
