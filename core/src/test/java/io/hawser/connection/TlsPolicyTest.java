// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.tls.ClientAuth;
import io.hawser.tls.TestCertificates;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.tls.TlsProvider;
import io.hawser.tls.TlsSession;
import io.hawser.tls.TlsVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Who is let in, who is trusted, and what is agreed on. */
@ParameterizedClass
@MethodSource("io.hawser.connection.TlsWire#all")
final class TlsPolicyTest {
    private static final TlsIdentity ROOT = TestCertificates.root("root");
    private static final TlsIdentity LOCAL = TestCertificates.ec()
            .issuedBy(ROOT)
            .forHost("localhost")
            .forAddress("127.0.0.1")
            .make();

    private final TlsProvider provider;

    @RegisterExtension
    final EngineFixture engines;

    TlsPolicyTest(TlsWire wire) {
        wire.assumeAvailable();
        provider = wire.provider();
        engines = new EngineFixture(wire.transport());
    }

    private Server listen(Engine engine, Tls tls, ConnectionHandler handler) throws IOException {
        return engine.listen(
                Address.parse("tls://127.0.0.1:0"),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(tls)),
                handler);
    }

    private static Connection dial(Engine engine, Server server, Tls tls) throws Exception {
        return dial(engine, server, "127.0.0.1", tls);
    }

    private static Connection dial(Engine engine, Server server, String host, Tls tls) throws Exception {
        return EngineFixture.await(engine.dial(
                Address.parse("tls://" + host + ":" + server.address().port()),
                ConnectionOptions.DEFAULT.withTls(tls),
                Recorder.echo()));
    }

    private static Throwable refusal(Engine engine, Server server, String host, Tls tls) throws Exception {
        return EngineFixture.awaitFailure(engine.dial(
                Address.parse("tls://" + host + ":" + server.address().port()),
                ConnectionOptions.DEFAULT.withTls(tls),
                Recorder.echo()));
    }

    private Tls.Builder trusting() {
        return Tls.client().provider(provider).trust(ROOT.certificate());
    }

    @Test
    void shouldAgreeOnTheProtocolThatTheServerLikesBest() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server = listen(
                engine,
                Tls.server()
                        .provider(provider)
                        .identity(LOCAL)
                        .applicationProtocols("h2", "http/1.1")
                        .build(),
                handler);

        final Connection both = dial(
                engine,
                server,
                trusting().applicationProtocols("http/1.1", "h2").build());
        assertThat(both.tls().orElseThrow().applicationProtocol()).contains("h2");
        assertThat(handler.awaitOpen().tls().orElseThrow().applicationProtocol())
                .contains("h2");
        final Connection none = dial(engine, server, trusting().build());
        assertThat(none.tls().orElseThrow().applicationProtocol()).isEmpty();
        assertThat(refusal(
                        engine,
                        server,
                        "127.0.0.1",
                        trusting().applicationProtocols("spdy/3").build()))
                .hasMessageContaining("no_application_protocol");
    }

    @Test
    void shouldSpeakOtherProtocolsAtAnotherEndpointAndBeOneTlsAllTheSame() throws Exception {
        final Engine engine = engines.engine();
        final Tls tls = Tls.server()
                .provider(provider)
                .identity(TestCertificates.ec()
                        .issuedBy(ROOT)
                        .forHost("localhost")
                        .make())
                .applicationProtocols("h2")
                .build();
        final Tls other = tls.speaking("http/1.1");
        final Server server = listen(engine, other, Recorder.echo());
        final Tls client = trusting().applicationProtocols("h2", "http/1.1").build();

        tls.reload(List.of(LOCAL));

        final Connection connection = dial(engine, server, client);
        assertThat(connection.tls().orElseThrow().applicationProtocol()).contains("http/1.1");
        assertThat(refusal(engine, server, "127.0.0.1", client.speaking("h2")))
                .hasMessageContaining("no_application_protocol");
        assertThat(tls.stats()).isEqualTo(other.stats());
        assertThat(tls.stats().established()).isEqualTo(1);
        assertThat(tls.speaking("h2")).isSameAs(tls);
        assertThatIllegalArgumentException().isThrownBy(() -> tls.speaking(""));
    }

    @Test
    void shouldAgreeOnKeysOverCurvesOnly() throws Exception {
        final Server server = listen(
                engines.engine(),
                Tls.server().provider(provider).identity(LOCAL).build(),
                Recorder.echo());
        final var context = SslPeer.context(ROOT.certificate(), Optional.empty());
        for (String curve : List.of("x25519", "secp256r1", "x448", "secp384r1", "secp521r1")) {
            SslPeer.connect(context, server, parameters -> parameters.setNamedGroups(new String[] {curve}))
                    .close();
        }
        for (String field : List.of("ffdhe2048", "ffdhe8192")) {
            assertThatThrownBy(() -> SslPeer.connect(
                            context, server, parameters -> parameters.setNamedGroups(new String[] {field})))
                    .as(field)
                    .isInstanceOf(SSLException.class);
        }
    }

    @Test
    void shouldShowTheCertificateForTheNameThatIsAskedFor() throws Exception {
        final TlsIdentity exact =
                TestCertificates.rsa().issuedBy(ROOT).forHost("www.example.org").make();
        final TlsIdentity wildcard =
                TestCertificates.ec().issuedBy(ROOT).forHost("*.example.org").make();
        final Server server = listen(
                engines.engine(),
                Tls.server()
                        .provider(provider)
                        .identity(LOCAL)
                        .identity(wildcard)
                        .identity(exact)
                        .build(),
                Recorder.echo());
        final Map<String, TlsIdentity> expected = new LinkedHashMap<>();
        expected.put("www.example.org", exact);
        expected.put("WWW.example.ORG", exact);
        expected.put("mail.example.org", wildcard);
        expected.put("a.b.example.org", LOCAL);
        expected.put("example.org", LOCAL);
        expected.put("other.net", LOCAL);
        final var context = SslPeer.context(ROOT.certificate(), Optional.empty());
        for (Map.Entry<String, TlsIdentity> entry : expected.entrySet()) {
            for (TlsVersion version : TlsVersion.values()) {
                try (SslPeer peer = SslPeer.connect(context, server, parameters -> {
                    parameters.setProtocols(new String[] {version.standardName()});
                    parameters.setServerNames(List.of(new SNIHostName(entry.getKey())));
                })) {
                    assertThat(peer.certificates().getFirst())
                            .as(entry.getKey())
                            .isEqualTo(entry.getValue().certificate());
                }
            }
        }
        try (SslPeer peer = SslPeer.connect(context, server, _ -> {})) {
            assertThat(peer.certificates().getFirst()).isEqualTo(LOCAL.certificate());
        }
    }

    @Test
    void shouldTellTheNameThatWasAskedFor() throws Exception {
        final Engine engine = engines.engine();
        final Recorder handler = Recorder.echo();
        final Server server =
                listen(engine, Tls.server().provider(provider).identity(LOCAL).build(), handler);

        dial(engine, server, "localhost", trusting().build());

        assertThat(handler.awaitOpen().tls().orElseThrow().serverName()).contains("localhost");
    }

    @Test
    void shouldTrustTheRootsOfTheJdkByDefault() throws Exception {
        final Engine engine = engines.engine();
        final Server server =
                listen(engine, Tls.server().provider(provider).identity(LOCAL).build(), Recorder.echo());

        assertThat(EngineFixture.awaitFailure(engine.dial(server.address().toString(), Recorder.echo())))
                .hasMessageContaining("unable to find valid certification path");
    }

    @Test
    void shouldReloadWithoutTouchingWhatIsOpen() throws Exception {
        final Engine engine = engines.engine();
        final Path file = engines.directory().resolve("server.pem");
        TestCertificates.write(LOCAL, file);
        final Tls tls = Tls.server().provider(provider).certificate(file, file).build();
        final Server server = listen(engine, tls, Recorder.echo());
        final Connection before = dial(engine, server, trusting().build());
        final TlsIdentity next =
                TestCertificates.rsa().issuedBy(ROOT).forAddress("127.0.0.1").make();

        Files.writeString(file, "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n");
        assertThatThrownBy(tls::reload).isInstanceOf(IOException.class).hasMessageContaining("server.pem");
        assertThat(shown(dial(engine, server, trusting().build()))).isEqualTo(LOCAL.certificate());

        TestCertificates.write(next, file);
        tls.reload();
        assertThat(shown(dial(engine, server, trusting().build()))).isEqualTo(next.certificate());
        assertThat(before.isOpen()).isTrue();

        tls.reload(List.of(LOCAL));
        assertThat(shown(dial(engine, server, trusting().build()))).isEqualTo(LOCAL.certificate());
        // A key of somebody else.
        Files.writeString(
                file, Tls.pem(new TlsIdentity(LOCAL.chain(), Tls.selfSigned().key())));
        assertThatThrownBy(() ->
                        Tls.server().provider(provider).certificate(file, file).build())
                .hasMessageContaining("the key is not that of the certificate");
    }

    private static X509Certificate shown(Connection connection) {
        return connection.tls().orElseThrow().peerCertificates().getFirst();
    }

    @Test
    void shouldResumeSessions() throws Exception {
        final Engine engine = engines.engine();
        for (TlsVersion version : TlsVersion.values()) {
            final Tls serverTls = Tls.server()
                    .provider(provider)
                    .identity(LOCAL)
                    .versions(version)
                    .build();
            final Tls clientTls = trusting().build();
            final Server server = listen(engine, serverTls, Recorder.echo());
            for (int i = 0; i < 2; i++) {
                final Recorder handler = new Recorder();
                final Connection connection = EngineFixture.await(
                        engine.dial(server.address(), ConnectionOptions.DEFAULT.withTls(clientTls), handler));
                // The ticket of TLS 1.3 comes before the answer.
                connection.execute(() -> connection.writer().writeString("x"));
                handler.awaitText(1);
                final TlsSession session = connection.tls().orElseThrow();
                assertThat(session.resumed()).as("%s, %d", version, i).isEqualTo(i > 0);
                assertThat(session.peerCertificates()).isNotEmpty();
                connection.close();
                handler.awaitClose();
            }
            assertThat(clientTls.stats().resumed()).isEqualTo(1);
            assertThat(serverTls.stats().resumed()).isEqualTo(1);
            assertThat(serverTls.stats().established()).isEqualTo(2);
        }
    }

    @Test
    void shouldSayWhatIsMissing() throws Exception {
        final Engine engine = engines.engine();

        assertThatThrownBy(() -> engine.listen("tls://127.0.0.1:0", Recorder.echo()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Tls.server()");
        assertThatThrownBy(() -> listen(engine, trusting().build(), Recorder.echo()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> engine.dial(
                        Address.parse("tls://127.0.0.1:1"),
                        ConnectionOptions.DEFAULT.withTls(
                                Tls.server().provider(provider).identity(LOCAL).build()),
                        Recorder.echo()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tls.server().provider(provider).build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("identity");
        assertThatThrownBy(() -> Tls.server()
                        .provider(provider)
                        .identity(LOCAL)
                        .clientAuth(ClientAuth.WANT)
                        .build())
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Tls.server()
                        .provider(provider)
                        .identity(LOCAL)
                        .cipherSuites("TLS_NULL")
                        .build())
                .hasMessageContaining("TLS_NULL");
    }
}
