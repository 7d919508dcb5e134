// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.tls.TestCertificates;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.tls.TlsProvider;
import io.hawser.tls.TlsStats;
import io.hawser.tls.TlsVersion;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that mean ill to TLS, on every transport, by every library. */
@ParameterizedClass
@MethodSource("io.hawser.connection.TlsWire#all")
final class TlsHostileTest {
    private static final TlsIdentity IDENTITY = Tls.selfSigned();
    private static final TlsIdentity NAMED =
            TestCertificates.ec().named("named").forHost("www.example.org").make();

    private final TlsWire wire;
    private final TlsProvider provider;

    @RegisterExtension
    final EngineFixture engines;

    TlsHostileTest(TlsWire wire) {
        this.wire = wire;
        provider = wire.provider();
        engines = new EngineFixture(wire.transport());
    }

    @BeforeEach
    void needBoth() {
        wire.assumeAvailable();
    }

    private final Recorder handler = Recorder.echo();
    private Tls tls;
    private Server server;
    /** Of the transport's own, which io_uring holds ready for whatever comes. */
    private long idleBytes;

    private Server listen(UnaryOperator<Tls.Builder> setUp) throws IOException {
        return listen(engines.engine(), setUp);
    }

    private Server listen(Engine engine, UnaryOperator<Tls.Builder> setUp) throws IOException {
        tls = setUp.apply(Tls.server().provider(provider).identity(IDENTITY)).build();
        server = engine.listen(
                Address.parse("tls://127.0.0.1:0"),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(tls)),
                handler);
        idleBytes = engine.pool().usedBytes();
        return server;
    }

    /** What is used for what peers have sent. */
    private long usedBytes() {
        return server.engine().pool().usedBytes() - idleBytes;
    }

    private void expectNobodyHeard(int peers) {
        EngineFixture.until("the end", () -> server.engine().connectionCount() == 0);
        assertThat(handler.events()).isEmpty();
        assertThat(tls.stats().active()).isZero();
        assertThat(tls.stats().failed()).isEqualTo(peers);
        EngineFixture.until(
                "room for all handshakes", () -> server.engine().handshakes().free() == Limits.DEFAULT.handshakes());
    }

    /** RFC 8446, 6.2, says which alert is for what. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Nine bytes that claim 16 MiB.
                "1603010004 01ffffff | 2f",
                "1603014001 | 16",
                "474554202f20485454502f312e310d0a | 0a",
                "160200 | 0a",
                // A ServerHello, and a ClientHello without what it should have.
                "1603010004 02000000 | 0a",
            })
    void shouldRefuseAPeerThatBeginsWrongly(String hex, String alert) throws Exception {
        listen(builder -> builder);
        final Peer peer = engines.connect(server);

        peer.send(HexFormat.of().parseHex(hex.replace(" ", "")));

        final byte[] answer = peer.receiveAll();
        assertThat(HexFormat.of().formatHex(answer)).startsWith("15").endsWith("02" + alert);
        assertThat(answer).hasSize(7);
        peer.finish();
        expectNobodyHeard(1);
        assertThat(usedBytes()).isLessThan(1 << 20);
    }

    /** Whatever comes, it ends. */
    @Test
    void shouldSurviveRubbish() throws Exception {
        listen(builder -> builder);
        for (int seed = 0; seed < 24; seed++) {
            final Random random = new Random(seed);
            final byte[] rubbish = new byte[5 + random.nextInt(2000)];
            random.nextBytes(rubbish);
            rubbish[0] = 22;
            rubbish[1] = 3;
            rubbish[2] = 1;
            rubbish[3] = (byte) ((rubbish.length - 5) >> 8);
            rubbish[4] = (byte) (rubbish.length - 5);
            if (seed % 2 == 0 && rubbish.length > 9) {
                rubbish[5] = 1;
                rubbish[6] = 0;
                rubbish[7] = (byte) ((rubbish.length - 9) >> 8);
                rubbish[8] = (byte) (rubbish.length - 9);
            }
            try (Peer peer = Peer.connect(server.address())) {
                peer.send(rubbish).finish();
                peer.receiveAll();
            }
        }
        expectNobodyHeard(24);
    }

    @Test
    void shouldWaitForNoHandshakeLongerThanConfigured() throws Exception {
        listen(builder -> builder.handshakeTimeout(Duration.ofMillis(30)));
        final Peer silent = engines.connect(server);
        // Byte by byte: what counts is the whole handshake.
        final Peer slow = engines.connect(server);
        slow.send(new byte[] {22});

        silent.expectGone();
        slow.expectGone();

        expectNobodyHeard(2);
    }

    /** Whatever server they are with, since it is one machine that they cost; what the program dials by itself goes on. */
    @Test
    void shouldBoundHandshakesUnderWay() throws Exception {
        final Engine engine = engines.engine(builder -> builder.limits(Limits.DEFAULT.withHandshakes(2)));
        listen(engine, builder -> builder);
        final Server first = server;
        final Tls firstTls = tls;
        final Peer waiting = engines.connect(first);
        listen(engine, builder -> builder);
        engines.connect(server);
        EngineFixture.until("two handshakes", () -> engine.handshakes().free() == 0);

        engines.connect(first).expectGone();
        engines.connect(server).expectGone();

        assertThat(engine.limitCounters().handshakes()).isEqualTo(2);
        assertThat(firstTls.stats()).isEqualTo(new TlsStats(0, 0, 0, 1, 1));
        assertThat(tls.stats()).isEqualTo(firstTls.stats());
        final ConnectionOptions client = ConnectionOptions.DEFAULT.withTls(
                Tls.client().provider(provider).trust(IDENTITY.certificate()).build());
        final Server elsewhere = listen(builder -> builder);
        EngineFixture.await(engine.dial(elsewhere.address(), client, new Recorder()));
        server = first;
        waiting.close();
        EngineFixture.until("one less", () -> engine.handshakes().free() == 1);
        try (SslPeer peer = connect()) {
            assertThat(peer.send("room").receiveText(4)).isEqualTo("room");
        }
        EngineFixture.until("that over, too", () -> engine.handshakes().free() == 1);
    }

    private SslPeer connect(String... protocols) throws Exception {
        return SslPeer.connect(
                SslPeer.context(IDENTITY.certificate(), Optional.empty()),
                server,
                protocols.length == 0 ? _ -> {} : SslPeer.protocols(protocols));
    }

    @Test
    void shouldRefuseToRenegotiate() throws Exception {
        listen(builder -> builder);
        try (SslPeer peer = connect("TLSv1.2")) {
            assertThat(peer.send("before").receiveText(6)).isEqualTo("before");

            assertThatThrownBy(() -> {
                        peer.socket().startHandshake();
                        peer.receive(1);
                    })
                    .isInstanceOf(IOException.class)
                    .hasMessageMatching(".*(fatal alert|warning: no_renegotiation).*");
        }
        assertThat(handler.awaitClose().error().orElseThrow()).hasMessageContaining("renegotiate");
    }

    @Test
    void shouldBoundKeyUpdates() throws Exception {
        listen(builder -> builder);
        try (SslPeer peer = connect("TLSv1.3")) {
            for (int i = 0; i < 3; i++) {
                peer.socket().startHandshake();
            }
            assertThat(peer.send("a few are fine").receiveText(14)).isEqualTo("a few are fine");
            for (int i = 0; i < 100; i++) {
                peer.socket().startHandshake();
            }
        } catch (IOException _) {
            // The server has had enough.
        }
        assertThat(handler.awaitClose().error().orElseThrow()).hasMessageContaining("without data");
    }

    /** RFC 5246, 6.2.1, allows them; who sends nothing else keeps the processor busy for nothing. Alerts that are warnings say as little. */
    @Test
    void shouldBoundRecordsWithoutData() throws Exception {
        handler.onData(handler::take);
        listen(builder -> builder);
        int closes = 0;
        for (byte[] content : new byte[][] {{}, {1, 90}}) {
            final int type = content.length == 0 ? ForgedTls.DATA : ForgedTls.ALERT;
            try (ForgedTls client = new ForgedTls(server)) {
                // A few are fine, however often.
                for (int i = 0; i < 20; i++) {
                    client.peer().send(client.records(4, type, content)).send(client.record(ForgedTls.DATA, (byte)
                            'x'));
                }
                assertThat(handler.awaitBytes(20 * (closes + 1))).containsOnly('x');
                client.peer().send(client.records(100, type, content));
                client.peer().receiveUntilGone();
            } catch (IOException _) {
                // The server has had enough in the middle of it.
            }
            closes++;
            assertThat(handler.awaitClose(closes).getLast().kind()).isEqualTo(CloseCause.Kind.ERROR);
        }
        // The second is what OpenSSL says, which counts, too.
        assertThat(handler.causes().getFirst().error().orElseThrow())
                .hasMessageMatching(".*(without data|record too small).*");
    }

    /** What a record costs is memory for what is in it, not for a block. */
    @ParameterizedTest
    @EnumSource
    void shouldTakeTinyRecordsForWhatTheyBring(TlsVersion version) throws Exception {
        final int count = 4_000;
        final long[] used = new long[1];
        handler.onData(connection -> {
            if (connection.reader().readableBytes() >= count) {
                used[0] = usedBytes();
                handler.take(connection);
            }
        });
        listen(builder -> builder);
        try (RecordPeer peer = new RecordPeer(server, IDENTITY, version).shakeHands()) {
            peer.peer().send(peer.records(count, (byte) 'x'));
            assertThat(handler.awaitBytes(count)).hasSize(count).containsOnly('x');
        }
        assertThat(used[0]).isPositive().isLessThan(1 << 20);
    }

    /** Each asks for an answer, and none is one too many in a row. */
    @Test
    void shouldPileUpNothingForAPeerThatChangesKeysWithEachByte() throws Exception {
        final AtomicLong bytes = new AtomicLong();
        handler.onData(connection -> {
            bytes.addAndGet(connection.reader().readableBytes());
            connection.reader().skip(connection.reader().readableBytes());
        });
        listen(builder -> builder);
        try (RecordPeer peer = new RecordPeer(server, IDENTITY, TlsVersion.TLS_1_3).shakeHands()) {
            for (int i = 0; i < 1_000; i++) {
                peer.changeKeys();
                peer.peer().send(peer.record()).send(peer.record((byte) 'x'));
            }
            EngineFixture.until("all that was said", () -> bytes.get() == 1_000);
            assertThat(usedBytes()).isLessThan(1 << 19);
        }
    }

    /** Of what may come before the end of a handshake without being part of it. */
    @ParameterizedTest
    @ValueSource(strings = {"140303000101", "1503030002015a"})
    void shouldEndAHandshakeThatGoesOnForEver(String hex) throws Exception {
        listen(builder -> builder.handshakeTimeout(Duration.ofHours(1)));
        final byte[] one = HexFormat.of().parseHex(hex);
        final byte[] many = new byte[one.length * 1_000];
        for (int at = 0; at < many.length; at += one.length) {
            System.arraycopy(one, 0, many, at, one.length);
        }
        try (RecordPeer peer = new RecordPeer(server, IDENTITY, TlsVersion.TLS_1_3)) {
            peer.peer().send(peer.record());
            for (int i = 0; i < 1_000; i++) {
                peer.peer().send(many);
            }
            peer.peer().receiveUntilGone();
        } catch (IOException _) {
            // The server has had enough in the middle of it.
        }
        expectNobodyHeard(1);
    }

    /** The other way round: a client believes a server no more. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                // Not TLS; a record of 64 KiB; a ServerHello of 16 MiB; an alert; HelloRequest, without having been
                // greeted.
                "485454502f312e3120343030",
                "160303ffff",
                "1603030004 02ffffff",
                "15030300020228",
                ""
            })
    void shouldNotBeFooledByAServer(String hex) throws Exception {
        final Tls client = Tls.client()
                .provider(provider)
                .trust(IDENTITY.certificate())
                .handshakeTimeout(Duration.ofSeconds(10))
                .build();
        try (ServerSocketChannel listening =
                ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            final int port = ((InetSocketAddress) listening.getLocalAddress()).getPort();
            final var dial = engines.engine()
                    .dial(Address.parse("tls://127.0.0.1:" + port), ConnectionOptions.DEFAULT.withTls(client), handler);
            try (Peer peer = Peer.accept(listening)) {
                peer.send(HexFormat.of().parseHex(hex.replace(" ", "")));
                if (hex.isEmpty()) {
                    peer.finish();
                }
                assertThat(EngineFixture.awaitFailure(dial)).isInstanceOf(SSLException.class);
            }
        }
        assertThat(handler.events()).isEmpty();
        assertThat(client.stats().active()).isZero();
    }

    @Test
    void shouldCloseWhenARecordIsForged() throws Exception {
        listen(builder -> builder);
        for (String protocol : new String[] {"TLSv1.2", "TLSv1.3"}) {
            try (Socket below = new Socket("127.0.0.1", server.address().port());
                    SslPeer peer = SslPeer.over(
                            SslPeer.context(IDENTITY.certificate(), Optional.empty()),
                            below,
                            SslPeer.protocols(protocol))) {
                peer.send("x").receiveText(1);
                below.getOutputStream().write(HexFormat.of().parseHex("1703030020" + "00".repeat(32)));
                below.getOutputStream().flush();
                peer.expectFailure("bad_record_mac");
            }
        }
        assertThat(handler.awaitClose(2)).extracting(CloseCause::kind).containsOnly(CloseCause.Kind.ERROR);
    }

    @Test
    void shouldTakeAClientHelloInPieces() throws Exception {
        listen(builder -> builder.identity(NAMED));
        final var context = SslPeer.context(NAMED.certificate(), Optional.empty());
        for (int piece : new int[] {1, 7, 100}) {
            try (Socket below = new Fragmenting("127.0.0.1", server.address().port(), piece);
                    SslPeer peer = SslPeer.over(
                            context,
                            below,
                            parameters -> parameters.setServerNames(List.of(new SNIHostName("www.example.org"))))) {
                assertThat(peer.certificates().getFirst()).isEqualTo(NAMED.certificate());
                assertThat(peer.send("whole").receiveText(5)).isEqualTo("whole");
            }
        }
    }

    @Test
    void shouldTellATruncatedHandshake() throws Exception {
        listen(builder -> builder);

        engines.connect(server)
                .send(HexFormat.of().parseHex("16030100"))
                .finish()
                .expectGone();

        expectNobodyHeard(1);
    }

    /** Cuts its first record, the ClientHello, into records of a few bytes. */
    private static final class Fragmenting extends Socket {
        private final int piece;
        private boolean cut;

        Fragmenting(String host, int port, int piece) throws IOException {
            super(host, port);
            this.piece = piece;
            setTcpNoDelay(true);
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            final OutputStream out = super.getOutputStream();
            return new FilterOutputStream(out) {
                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    if (cut || length < 5 || bytes[offset] != 22) {
                        out.write(bytes, offset, length);
                        return;
                    }
                    cut = true;
                    for (int at = 5; at < length; at += piece) {
                        final int part = Math.min(piece, length - at);
                        out.write(new byte[] {22, 3, 1, (byte) (part >> 8), (byte) part});
                        out.write(bytes, offset + at, part);
                    }
                }
            };
        }
    }
}
