// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.tls.TestCertificates;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsCommandsTest {
    private static final String[] FEW = {
        "--connections", "2", "--requests", "20", "--size", "100", "--tls-provider", "jdk"
    };

    @TempDir
    private Path directory;

    private static Cli.Ended bench(String address, String... options) throws Exception {
        final String[] args = new String[2 + FEW.length + options.length];
        args[0] = "bench";
        args[1] = address;
        System.arraycopy(FEW, 0, args, 2, FEW.length);
        System.arraycopy(options, 0, args, 2 + FEW.length, options.length);
        return Cli.run(args);
    }

    @Test
    void shouldServeWithACertificateThatIsMadeUp() throws Exception {
        try (Cli serve = Cli.start("serve", "tls://127.0.0.1:0", "--self-signed", "--loops", "1")) {
            final String address = serve.nextListening();
            assertThat(address).startsWith("tls://127.0.0.1:");

            assertThat(bench(address, "--insecure").exitCode()).isZero();
            final Cli.Ended careful = bench(address);

            assertThat(careful.exitCode()).isEqualTo(1);
            assertThat(careful.err()).contains("unable to find valid certification path");
            assertThat(serve.stop().ended().err()).contains("self-signed certificate, SHA-256 ");
        }
    }

    @Test
    void shouldForwardFromTlsToTls() throws Exception {
        final TlsIdentity identity = Tls.selfSigned();
        final Path file = Files.writeString(directory.resolve("server.pem"), Tls.pem(identity));
        final String pem = file.toString();
        try (Cli serve = Cli.start("serve", "tls://127.0.0.1:0", "--cert", pem, "--key", pem, "--loops", "1");
                Cli proxy = Cli.start(
                        "proxy",
                        "tls://127.0.0.1:0",
                        serve.nextListening(),
                        "--self-signed",
                        "--ca",
                        pem,
                        "--loops",
                        "1")) {
            assertThat(bench(proxy.nextListening(), "--insecure").exitCode()).isZero();
        }
    }

    @Test
    void shouldTrustNobodyWhoseCertificateWasRevoked() throws Exception {
        final TlsIdentity root = TestCertificates.root("root");
        final TlsIdentity server =
                TestCertificates.ec().issuedBy(root).forAddress("127.0.0.1").make();
        final String ca =
                TestCertificates.write(root, directory.resolve("root.pem")).toString();
        final String pem =
                TestCertificates.write(server, directory.resolve("server.pem")).toString();
        final String none = list("none.crl", root);
        final String revoked = list("revoked.crl", root, server.certificate());
        try (Cli serve = Cli.start(
                "serve", "tls://127.0.0.1:0", "--cert", pem, "--client-ca", ca, "--client-crl", none, "--loops", "1")) {
            final String address = serve.nextListening();

            assertThat(bench(address, "--ca", ca, "--crl", none).err()).contains("certificate_required");
            assertThat(bench(address, "--ca", ca, "--crl", revoked).err()).contains("revoked");
        }
    }

    private String list(String name, TlsIdentity issuer, X509Certificate... revoked) throws Exception {
        return Files.write(
                        directory.resolve(name),
                        TestCertificates.revocations(issuer, Instant.now().plus(Duration.ofDays(1)), revoked)
                                .getEncoded())
                .toString();
    }

    @Test
    void shouldNameTheFileThatIsOfNoUse() throws Exception {
        final Path file = Files.writeString(directory.resolve("empty.pem"), "");

        final Cli.Ended ended = Cli.run("serve", "tls://127.0.0.1:0", "--cert", file.toString());

        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).contains("empty.pem: there is no certificate in it");
    }
}
