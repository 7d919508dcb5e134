// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Identities and roots in files. Stateless; any thread. */
final class KeyStores {
    private KeyStores() {}

    /** Of a chain and a key as PEM. */
    static TlsIdentity identity(Path chain, Path key, Optional<String> password) throws IOException {
        final List<X509Certificate> certificates = Pem.certificates(chain);
        final String algorithm = certificates.getFirst().getPublicKey().getAlgorithm();
        return checked(new TlsIdentity(certificates, Pem.privateKey(key, algorithm, password)), chain + " and " + key);
    }

    /** Of the first entry with a key in a PKCS#12 file. */
    static TlsIdentity identity(Path file, String password) throws IOException {
        final KeyStore store = open(file, password);
        try {
            for (String alias : Collections.list(store.aliases())) {
                final Certificate[] chain = store.getCertificateChain(alias);
                if (chain != null && store.getKey(alias, password.toCharArray()) instanceof PrivateKey key) {
                    final List<X509Certificate> certificates = Arrays.stream(chain)
                            .map(X509Certificate.class::cast)
                            .toList();
                    return checked(new TlsIdentity(certificates, key), file.toString());
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": the key cannot be read: " + e.getMessage(), e);
        }
        throw new IOException(file + ": there is no private key in it");
    }

    private static KeyStore open(Path file, String password) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            final KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, password.toCharArray());
            return store;
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw e.getMessage() != null && e.getMessage().startsWith(file.toString())
                    ? e
                    : new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** All certificates in a PKCS#12 file. */
    static List<X509Certificate> roots(Path file, String password) throws IOException {
        final KeyStore store = open(file, password);
        final List<X509Certificate> roots = new ArrayList<>();
        try {
            for (String alias : Collections.list(store.aliases())) {
                if (store.getCertificate(alias) instanceof X509Certificate root) {
                    roots.add(root);
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
        if (roots.isEmpty()) {
            throw new IOException(file + ": there is no certificate in it");
        }
        return roots;
    }

    /** What the JDK trusts. */
    static List<X509Certificate> systemRoots() throws IOException {
        return SystemRoots.get();
    }

    /** Reading them takes a while. */
    private static final class SystemRoots {
        private static List<X509Certificate> known = List.of();

        static synchronized List<X509Certificate> get() throws IOException {
            if (known.isEmpty()) {
                try {
                    final TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
                    factory.init((KeyStore) null);
                    for (TrustManager manager : factory.getTrustManagers()) {
                        if (manager instanceof X509TrustManager x509) {
                            known = List.of(x509.getAcceptedIssuers());
                        }
                    }
                } catch (GeneralSecurityException e) {
                    throw new IOException("The certificates that the JDK trusts cannot be read: " + e.getMessage(), e);
                }
            }
            return known;
        }
    }

    /** Whether key and certificate belong together, by a signature. */
    private static TlsIdentity checked(TlsIdentity identity, String where) throws IOException {
        final String algorithm = switch (identity.key().getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            case "EdDSA", "Ed25519", "Ed448" -> "EdDSA";
            default ->
                throw new IOException(where + ": keys of " + identity.key().getAlgorithm() + " are of no use for TLS");
        };
        final byte[] sample = {1, 2, 3, 4, 5, 6, 7, 8};
        boolean matches;
        try {
            final Signature signature = Signature.getInstance(algorithm);
            signature.initSign(identity.key());
            signature.update(sample);
            final byte[] signed = signature.sign();
            signature.initVerify(identity.certificate().getPublicKey());
            signature.update(sample);
            matches = signature.verify(signed);
        } catch (InvalidKeyException | SignatureException _) {
            matches = false;
        } catch (GeneralSecurityException e) {
            throw new IOException(where + ": " + e.getMessage(), e);
        }
        if (!matches) {
            throw new IOException(where + ": the key is not that of the certificate "
                    + identity.certificate().getSubjectX500Principal());
        }
        return identity;
    }
}
