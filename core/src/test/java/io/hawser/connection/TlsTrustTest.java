// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.tls.ClientAuth;
import io.hawser.tls.TestCertificates;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.tls.TlsProvider;
import io.hawser.tls.TlsVersion;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Peers that show certificates which should not be trusted, or none, on every transport, by every library. */
@ParameterizedClass
@MethodSource("io.hawser.connection.TlsWire#all")
final class TlsTrustTest {
    private static final TlsIdentity ROOT = TestCertificates.root("root");
    private static final TlsIdentity LOCAL = TestCertificates.ec()
            .issuedBy(ROOT)
            .forHost("localhost")
            .forAddress("127.0.0.1")
            .make();
    private static final TlsIdentity OF_ANOTHER_HOST =
            TestCertificates.ec().issuedBy(ROOT).forHost("example.org").make();
    private static final TlsIdentity CHAINED = TestCertificates.ed25519()
            .issuedBy(TestCertificates.ec()
                    .authority()
                    .named("intermediate")
                    .issuedBy(ROOT)
                    .make())
            .forHost("localhost")
            .make();
    private static final TlsIdentity CLIENT =
            TestCertificates.ec().issuedBy(ROOT).named("client").make();
    private static final TlsIdentity STRANGER = TestCertificates.ec()
            .issuedBy(TestCertificates.root("another root"))
            .make();
    /** Servers' for localhost, by what is wrong with them. */
    private static final Map<String, TlsIdentity> BAD = bad();

    private final TlsWire wire;
    private final TlsProvider provider;

    @RegisterExtension
    final EngineFixture engines;

    TlsTrustTest(TlsWire wire) {
        this.wire = wire;
        provider = wire.provider();
        engines = new EngineFixture(wire.transport());
    }

    private static Map<String, TlsIdentity> bad() {
        final Map<String, TlsIdentity> bad = new LinkedHashMap<>();
        bad.put(
                "expired",
                TestCertificates.ec()
                        .issuedBy(ROOT)
                        .expired()
                        .forHost("localhost")
                        .make());
        bad.put(
                "not yet valid",
                TestCertificates.ec()
                        .issuedBy(ROOT)
                        .notYetValid()
                        .forHost("localhost")
                        .make());
        bad.put("of another host", OF_ANOTHER_HOST);
        bad.put("self-signed", Tls.selfSigned());
        bad.put(
                "of another root",
                TestCertificates.ec()
                        .issuedBy(TestCertificates.root("root"))
                        .forHost("localhost")
                        .make());
        bad.put(
                "issued by who is no authority",
                TestCertificates.ec().issuedBy(LOCAL).forHost("localhost").make());
        return bad;
    }

    @BeforeEach
    void needBoth() {
        wire.assumeAvailable();
    }

    private Server listen(Engine engine, Tls tls, ConnectionHandler handler) throws IOException {
        return engine.listen(
                Address.parse("tls://127.0.0.1:0"),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(tls)),
                engines.watched(handler));
    }

    private Server listen(Engine engine, TlsIdentity identity) throws IOException {
        return listen(engine, Tls.server().provider(provider).identity(identity).build(), Recorder.echo());
    }

    private static Address at(Server server, String host) {
        return Address.parse("tls://" + host + ":" + server.address().port());
    }

    private static Connection dial(Engine engine, Server server, String host, Tls tls) throws Exception {
        return EngineFixture.await(
                engine.dial(at(server, host), ConnectionOptions.DEFAULT.withTls(tls), Recorder.echo()));
    }

    private static Throwable refusal(Engine engine, Server server, String host, Tls tls) throws Exception {
        return EngineFixture.awaitFailure(
                engine.dial(at(server, host), ConnectionOptions.DEFAULT.withTls(tls), Recorder.echo()));
    }

    private Tls.Builder trusting() {
        return Tls.client().provider(provider).trust(ROOT.certificate());
    }

    @Test
    void shouldTrustNoServerThatItShouldNot() throws Exception {
        final Engine engine = engines.engine();
        final Tls careful = trusting().build();
        final Tls insecure =
                Tls.client().provider(provider).insecurelyTrustAnyServer().build();
        for (Map.Entry<String, TlsIdentity> entry : BAD.entrySet()) {
            final Server server = listen(engine, entry.getValue());
            assertThat(refusal(engine, server, "localhost", careful))
                    .as(entry.getKey())
                    .isInstanceOf(IOException.class);
            assertThat(dial(engine, server, "localhost", insecure).tls())
                    .as("%s, insecurely", entry.getKey())
                    .isPresent();
        }
        assertThat(careful.stats().failed()).isEqualTo(BAD.size());
        final Server other = listen(engine, OF_ANOTHER_HOST);
        assertThat(refusal(engine, other, "127.0.0.1", careful)).isInstanceOf(IOException.class);
        dial(engine, other, "127.0.0.1", trusting().insecurelyIgnoreHost().build());
        assertThat(dial(engine, listen(engine, CHAINED), "localhost", careful)
                        .tls()
                        .orElseThrow()
                        .peerCertificates())
                .hasSize(2);
    }

    @Test
    void shouldVerifyClients() throws Exception {
        final Engine engine = engines.engine();
        for (TlsVersion version : TlsVersion.values()) {
            final Recorder handler = new Recorder();
            final Server server = listen(
                    engine,
                    Tls.server()
                            .provider(provider)
                            .identity(LOCAL)
                            .trust(ROOT.certificate())
                            .clientAuth(ClientAuth.REQUIRE)
                            .versions(version)
                            .build(),
                    handler);

            final Connection known = dial(
                    engine, server, "127.0.0.1", trusting().identity(CLIENT).build());
            assertThat(handler.awaitOpen().tls().orElseThrow().peerCertificates())
                    .first()
                    .isEqualTo(CLIENT.certificate());
            assertThat(known.tls().orElseThrow().version()).isEqualTo(version);
            expectRefusal(engine, server, trusting().build());
            expectRefusal(engine, server, trusting().identity(STRANGER).build());
            assertThat(handler.opened()).hasSize(1);
        }
        final Recorder handler = new Recorder();
        final Server server = listen(
                engine,
                Tls.server()
                        .provider(provider)
                        .identity(LOCAL)
                        .trust(ROOT.certificate())
                        .clientAuth(ClientAuth.WANT)
                        .build(),
                handler);
        dial(engine, server, "127.0.0.1", trusting().build());
        assertThat(handler.awaitOpen().tls().orElseThrow().peerCertificates()).isEmpty();
        expectRefusal(engine, server, trusting().identity(STRANGER).build());
    }

    /** In TLS 1.3 a client is done before the server has seen its certificate. */
    private static void expectRefusal(Engine engine, Server server, Tls tls) throws Exception {
        final Recorder handler = new Recorder();
        final var dial = engine.dial(server.address(), ConnectionOptions.DEFAULT.withTls(tls), handler);
        final Throwable cause = EngineFixture.await(dial.handle((_, failure) -> Optional.ofNullable(failure)))
                .orElseGet(() -> handler.awaitClose().error().orElseThrow());
        assertThat(cause).hasMessageMatching(".*(fatal alert|warning: no_renegotiation).*");
    }
}
