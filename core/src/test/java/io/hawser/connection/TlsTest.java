// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.Slice;
import io.hawser.connection.CloseCause.Kind;
import io.hawser.loop.EventLoop;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.tls.TlsProvider;
import io.hawser.tls.TlsSession;
import io.hawser.tls.TlsTruncatedException;
import io.hawser.tls.TlsVersion;
import io.hawser.transport.TransportConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** TLS on every transport, by every library. */
@ParameterizedClass
@MethodSource("io.hawser.connection.TlsWire#all")
final class TlsTest {
    private static final TlsIdentity IDENTITY = Tls.selfSigned();
    private static final int MEBIBYTE = 1 << 20;
    private static final int RECORD = 8 * 1024;

    private final TlsWire wire;
    private final TlsProvider provider;

    @RegisterExtension
    final EngineFixture engines;

    TlsTest(TlsWire wire) {
        this.wire = wire;
        provider = wire.provider();
        engines = new EngineFixture(wire.transport());
    }

    @BeforeEach
    void needBoth() {
        wire.assumeAvailable();
    }

    private Server listen(Engine engine, ConnectionHandler handler) throws IOException {
        return engine.listen(
                Address.parse("tls://127.0.0.1:0"),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(
                        Tls.server().provider(provider).identity(IDENTITY).build())),
                engines.watched(handler));
    }

    private ConnectionOptions client() throws IOException {
        return ConnectionOptions.DEFAULT.withTls(
                Tls.client().provider(provider).trust(IDENTITY.certificate()).build());
    }

    @Test
    void shouldServeClientsOfTheJdk() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server = listen(engine, handler);
        final var context = SslPeer.context(IDENTITY.certificate(), Optional.empty());
        final List<TlsVersion> versions = List.of(TlsVersion.TLS_1_2, TlsVersion.TLS_1_3, TlsVersion.TLS_1_2);
        final Payload payload = Payload.random(5, MEBIBYTE);
        // Of the transport's own, known after the first one.
        long idleBytes = Long.MAX_VALUE;
        for (TlsVersion version : versions) {
            try (SslPeer peer = SslPeer.connect(context, server, SslPeer.protocols(version.standardName()))) {
                final CompletableFuture<Void> sent = EngineFixture.async(() -> peer.send(payload.bytes()));
                payload.assertEqualTo(peer.receive(payload.size()));
                EngineFixture.await(sent);
                final long expected = idleBytes;
                EngineFixture.until(
                        "an idle connection to hold no memory",
                        () -> engine.pool().usedBytes() <= expected);
                peer.socket().shutdownOutput();
                peer.expectEnd();
            }
            EngineFixture.until("the end of the connection", () -> engine.connectionCount() == 0);
            // Whether the transport holds a block ready for the next read is chance, so one is allowed for.
            idleBytes = Math.max(engine.pool().usedBytes(), TransportConfig.DEFAULT_READ_BLOCK_BYTES);
        }
        assertThat(handler.awaitClose(3)).extracting(CloseCause::kind).containsOnly(Kind.PEER_CLOSED);
        assertThat(handler.awaitOpen(3))
                .extracting(connection -> connection.tls().orElseThrow().version())
                .containsExactlyElementsOf(versions);
    }

    @Test
    void shouldTalkWithItself() throws Exception {
        final Engine engine = engines.engine();
        final Recorder server = Recorder.echo();
        final Address address = listen(engine, server).address();
        final Recorder handler = engines.watched(new Recorder());
        final Payload payload = Payload.random(3, 3 * MEBIBYTE);

        final Connection connection = EngineFixture.await(engine.dial(address, client(), handler));
        connection.execute(() -> connection.writer().writeBytes(payload.bytes()));
        payload.assertEqualTo(handler.awaitBytes(payload.size()));
        final TlsSession session = connection.tls().orElseThrow();
        connection.shutdownOutput();

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(server.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(session.version()).isEqualTo(TlsVersion.TLS_1_3);
        assertThat(session.peerCertificates()).containsExactly(IDENTITY.certificate());
        assertThat(server.awaitOpen().tls().orElseThrow().peerCertificates()).isEmpty();
    }

    @Test
    void shouldServeBlockingHandlers() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engine.serve(
                Address.parse("tls://127.0.0.1:0"),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(
                        Tls.server().provider(provider).identity(IDENTITY).build())),
                c -> c.writer().writeInt(2 * c.reader().readInt()).flush());
        try (Connection connection = engine.dial(server.address(), client())) {
            for (int i = 0; i < 10; i++) {
                connection.writer().writeInt(i).flush();
                assertThat(connection.reader().readInt()).isEqualTo(2 * i);
            }
            assertThat(connection.tls()).isPresent();
        }
    }

    /** The JDK's sockets send no FIN without a close_notify, so the socket is taken from under the session. */
    @Test
    void shouldTellATruncationFromAnEnd() throws Exception {
        final Recorder handler = Recorder.echo();
        final Server server = listen(engines.engine(), handler);
        try (Socket below = new Socket("127.0.0.1", server.address().port());
                SslPeer peer =
                        SslPeer.over(SslPeer.context(IDENTITY.certificate(), Optional.empty()), below, _ -> {})) {
            peer.send("half");
            assertThat(peer.receiveText(4)).isEqualTo("half");
            below.shutdownOutput();
            final CloseCause cause = handler.awaitClose();
            assertThat(cause.kind()).isEqualTo(Kind.ERROR);
            assertThat(cause.error()).get().isInstanceOf(TlsTruncatedException.class);
        }
        assertThat(handler.events()).doesNotContain("end");
    }

    /** How a server that has written an answer goes on, and how its connection ends when the client's side is cut off meanwhile. */
    private enum Ending {
        CLOSING,
        FINISHING,
        LISTENING;

        void run(Connection connection) {
            switch (this) {
                case CLOSING -> connection.close();
                case FINISHING -> connection.shutdownOutput();
                case LISTENING -> {
                    // The answer may go on.
                }
            }
        }

        /** What is cut off is of interest to whoever still listens to it. */
        boolean isTold() {
            return this != CLOSING;
        }
    }

    private Server answering(Payload answer, Ending ending, Duration closeTimeout, Recorder handler)
            throws IOException {
        handler.onData(connection -> {
            handler.take(connection);
            connection.writer().writeBytes(answer.bytes());
            ending.run(connection);
        });
        return engines.engine()
                .listen(
                        Address.parse("tls://127.0.0.1:0"),
                        // Else what a client says behind its question is left in the kernel until it has taken the
                        // answer.
                        ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT
                                .withReceiveWhileCongested(true)
                                .withCloseTimeout(closeTimeout)
                                .withTls(Tls.server()
                                        .provider(provider)
                                        .identity(IDENTITY)
                                        .build())),
                        engines.watched(handler));
    }

    /** A socket that is sent no more than a little that its owner does not read. */
    private static Socket below(Server server) throws IOException {
        final Socket below = new Socket();
        below.setReceiveBufferSize(16 * 1024);
        below.connect(new InetSocketAddress("127.0.0.1", server.address().port()));
        return below;
    }

    /** What has come in doubtful ways says nothing against what goes out. */
    @ParameterizedTest
    @EnumSource
    void shouldSendAllThatIsPendingToAPeerThatIsCutOff(Ending ending) throws Exception {
        final Payload answer = Payload.random(7, 6 * MEBIBYTE);
        final Recorder handler = new Recorder();
        final Server server = answering(answer, ending, EngineFixture.PATIENCE, handler);
        try (Socket below = below(server);
                SslPeer peer =
                        SslPeer.over(SslPeer.context(IDENTITY.certificate(), Optional.empty()), below, _ -> {})) {
            peer.send("question");
            final byte[] first = peer.receive(1);
            below.shutdownOutput();
            // The end is there; by the second task the loop has looked for it.
            for (int i = 0; i < 2; i++) {
                EngineFixture.onLoop(handler.awaitOpen().loop(), () -> {});
            }
            assertThat(handler.causes()).isEmpty();

            final byte[] rest = peer.receive(answer.size() - 1);
            peer.expectEnd();

            answer.assertEqualTo(concat(first, rest));
            final CloseCause cause = handler.awaitClose();
            assertThat(cause.kind()).isEqualTo(ending.isTold() ? Kind.ERROR : Kind.LOCAL);
            assertThat(cause.error()
                            .filter(TlsTruncatedException.class::isInstance)
                            .isPresent())
                    .isEqualTo(ending.isTold());
        }
        assertThat(handler.events()).doesNotContain("end");
    }

    @ParameterizedTest
    @EnumSource
    void shouldNotWaitForEverForAPeerThatIsCutOffAndDoesNotRead(Ending ending) throws Exception {
        final Recorder handler = new Recorder();
        final Server server = answering(Payload.random(8, 6 * MEBIBYTE), ending, Duration.ofMillis(50), handler);
        try (Socket below = below(server);
                SslPeer peer =
                        SslPeer.over(SslPeer.context(IDENTITY.certificate(), Optional.empty()), below, _ -> {})) {
            peer.send("question");
            try {
                below.shutdownOutput();
            } catch (IOException _) {
                // The server, which closes, has not waited for it.
            }

            final CloseCause cause = handler.awaitClose();

            assertThat(cause.kind()).isEqualTo(ending.isTold() ? Kind.ERROR : Kind.TIMED_OUT);
            assertThat(cause.error())
                    .get()
                    .isInstanceOf(ending.isTold() ? TlsTruncatedException.class : SocketTimeoutException.class);
            assertThat(handler.awaitText(8)).isEqualTo("question");
        }
    }

    private static byte[] concat(byte[] first, byte[] rest) {
        final byte[] all = Arrays.copyOf(first, first.length + rest.length);
        System.arraycopy(rest, 0, all, first.length, rest.length);
        return all;
    }

    @Test
    void shouldWaitForMemoryWithoutSpinningAndLoseNothing() throws Exception {
        final Payload payload = Payload.random(9, 6 * MEBIBYTE);
        final List<Slice> hoard = new ArrayList<>();
        final AtomicBoolean hoarding = new AtomicBoolean(true);
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        final AtomicLong spent = new AtomicLong();
        final Recorder handler = new Recorder().onData(connection -> {
            final Slice slice = connection.reader().slice(connection.reader().readableBytes());
            if (hoarding.get()) {
                hoard.add(slice);
            } else {
                spend(slice, received);
                spent.set(received.size());
            }
        });
        final Engine engine =
                engines.engine(builder -> builder.limits(Limits.DEFAULT.withBufferMemoryBytes(2 * MEBIBYTE))
                        .transportConfig(wire.transport().receiving(16 * 1024, 16)));
        final EventLoop loop = engine.loops().getFirst();
        try (RecordPeer peer = new RecordPeer(listen(engine, handler), IDENTITY, TlsVersion.TLS_1_3).shakeHands()) {
            final CompletableFuture<Void> sent = EngineFixture.async(() -> {
                for (int at = 0; at < payload.size(); at += RECORD) {
                    peer.peer().send(peer.record(Arrays.copyOfRange(payload.bytes(), at, at + RECORD)));
                }
            });
            EngineFixture.until(
                    "all memory is taken", () -> engine.limitCounters().bufferMemoryBytes() > 10);

            EngineFixture.assertDoesNotSpin(loop, 3);
            assertThat(handler.causes()).isEmpty();
            EngineFixture.onLoop(loop, () -> {
                hoarding.set(false);
                hoard.forEach(slice -> spend(slice, received));
                spent.set(received.size());
            });

            EngineFixture.await(sent);
            EngineFixture.until("all that was sent", () -> spent.get() == payload.size());
            payload.assertEqualTo(received.toByteArray());
        }
    }

    /** The loop's thread. */
    private static void spend(Slice slice, ByteArrayOutputStream received) {
        try (slice) {
            received.writeBytes(slice.readBytes((int) slice.readableBytes()));
        }
    }

    @Test
    void shouldRefuseToBeDetached() throws Exception {
        final Recorder handler = Recorder.echo();
        final Server server = listen(engines.engine(), handler);
        try (SslPeer peer =
                SslPeer.connect(SslPeer.context(IDENTITY.certificate(), Optional.empty()), server, _ -> {})) {
            assertThat(EngineFixture.awaitFailure(handler.awaitOpen().detach()))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("TLS");
            assertThat(peer.send("still here").receiveText(10)).isEqualTo("still here");
        }
    }
}
