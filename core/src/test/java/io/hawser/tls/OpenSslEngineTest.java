// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.LeakCheck;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.tls.openssl.Live;
import java.nio.ByteBuffer;
import java.security.PrivateKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** OpenSSL's engine alone, in memory: against itself and against the JDK's, and what only a library outside of the JVM can do wrong. */
class OpenSslEngineTest {
    private static final int[] SIZES = {1, 100, 16 * 1024, 16 * 1024 + 1, 200_000};
    private static final TlsIdentity ROOT = TestCertificates.root("root");
    private static final TlsIdentity EC =
            TestCertificates.ec().issuedBy(ROOT).forHost("a.test").make();
    private static final TlsIdentity RSA =
            TestCertificates.rsa().issuedBy(ROOT).forHost("a.test").make();
    private static final TlsIdentity OTHER =
            TestCertificates.ec().issuedBy(ROOT).forHost("*.b.test").make();
    private static final TlsIdentity ED25519 =
            TestCertificates.ed25519().issuedBy(ROOT).named("client").make();

    @RegisterExtension
    final LeakCheck memory = new LeakCheck();

    private int connectionsBefore;

    @BeforeEach
    void needOpenSsl() {
        assumeThat(OpenSslLibrary.INSTANCE.unavailable()).isEmpty();
        connectionsBefore = Live.connections();
    }

    @AfterEach
    void shouldFreeEveryConnection() {
        assertThat(Live.connections()).isEqualTo(connectionsBefore);
    }

    private static TlsSettings server(List<TlsVersion> versions, ClientAuth auth, TlsIdentity... identities) {
        return settings(false, versions, auth, 100, List.of(identities));
    }

    private static TlsSettings client(List<TlsVersion> versions, TlsIdentity... identities) {
        return settings(true, versions, ClientAuth.NONE, 100, List.of(identities));
    }

    private static TlsSettings settings(
            boolean client, List<TlsVersion> versions, ClientAuth auth, int cache, List<TlsIdentity> identities) {
        return new TlsSettings(
                client,
                versions,
                List.of(),
                List.of("h2", "http/1.1"),
                identities,
                List.of(ROOT.certificate()),
                List.of(),
                auth,
                true,
                true,
                cache,
                Duration.ofHours(1));
    }

    private EnginePair pair(TlsContext clients, TlsContext servers) throws SSLException {
        return new EnginePair(clients, servers, "a.test", memory.pool());
    }

