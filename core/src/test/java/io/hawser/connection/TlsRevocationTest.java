// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.tls.ClientAuth;
import io.hawser.tls.TestCertificates;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.tls.TlsProvider;
import io.hawser.tls.TlsVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Certificates whose issuer has taken them back. */
@ParameterizedClass
@MethodSource("io.hawser.connection.TlsWire#all")
final class TlsRevocationTest {
    private static final TlsIdentity ROOT = TestCertificates.root("root");
    private static final TlsIdentity INTERMEDIATE = TestCertificates.ec()
            .authority()
            .named("intermediate")
            .issuedBy(ROOT)
            .make();
    private static final TlsIdentity GOOD = host(ROOT);
    private static final TlsIdentity REVOKED = host(ROOT);
    private static final TlsIdentity CHAINED = host(INTERMEDIATE);
    private static final X509CRL OF_ROOT = TestCertificates.revocations(ROOT, inDays(1), REVOKED.certificate());

    private final TlsProvider provider;

    @RegisterExtension
    final EngineFixture engines;

    TlsRevocationTest(TlsWire wire) {
        wire.assumeAvailable();
        provider = wire.provider();
        engines = new EngineFixture(wire.transport());
    }

    private static Instant inDays(int days) {
        return Instant.now().plus(Duration.ofDays(days));
    }

    private static TlsIdentity host(TlsIdentity issuer) {
        return TestCertificates.ec().issuedBy(issuer).forAddress("127.0.0.1").make();
    }

    private Tls.Builder server(TlsIdentity identity) {
        return Tls.server().provider(provider).identity(identity);
    }

    private Tls.Builder client() {
        return Tls.client().provider(provider).trust(ROOT.certificate());
    }

    private Address listen(Engine engine, Tls tls) throws IOException {
        return engine.listen(
                        Address.parse("tls://127.0.0.1:0"),
                        ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(tls)),
                        Recorder.echo())
                .address();
    }

    /** Whether an echo comes back: in TLS 1.3 a client is done before the server has seen its certificate. */
    private static boolean isServed(Engine engine, Address server, Tls tls) throws Exception {
        final CompletableFuture<Boolean> served = new CompletableFuture<>();
        final ConnectionHandler handler = new ConnectionHandler() {
            @Override
            public void onOpen(Connection connection) {
                connection.writer().writeString("x");
            }

            @Override
            public void onData(Connection connection) {
                served.complete(true);
            }

            @Override
            public void onClose(Connection connection, CloseCause cause) {
                served.complete(false);
            }
        };
        final Connection connection;
        try {
            connection = EngineFixture.await(engine.dial(server, ConnectionOptions.DEFAULT.withTls(tls), handler));
        } catch (ExecutionException e) {
            assertThat(e).hasMessageMatching("(?is).*(revo|fatal alert).*");
            return false;
        }
        final boolean was = EngineFixture.await(served);
        connection.abort();
        return was;
    }

    @Test
    void shouldTrustNoServerWhoseCertificateWasRevoked() throws Exception {
        final Engine engine = engines.engine();
        final Address good = listen(engine, server(GOOD).build());
        final Address revoked = listen(engine, server(REVOKED).build());
        final Tls asks = client().revocations(OF_ROOT).build();

        assertThat(isServed(engine, good, asks)).isTrue();
        assertThat(isServed(engine, revoked, asks)).isFalse();
        // Who asks nobody does not learn of it.
        assertThat(isServed(engine, revoked, client().build())).isTrue();
    }

    @Test
    void shouldTrustNoClientWhoseCertificateWasRevoked() throws Exception {
        final Engine engine = engines.engine();
        for (TlsVersion version : TlsVersion.values()) {
            final Address server = listen(
                    engine,
                    server(GOOD)
                            .trust(ROOT.certificate())
                            .clientAuth(ClientAuth.REQUIRE)
                            .revocations(OF_ROOT)
                            .versions(version)
                            .build());

            assertThat(isServed(engine, server, client().identity(GOOD).build()))
                    .isTrue();
            assertThat(isServed(engine, server, client().identity(REVOKED).build()))
                    .isFalse();
        }
    }

    @Test
    void shouldAskAboutEachCertificateOnTheWayToTheRoot() throws Exception {
        final Engine engine = engines.engine();
        final Address chained = listen(engine, server(CHAINED).build());
        final X509CRL ofIntermediate = TestCertificates.revocations(INTERMEDIATE, inDays(1));

        assertThat(isServed(
                        engine,
                        chained,
                        client().revocations(OF_ROOT, ofIntermediate).build()))
                .isTrue();
        assertThat(isServed(engine, chained, client().revocations(OF_ROOT).build()))
                .isFalse();
        assertThat(isServed(
                        engine,
                        chained,
                        client().revocations(
                                        TestCertificates.revocations(ROOT, inDays(1), INTERMEDIATE.certificate()),
                                        ofIntermediate)
                                .build()))
                .isFalse();
    }

    @Test
    void shouldBelieveNoListThatIsOutOfDateOrOfSomebodyElse() throws Exception {
        final Engine engine = engines.engine();
        final Address good = listen(engine, server(GOOD).build());

        assertThat(isServed(
                        engine,
                        good,
                        client().revocations(TestCertificates.revocations(ROOT, inDays(-1)))
                                .build()))
                .isFalse();
        assertThat(isServed(
                        engine,
                        good,
                        client().revocations(TestCertificates.revocations(TestCertificates.root("root"), inDays(1)))
                                .build()))
                .isFalse();
    }

    @Test
    void shouldReadListsFromFilesAndAgainWhenReloaded() throws Exception {
        final Engine engine = engines.engine();
        final Address good = listen(engine, server(GOOD).build());
        final Path file = engines.directory().resolve("root.crl");
        Files.write(file, OF_ROOT.getEncoded());
        final Tls tls = client().revocations(file).build();
        assertThat(isServed(engine, good, tls)).isTrue();

        final X509CRL later = TestCertificates.revocations(ROOT, inDays(1), GOOD.certificate());
        Files.writeString(
                file,
                "-----BEGIN X509 CRL-----\n" + Base64.getMimeEncoder().encodeToString(later.getEncoded())
                        + "\n-----END X509 CRL-----\n");
        tls.reload();
        assertThat(isServed(engine, good, tls)).isFalse();

        Files.writeString(file, "nothing of the sort");
        assertThatThrownBy(tls::reload).isInstanceOf(IOException.class).hasMessageContaining("root.crl");
        assertThat(isServed(engine, good, tls)).isFalse();
    }
}
