// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.proxy.AddressRanges;
import io.hawser.proxy.ProxyHeader;
import io.hawser.proxy.ProxyReceiver;
import io.hawser.proxy.ProxySender;
import io.hawser.proxy.ProxyTlv;
import io.hawser.proxy.ProxyVersion;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Connections that begin with a PROXY header, on both of their sides. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class ProxyProtocolTest {
    private static final InetSocketAddress CLIENT = new InetSocketAddress("192.0.2.1", 4711);
    private static final InetSocketAddress SERVER = new InetSocketAddress("198.51.100.7", 443);
    private static final ProxyHeader HEADER = ProxyHeader.of(CLIENT, SERVER);
    private static final String LINE = "PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n";

    private final Wire wire;

    @RegisterExtension
    final EngineFixture engines;

    ProxyProtocolTest(Wire wire) {
        this.wire = wire;
        engines = new EngineFixture(wire.transport());
    }

    private static ConnectionOptions sending(ProxyVersion version, ProxyHeader header) {
        return ConnectionOptions.DEFAULT.withStages(List.of(new ProxySender(version, header)));
    }

    private Server listen(Engine engine, ProxyReceiver receiver, ConnectionHandler handler) throws IOException {
        return engines.listen(
                engine,
                wire.family(),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withStages(List.of(receiver))),
                handler);
    }

    private static ProxyReceiver anybody() {
        return ProxyReceiver.required(AddressRanges.ANY);
    }

    // ---- in

    @Test
    void shouldKnowTheClientWhenItOpens() throws Exception {
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer()
                    .writeString(c.remoteAddress().orElseThrow() + " "
                            + c.localAddress().orElseThrow());
            c.close();
        });
        final ProxyReceiver receiver = anybody();
        final Server server = listen(engines.engine(), receiver, handler);
        for (ProxyVersion version : ProxyVersion.values()) {
            final Peer peer = engines.connect(server);
            peer.send(HEADER.encode(version));
            assertThat(peer.receiveAllText()).isEqualTo("/192.0.2.1:4711 /198.51.100.7:443");
            peer.close();
        }
        handler.awaitClose(2);
        assertThat(handler.opened().getFirst().remoteAddress()).contains(CLIENT);
        assertThat(receiver.headers()).isEqualTo(2);
    }

    /** The header, and what comes with its last byte and after it, cut at each byte. */
    @Test
    void shouldReadHoweverItIsCut() throws Exception {
        final Recorder handler = Recorder.echo();
        final Server server = listen(engines.engine(), anybody(), handler);
        final byte[] stream = Arrays.copyOf(HEADER.encode(ProxyVersion.V2), 35 + 6);
        System.arraycopy("hello\n".getBytes(StandardCharsets.UTF_8), 0, stream, 35, 6);

        for (int cut = 1; cut < stream.length; cut++) {
            try (Peer peer = Peer.connect(server.address())) {
                peer.send(stream, 0, cut).send(stream, cut, stream.length - cut);
                assertThat(peer.receiveText(6)).as("cut at %d", cut).isEqualTo("hello\n");
            }
        }
        final Peer dribbling = engines.connect(server);
        for (int i = 0; i < stream.length; i++) {
            dribbling.send(stream, i, 1);
        }
        assertThat(dribbling.receiveText(6)).isEqualTo("hello\n");
        assertThat(handler.awaitOpen(stream.length))
                .allSatisfy(c -> assertThat(c.remoteAddress()).contains(CLIENT));
    }

    @Test
    void shouldShowTheHeader() throws Exception {
        final Recorder handler = new Recorder();
        final Server server = listen(engines.engine(), anybody(), handler);
        final ProxyHeader header = HEADER.with(new ProxyTlv(ProxyTlv.UNIQUE_ID, new byte[] {7}));
        engines.connect(server).send(header.encode(ProxyVersion.V2));
        final Connection connection = handler.awaitOpen();

        assertThat(connection.find(ProxyHeader.class).flatMap(ProxyHeader::uniqueId))
                .hasValueSatisfying(id -> assertThat(id).containsExactly(7));
        assertThat(connection.find(String.class)).isEmpty();
    }

    @Test
    void shouldKeepTheAddressesOfTheSocketWhereNoneAreSaid() throws Exception {
        final Recorder handler = new Recorder();
        final Server server = listen(engines.engine(), anybody(), handler);
        final List<byte[]> headers = List.of(
                ProxyHeader.ofProxyItself().encode(ProxyVersion.V2),
                ProxyHeader.unknown().encode(ProxyVersion.V2),
                ProxyHeader.unknown().encode(ProxyVersion.V1));
        for (int i = 0; i < headers.size(); i++) {
            final Peer peer = engines.connect(server);
            peer.send(headers.get(i));
            final Connection connection = handler.awaitOpen(i + 1).getLast();
            assertThat(connection.remoteAddress())
                    .isEqualTo(wire.family() == Family.TCP ? Optional.of(peer.localAddress()) : Optional.empty());
        }
    }

    @Test
    void shouldServeBlocking() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engine.serve(
                engines.freshAddress(wire.family()),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withStages(List.of(anybody()))),
                c -> {
                    final String text = c.reader().readString(2);
                    c.writer()
                            .writeString(text
                                    + c.remoteAddress().orElseThrow()
                                    + c.find(ProxyHeader.class).isPresent());
                });
        assertThat(engines.connect(server).send(LINE + "hi").receiveText(21)).isEqualTo("hi/192.0.2.1:4711true");
    }

    /** What passes the stage passes it without a copy, too. */
    @Test
    void shouldSendFilesBehindAHeader() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(1, 1 << 20);
        final Path path = Files.write(engines.directory().resolve("file"), payload.bytes());
        final FileSource file = engines.closing(engine.openFile(path));
        final Server server = listen(engine, anybody(), new Recorder().onData(c -> {
                    c.reader().skip(c.reader().readableBytes());
                    final var unused = c.sendFile(file, 0, payload.size());
                }));
        payload.assertEqualTo(engines.connect(server).send(LINE + "?").receive(payload.size()));
    }

    // ---- hostile

    @Test
    void shouldCloseWhatDoesNotBeginWithAHeader() throws Exception {
        final Recorder handler = new Recorder();
        final Engine engine = engines.engine();
        final ProxyReceiver receiver = anybody();
        final Server server = listen(engine, receiver, handler);
        final List<byte[]> streams = List.of(
                "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8),
                "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n".getBytes(StandardCharsets.UTF_8),
                ("PROXY UNKNOWN " + "x".repeat(200)).getBytes(StandardCharsets.UTF_8),
                // It announces 64 KiB, and is refused before they come.
                new byte[] {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, -1, -1
                });
        for (byte[] stream : streams) {
            engines.connect(server).send(stream).expectGone();
        }
        engines.connect(server).send("PROXY TCP4 1.2.").finish().expectGone();
        engines.connect(server).finish().expectGone();
        if (wire.family() == Family.TCP) {
            engines.connect(server).send("PROXY").reset();
        } else {
            engines.connect(server).send("PROXY").close();
        }

        EngineFixture.until("all are gone", () -> engine.connectionCount() == 0);
        assertThat(receiver.malformed()).isGreaterThanOrEqualTo(streams.size() + 2);
        assertThat(receiver.headers()).isZero();
        assertThat(handler.events()).isEmpty();
    }

    @Test
    void shouldNotWaitForAHeaderForEver() throws Exception {
        final Recorder handler = new Recorder();
        final ProxyReceiver receiver = anybody().withTimeout(Duration.ofMillis(50));
        final Server server = listen(engines.engine(), receiver, handler);
        final Peer silent = engines.connect(server);
        final Peer slow = engines.connect(server).send("PROXY TCP");

        silent.expectGone();
        slow.expectGone();

        assertThat(receiver.late()).isEqualTo(2);
        assertThat(handler.events()).isEmpty();
    }

    @Test
    void shouldNotBelieveEverybody() throws Exception {
        final Recorder handler = Recorder.echo();
        final Engine engine = engines.engine();
        final AddressRanges others = AddressRanges.parse("10.0.0.0/8,::/0");
        final ProxyReceiver required = ProxyReceiver.required(others);
        final ProxyReceiver optional = ProxyReceiver.optional(others);
        final Server closed = listen(engine, required, handler);
        final Server open = listen(engine, optional, handler);
        if (wire.family() == Family.UNIX) {
            // Who may connect is said by the file.
            engines.connect(closed).send(LINE + "hi").receiveText(2);
            engines.connect(open).send(LINE + "hi").receiveText(2);
            assertThat(required.headers() + optional.headers()).isEqualTo(2);
            return;
        }
        engines.connect(closed).expectGone();
        assertThat(required.untrusted()).isEqualTo(1);

        final Peer peer = engines.connect(open);
        // It is data, whoever it says that it comes from.
        assertThat(peer.send(LINE).receiveText(LINE.length())).isEqualTo(LINE);
        assertThat(handler.awaitOpen().remoteAddress()).contains(peer.localAddress());
        assertThat(optional.headers()).isZero();
    }

    @Test
    void shouldCountTheClientAndNotTheProxy() throws Exception {
        final Engine engine = engines.engine(builder -> builder.limits(Limits.DEFAULT.withConnectionsPerSource(2)));
        final Recorder handler = Recorder.echo();
        final Server server = listen(engine, anybody(), handler);
        for (int i = 0; i < 5; i++) {
            // One after the other: until its header has come a connection counts as the proxy's.
            final String line = LINE.replace("192.0.2.1", "192.0.2." + i);
            assertThat(engines.connect(server).send(line + "hi").receiveText(2)).isEqualTo("hi");
        }
        final Peer second = engines.connect(server);
        assertThat(second.send(LINE + "hi").receiveText(2)).isEqualTo("hi");
        engines.connect(server).send(LINE + "hi").expectGone();
        assertThat(engine.limitCounters().connectionsPerSource()).isEqualTo(1);

        second.close();
        handler.awaitClose();
        assertThat(engines.connect(server).send(LINE + "hi").receiveText(2)).isEqualTo("hi");
    }

    @Test
    void shouldCloseWithTheEngineWhileAHeaderIsWaitedFor() throws Exception {
        final Engine engine = engines.engine();
        final Server server = listen(engine, anybody(), new Recorder());
        final Peer peer = engines.connect(server).send("PROXY ");
        EngineFixture.until("it is accepted", () -> engine.connectionCount() == 1);
        engine.close();
        peer.expectGone();
    }

    // ---- out

    @Test
    void shouldSendTheHeaderBeforeAllElse() throws Exception {
        final Engine engine = engines.engine();
        if (wire.family() == Family.UNIX) {
            // As to a server that is Hawser's: below.
            return;
        }
        try (ServerSocketChannel listening = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0))) {
            final ServerSocket socket = listening.socket();
            for (ProxyVersion version : ProxyVersion.values()) {
                final CompletableFuture<Connection> dial = engine.dial(
                        Address.parse("tcp://127.0.0.1:" + socket.getLocalPort()),
                        sending(version, HEADER),
                        engines.watched(new Recorder()));
                final Peer peer = engines.closing(Peer.accept(listening));
                final byte[] expected = HEADER.encode(version);
                // It does not wait for what is written.
                assertThat(peer.receive(expected.length)).isEqualTo(expected);
                final Connection connection = EngineFixture.await(dial);
                connection.execute(() -> connection.writer().writeString("hello"));
                assertThat(peer.receiveText(5)).isEqualTo("hello");
            }
        }
    }

    @Test
    void shouldTellAServerOfHawser() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server = listen(engine, anybody(), handler);
        for (ProxyVersion version : ProxyVersion.values()) {
            final Recorder client = engines.watched(new Recorder());
            final Connection connection =
                    EngineFixture.await(engine.dial(server.address(), sending(version, HEADER), client));
            connection.execute(() -> connection.writer().writeString("ping"));
            assertThat(client.awaitText(4)).isEqualTo("ping");
        }
        assertThat(handler.awaitOpen(2))
                .allSatisfy(c -> assertThat(c.remoteAddress()).contains(CLIENT));
    }
}