    private static byte[] random(int length) {
        final byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    static Stream<Arguments> libraries() {
        final List<Arguments> all = new ArrayList<>();
        for (TlsVersion version : TlsVersion.values()) {
            all.add(Arguments.of(OpenSslLibrary.INSTANCE, OpenSslLibrary.INSTANCE, version));
            all.add(Arguments.of(OpenSslLibrary.INSTANCE, JdkLibrary.INSTANCE, version));
            all.add(Arguments.of(JdkLibrary.INSTANCE, OpenSslLibrary.INSTANCE, version));
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void shouldCarryEveryByteHoweverItIsCut(TlsLibrary clients, TlsLibrary servers, TlsVersion version)
            throws SSLException {
        final TlsContext client = clients.context(client(List.of(version), ED25519));
        final TlsContext server = servers.context(server(List.of(version), ClientAuth.REQUIRE, EC));
        for (boolean cut : new boolean[] {false, true}) {
            try (EnginePair pair = pair(client, server)) {
                if (cut) {
                    pair.cutBy(42);
                }
                pair.settle();
                for (int size : SIZES) {
                    assertThat(pair.toServer(random(size), size)).isEqualTo(random(size));
                    assertThat(pair.toClient(random(size), size)).isEqualTo(random(size));
                }
                assertThat(pair.client.session().version()).isEqualTo(version);
                assertThat(pair.client.session().applicationProtocol()).contains("h2");
                assertThat(pair.client.session().cipherSuite())
                        .isEqualTo(pair.server.session().cipherSuite());
                assertThat(pair.client.session().peerCertificates()).first().isEqualTo(EC.certificate());
                assertThat(pair.server.session().peerCertificates()).first().isEqualTo(ED25519.certificate());
                assertThat(pair.server.session().serverName()).contains("a.test");
                assertThat(pair.server.session().resumed()).isEqualTo(cut);
                assertThat(pair.client.session().resumed()).isEqualTo(cut);
                pair.client.closeOutput(pair.toServer);
                pair.settle();
                assertThat(pair.server.isInputClosed()).isTrue();
                assertThat(pair.client.isInputClosed()).isEqualTo(version == TlsVersion.TLS_1_2);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void shouldBeWhoItIsAskedFor(TlsVersion version) throws SSLException {
        final TlsContext server = new OpenSslContext(server(List.of(version), ClientAuth.NONE, RSA, EC, OTHER));
        for (String host : List.of("a.test", "x.b.test")) {
            final TlsContext client = new OpenSslContext(client(List.of(version)));
            try (EnginePair pair = new EnginePair(client, server, host, memory.pool()).settle()) {
                assertThat(pair.client.session().peerCertificates())
                        .first()
                        .isIn(
                                host.equals("a.test")
                                        ? List.of(RSA.certificate(), EC.certificate())
                                        : List.of(OTHER.certificate()));
            }
        }
    }

    @Test
    void shouldUseATicketOfTls13Once() throws SSLException {
        final TlsContext server = new OpenSslContext(server(List.of(TlsVersion.TLS_1_3), ClientAuth.NONE, EC));
        final TlsContext client = new OpenSslContext(client(List.of(TlsVersion.TLS_1_3)));
        pair(client, server).settle().close();
        // OpenSSL's server sends two.
        try (EnginePair first = pair(client, server);
                EnginePair second = pair(client, server);
                EnginePair third = pair(client, server)) {
            assertThat(List.of(first, second, third))
                    .map(pair -> pair.settle().client.session().resumed())
                    .containsExactly(true, true, false);
        }
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void shouldKeepNoMoreSessionsThanItMay(TlsVersion version) throws SSLException {
        final TlsContext server = new OpenSslContext(server(
                List.of(version),
                ClientAuth.NONE,
                TestCertificates.ec().issuedBy(ROOT).forHost("*.c.test").make()));
        final TlsContext client = new OpenSslContext(settings(true, List.of(version), ClientAuth.NONE, 3, List.of()));
        final int before = Live.sessions();
        for (int i = 0; i < 5; i++) {
            new EnginePair(client, server, "h" + i + ".c.test", memory.pool())
                    .settle()
                    .close();
        }
        assertThat(Live.sessions() - before).isEqualTo(3);
        try (EnginePair youngest = new EnginePair(client, server, "h4.c.test", memory.pool()).settle();
                EnginePair oldest = new EnginePair(client, server, "h0.c.test", memory.pool()).settle()) {
            assertThat(youngest.client.session().resumed()).isTrue();
            assertThat(oldest.client.session().resumed()).isFalse();
        }
    }

    @Test
    void shouldFreeAContextWhenNobodyHoldsIt() throws SSLException {
        // Others in this JVM may hold some, or let go of them meanwhile.
        final int contexts = Live.contexts();
        final int certificates = Live.certificates();
        final int sessions = Live.sessions();
        for (int i = 0; i < 20; i++) {
            final TlsContext server = new OpenSslContext(server(List.of(TlsVersion.values()), ClientAuth.WANT, EC));
            pair(new OpenSslContext(client(List.of(TlsVersion.values()))), server)
                    .settle()
                    .close();
        }
        for (int i = 0; i < 500 && (Live.contexts() > contexts || Live.certificates() > certificates); i++) {
            System.gc();
        }
        assertThat(Live.contexts()).isLessThanOrEqualTo(contexts);
        assertThat(Live.sessions()).isLessThanOrEqualTo(sessions);
        assertThat(Live.certificates()).isLessThanOrEqualTo(certificates);
    }

    @Test
    void shouldFreeWhatItHasMadeOfSettingsThatItDoesNotTake() {
        final int contexts = Live.contexts();
        final int certificates = Live.certificates();
        final TlsSettings odd = new TlsSettings(
                false,
                List.of(TlsVersion.TLS_1_2),
                List.of("TLS_NO_SUCH_WITH_THING"),
                List.of(),
                List.of(EC),
                List.of(),
                List.of(),
                ClientAuth.NONE,
                true,
                true,
                1,
                Duration.ofSeconds(1));
        assertThatThrownBy(() -> new OpenSslContext(odd))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("TLS_NO_SUCH_WITH_THING");
        final TlsSettings mismatched =
                server(List.of(TlsVersion.TLS_1_3), ClientAuth.NONE, EC, new TlsIdentity(EC.chain(), OTHER.key()));
        assertThatThrownBy(() -> new OpenSslContext(mismatched)).isInstanceOf(SSLException.class);
        assertThat(Live.contexts()).isLessThanOrEqualTo(contexts);
        assertThat(Live.certificates()).isLessThanOrEqualTo(certificates);
    }

    @Test
    void shouldRefuseAllOnceItIsClosed() throws SSLException {
        final EnginePair pair = pair(
                new OpenSslContext(client(List.of(TlsVersion.TLS_1_3))),
                new OpenSslContext(server(List.of(TlsVersion.TLS_1_3), ClientAuth.NONE, EC)));
        pair.settle();
        pair.client.close();
        assertThatThrownBy(() -> pair.client.receive(pair.toClient, pair.atClient, pair.toServer))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pair.client.closeOutput(pair.toServer)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(pair.client::session).isInstanceOf(IllegalStateException.class);
        pair.close();
    }

    @Test
    void shouldFailWhenThereIsNoMemoryForWhatItSends() throws SSLException {
        final byte[] much = random(64 * 1024);
        try (BlockPool small = new BlockPool(1 << 20);
                EnginePair pair = new EnginePair(
                                new OpenSslContext(client(List.of(TlsVersion.TLS_1_3))),
                                new OpenSslContext(server(List.of(TlsVersion.TLS_1_3), ClientAuth.NONE, EC)),
                                "a.test",
                                small)
                        .settle();
                Buffer plaintext = new Buffer(memory.pool())) {
            plaintext.writeBytes(much);
            assertThatThrownBy(() -> {
                        while (true) {
                            pair.client.send(plaintext, pair.toServer);
                        }
                    })
                    .isInstanceOf(SSLException.class)
                    .hasCauseInstanceOf(PoolExhaustedException.class);
        }
    }

    @Test
    void shouldSayWhatItDidNotUnderstand() throws SSLException {
        final OpenSslContext server = new OpenSslContext(server(List.of(TlsVersion.TLS_1_3), ClientAuth.NONE, EC));
        try (TlsEngine engine = server.engine(Optional.empty(), memory.pool());
                Buffer in = new Buffer(memory.pool());
                Buffer out = new Buffer(memory.pool())) {
            in.writeBytes("GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            assertThatThrownBy(() -> engine.receive(in, out, out))
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("http request");
        }
    }

    /** Records that are not those of TLS, or that somebody has changed. */
    @Test
    void shouldFailOnWhateverIsNoRecord() throws SSLException {
        final Random random = new Random(7);
        final OpenSslContext server = new OpenSslContext(server(List.of(TlsVersion.values()), ClientAuth.NONE, EC));
        final OpenSslContext client = new OpenSslContext(client(List.of(TlsVersion.values())));
        for (int i = 0; i < 300; i++) {
            try (EnginePair pair = pair(client, server)) {
                if (i % 2 == 0) {
                    pair.settle();
                }
                final byte[] garbage = random(200 + random.nextInt(200));
                random.nextBytes(garbage);
                // Sometimes it looks like a record at first.
                garbage[0] = (byte) (19 + random.nextInt(6));
                garbage[1] = 3;
                garbage[2] = 3;
                garbage[3] = 0;
                garbage[4] = (byte) random.nextInt(100);
                pair.toServer.writeBytes(garbage);
                assertThatThrownBy(pair::settle).isInstanceOf(SSLException.class);
            }
        }
    }

    // ---- a peer that does what no engine of ours does

    @Test
    void shouldEndAPeerThatKeepsChangingKeys() throws Exception {
        try (Stranger stranger = new Stranger(TlsVersion.TLS_1_3, memory.pool())) {
            stranger.shakeHands();
            // Some are all right.
            for (int i = 0; i < 4; i++) {
                stranger.beginAgain();
            }
            assertThat(stranger.say("still here")).isEqualTo("still here");
            assertThatThrownBy(() -> {
                        for (int i = 0; i <= TlsSettings.MAX_EMPTY_RECORDS; i++) {
                            stranger.beginAgain();
                        }
                    })
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("without data");
        }
    }

    @Test
    void shouldNotRenegotiate() throws Exception {
        try (Stranger stranger = new Stranger(TlsVersion.TLS_1_2, memory.pool())) {
            stranger.shakeHands();
            assertThat(stranger.say("hello")).isEqualTo("hello");
            assertThatThrownBy(stranger::beginAgain)
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("renegotiate");
        }
    }

    /** The JDK's engine as a client, which can be told to begin again: in TLS 1.2 that is a renegotiation, in TLS 1.3 a KeyUpdate. */
    private static final class Stranger implements AutoCloseable {
        private static final int BYTES = 40_000;

        private final TlsEngine server;
        private final SSLEngine client;
        private final Buffer in;
        private final Buffer plaintext;
        private final Buffer out;
        private final ByteBuffer record = ByteBuffer.allocate(BYTES);
        private final ByteBuffer received = ByteBuffer.allocate(BYTES);

        Stranger(TlsVersion version, BlockPool blocks) throws Exception {
            in = new Buffer(blocks);
            plaintext = new Buffer(blocks);
            out = new Buffer(blocks);
            server = new OpenSslContext(server(List.of(version), ClientAuth.NONE, EC)).engine(Optional.empty(), blocks);
            final SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustsAnyone()}, null);
            client = context.createSSLEngine();
            client.setUseClientMode(true);
            client.setEnabledProtocols(new String[] {version.standardName()});
            client.beginHandshake();
        }

        void shakeHands() throws SSLException {
            while (!server.isEstablished() || client.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
                exchange();
            }
        }

        void beginAgain() throws SSLException {
            client.beginHandshake();
            exchange();
        }

        String say(String words) throws SSLException {
            client.wrap(ByteBuffer.wrap(words.getBytes(java.nio.charset.StandardCharsets.UTF_8)), record.clear());
            in.write(record.flip());
            exchange();
            return new String(
                    plaintext.readBytes((int) plaintext.readableBytes()), java.nio.charset.StandardCharsets.UTF_8);
        }

        private void exchange() throws SSLException {
            while (client.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                client.wrap(ByteBuffer.allocate(0), record.clear());
                in.write(record.flip());
            }
            server.receive(in, plaintext, out);
            final ByteBuffer answer = ByteBuffer.wrap(out.readBytes((int) out.readableBytes()));
            while (answer.hasRemaining()) {
                client.unwrap(answer, received.clear());
                for (Runnable task = client.getDelegatedTask(); task != null; task = client.getDelegatedTask()) {
                    task.run();
                }
                if (client.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                    client.wrap(ByteBuffer.allocate(0), record.clear());
                    in.write(record.flip());
                }
            }
        }

        @Override
        public void close() {
            server.close();
            in.close();
            plaintext.close();
            out.close();
        }
    }

    // ---- the probe

    @Test
    void shouldSayWhyALibraryIsNotUsed() {
        assertThat(TlsProbe.exchange(_ -> {
                    throw new SSLException("no such thing");
                }))
                .hasValueSatisfying(reason -> assertThat(reason).contains("no such thing"));
        assertThat(TlsProbe.exchange(JdkContext::new)).isEmpty();
    }

    @Test
    void shouldLeaveToTheJdkWhatOnlyThatCanDo() throws SSLException {
        final PrivateKey kept = new PrivateKey() {
            @Override
            public String getAlgorithm() {
                return "EC";
            }

            @Override
            public @Nullable String getFormat() {
                return null;
            }

            @Override
            public byte @Nullable [] getEncoded() {
                return null;
            }
        };
        final TlsSettings settings =
                server(List.of(TlsVersion.TLS_1_3), ClientAuth.NONE, new TlsIdentity(EC.chain(), kept));
        assertThat(TlsLibraries.choose(TlsProvider.AUTO).context(settings).library())
                .startsWith("JDK");
        assertThatThrownBy(() -> TlsLibraries.choose(TlsProvider.OPENSSL).context(settings))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("the key");
        assertThat(TlsLibraries.choose(TlsProvider.AUTO)
                        .context(server(List.of(TlsVersion.TLS_1_3), ClientAuth.NONE, EC))
                        .library())
                .startsWith("OpenSSL 3");
    }
}
