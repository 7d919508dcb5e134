// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.Algorithm;
import io.netty.pkitesting.X509Bundle;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every peer that speaks TLS, against a client of the JDK. */
class TlsPeerTest {
    private static final long SEED = 20261122;
    private static final int SOME_RECORDS = 10 * 16_384 + 1;

    @TempDir
    static Path directory = Path.of("");

    private static X509Bundle bundle;

    @BeforeAll
    static void makeCertificate() throws Exception {
        bundle = new CertificateBuilder()
                .subject("CN=localhost")
                .algorithm(Algorithm.ecp256)
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        Files.writeString(certificate(), bundle.getCertificatePathPEM());
        Files.writeString(key(), bundle.getPrivateKeyPEM());
    }

    private static Path certificate() {
        return directory.resolve("certificate.pem");
    }

    private static Path key() {
        return directory.resolve("key.pem");
    }

    static List<PeerCase> tls() {
        final List<PeerCase> cases = new ArrayList<>();
        for (Peer peer : Peer.values()) {
            for (TlsProvider provider : TlsProvider.values()) {
                if (peer.modes().contains(Mode.TLS)) {
                    cases.add(new PeerCase(
                            peer,
                            Settings.of(Mode.TLS).withTls(new Tls(provider, certificate(), key())),
                            " by " + provider));
                }
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("tls")
    void shouldEchoSomeRecordsOverTls13(PeerCase one) throws Exception {
        final byte[] sent = new byte[SOME_RECORDS];
        new Random(SEED).nextBytes(sent);
        try (PeerServer server = one.start();
                Socket plain = PeerCase.connect(server);
                SSLSocket socket = (SSLSocket) trusting()
                        .getSocketFactory()
                        .createSocket(plain, "localhost", server.address().getPort(), true)) {
            final FutureTask<Void> writer = new FutureTask<>(() -> {
                socket.getOutputStream().write(sent);
                return null;
            });
            socket.startHandshake();
            Thread.ofVirtual().start(writer);
            assertThat(socket.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
            writer.get();
            assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
        }
    }

    @Test
    void shouldSayThatAFileIsMissing() {
        final Tls tls = new Tls(TlsProvider.JDK, directory.resolve("none"), key());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Peer.NETTY_NIO.start(Settings.of(Mode.TLS).withTls(tls)))
                .withMessageContaining("none");
    }

    private static SSLContext trusting() throws Exception {
        final KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("it", bundle.getCertificate());
        final TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        final SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }
}
