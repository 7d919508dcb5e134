// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys and certificates in all the forms in which people have them. */
final class KeyFilesTest {
    private static final byte[] P256 = Der.oid(1, 2, 840, 10_045, 3, 1, 7);

    @TempDir
    Path directory;

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private Path chain(TlsIdentity identity) throws Exception {
        final StringBuilder text = new StringBuilder("Some text before it\n");
        for (X509Certificate certificate : identity.chain()) {
            text.append(Pem.encode("CERTIFICATE", certificate.getEncoded()));
        }
        return write("chain.pem", text.toString());
    }

    /** What PKCS#8 wraps (RFC 5958, 2). */
    private static byte[] inner(TlsIdentity identity) throws IOException {
        final Der.Input fields = new Der.Input(identity.key().getEncoded()).enter(Der.SEQUENCE);
        fields.enter(Der.INTEGER);
        fields.enter(Der.SEQUENCE);
        return fields.enter(Der.OCTET_STRING).content();
    }

    private void expect(TlsIdentity identity, Path key, Optional<String> password) throws Exception {
        final TlsIdentity read = KeyStores.identity(chain(identity), key, password);
        assertThat(read.chain()).isEqualTo(identity.chain());
        assertThat(read.key().getEncoded()).isEqualTo(identity.key().getEncoded());
    }

    @Test
    void shouldReadPkcs8OfEveryKind() throws Exception {
        for (TestCertificates kind :
                List.of(TestCertificates.ec(), TestCertificates.rsa(), TestCertificates.ed25519())) {
            final TlsIdentity identity = kind.make();
            expect(
                    identity,
                    write("key.pem", Pem.encode("PRIVATE KEY", identity.key().getEncoded())),
                    Optional.empty());
        }
    }

    @Test
    void shouldReadPkcs1() throws Exception {
        final TlsIdentity identity = TestCertificates.rsa().make();
        expect(identity, write("key.pem", Pem.encode("RSA PRIVATE KEY", inner(identity))), Optional.empty());
    }

    @Test
    void shouldReadSec1WithTheCurveInItOrBeforeIt() throws Exception {
        final TlsIdentity identity = TestCertificates.ec().make();
        final Path before =
                write("before.pem", Pem.encode("EC PARAMETERS", P256) + Pem.encode("EC PRIVATE KEY", inner(identity)));
        expect(identity, before, Optional.empty());
        final Der.Input fields = new Der.Input(inner(identity)).enter(Der.SEQUENCE);
        final byte[] whole = Der.sequence(fields.element(), fields.element(), Der.of(0xa0, P256));
        final TlsIdentity read = KeyStores.identity(
                chain(identity), write("in.pem", Pem.encode("EC PRIVATE KEY", whole)), Optional.empty());
        assertThat(read.chain()).isEqualTo(identity.chain());
        assertThatThrownBy(() -> KeyStores.identity(
                        chain(identity),
                        write("none.pem", Pem.encode("EC PRIVATE KEY", inner(identity))),
                        Optional.empty()))
                .hasMessageContaining("curve");
    }

    @Test
    void shouldDecryptWithThePassword() throws Exception {
        final TlsIdentity identity = TestCertificates.ec().make();
        final String scheme = "PBEWithHmacSHA256AndAES_256";
        final Cipher cipher = Cipher.getInstance(scheme);
        cipher.init(
                Cipher.ENCRYPT_MODE,
                SecretKeyFactory.getInstance(scheme).generateSecret(new PBEKeySpec("sesame".toCharArray())),
                new PBEParameterSpec(new byte[16], 2048));
        // RFC 8018, A.4; RFC 5958, 3.
        final byte[] encrypted = Der.sequence(
                Der.sequence(
                        Der.oid(1, 2, 840, 113_549, 1, 5, 13),
                        cipher.getParameters().getEncoded()),
                Der.of(Der.OCTET_STRING, cipher.doFinal(identity.key().getEncoded())));
        final Path key = write("key.pem", Pem.encode("ENCRYPTED PRIVATE KEY", encrypted));

        expect(identity, key, Optional.of("sesame"));
        assertThatThrownBy(() -> KeyStores.identity(chain(identity), key, Optional.of("open")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is the password right?");
        assertThatThrownBy(() -> KeyStores.identity(chain(identity), key, Optional.empty()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no password was given");
    }

    @Test
    void shouldReadPkcs12() throws Exception {
        final TlsIdentity root = TestCertificates.root("root");
        final TlsIdentity identity = TestCertificates.rsa().issuedBy(root).make();
        final KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "key", identity.key(), "sesame".toCharArray(), identity.chain().toArray(X509Certificate[]::new));
        store.setCertificateEntry("root", root.certificate());
        final Path file = directory.resolve("store.p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, "sesame".toCharArray());
        }

        // The JDK adds the root that it finds.
        assertThat(KeyStores.identity(file, "sesame").chain()).startsWith(identity.certificate());
        assertThat(KeyStores.identity(file, "sesame").key()).isEqualTo(identity.key());
        assertThat(KeyStores.roots(file, "sesame")).contains(root.certificate());
        assertThatThrownBy(() -> KeyStores.identity(file, "open"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("store.p12");
    }

    @Test
    void shouldSayWhatIsWrongWithAFile() throws Exception {
        final TlsIdentity identity = TestCertificates.ec().make();
        final Path empty = write("empty.pem", "nothing");
        assertThatThrownBy(() -> Pem.certificates(empty)).hasMessageContaining("empty.pem: there is no certificate");
        assertThatThrownBy(() -> KeyStores.identity(chain(identity), empty, Optional.empty()))
                .hasMessageContaining("empty.pem: there is no private key");
        final Path cut = write("cut.pem", Pem.encode("PRIVATE KEY", new byte[] {0x30, 0x7f, 1}));
        assertThatThrownBy(() -> KeyStores.identity(chain(identity), cut, Optional.empty()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cut.pem");
        final Path old = write(
                "old.pem",
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X\n\nAAAA\n-----END RSA PRIVATE KEY-----\n");
        assertThatThrownBy(() -> KeyStores.identity(chain(identity), old, Optional.empty()))
                .hasMessageContaining("openssl pkcs8 -topk8");
        final TlsIdentity other = TestCertificates.ec().make();
        final Path foreign =
                write("other.pem", Pem.encode("PRIVATE KEY", other.key().getEncoded()));
        assertThatThrownBy(() -> KeyStores.identity(chain(identity), foreign, Optional.empty()))
                .hasMessageContaining("the key is not that of the certificate");
    }
}
