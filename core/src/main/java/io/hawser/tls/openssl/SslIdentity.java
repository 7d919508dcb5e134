// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;

/** A certificate, those that lead from it to a root, and its key, as OpenSSL has them. Immutable until it is freed; any thread. */
public final class SslIdentity {
    private final List<Long> certificates = new ArrayList<>();
    private long key;
    private long stack;

    /**
     * Copies them.
     *
     * @param chain the own certificate first, then those that follow
     * @throws SSLException if OpenSSL does not know the kind of key, or it cannot be taken out of the Java object
     */
    public SslIdentity(List<X509Certificate> chain, PrivateKey privateKey) throws SSLException {
        boolean made = false;
        try {
            for (X509Certificate certificate : chain) {
                certificates.add(newCertificate(certificate));
            }
            key = newKey(privateKey);
            stack = LibCrypto.newStack();
            for (long issuer : certificates.subList(1, certificates.size())) {
                if (!LibCrypto.push(stack, issuer)) {
                    throw new SSLException("OpenSSL has no memory");
                }
            }
            made = true;
        } finally {
            if (!made) {
                free();
            }
        }
    }

    long certificate() {
        return certificates.getFirst();
    }

    long key() {
        return key;
    }

    /** The certificates behind the first. */
    long chain() {
        return stack;
    }

    /** Once. Connections that use it have references of their own. */
    public void free() {
        LibCrypto.freeStack(stack);
        certificates.forEach(SslIdentity::freeCertificate);
        if (key != 0) {
            LibCrypto.freeKey(key);
            Live.CERTIFICATES.getAndDecrement();
        }
    }

    static long newCertificate(X509Certificate certificate) throws SSLException {
        final byte[] encoded;
        try {
            encoded = certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new SSLException("A certificate without an encoding", e);
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, encoded);
            final long made = LibCrypto.newCertificate(bytes.address(), encoded.length, Current.ofThread().scratch);
            if (made == 0) {
                throw new SSLException("OpenSSL cannot read the certificate of " + certificate.getSubjectX500Principal()
                        + ": " + LibCrypto.takeError());
            }
            Live.CERTIFICATES.getAndIncrement();
            return made;
        }
    }

    static void freeCertificate(long certificate) {
        LibCrypto.freeCertificate(certificate);
        Live.CERTIFICATES.getAndDecrement();
    }

    private static long newKey(PrivateKey key) throws SSLException {
        final byte[] encoded = key.getEncoded();
        if (encoded == null || !"PKCS#8".equals(key.getFormat())) {
            throw new SSLException("OpenSSL needs the bytes of the key, which "
                    + key.getClass().getName() + " keeps to itself");
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, encoded);
            try {
                final long made = LibCrypto.newKey(bytes.address(), encoded.length, Current.ofThread().scratch);
                if (made == 0) {
                    throw new SSLException("OpenSSL cannot use the key: " + LibCrypto.takeError());
                }
                Live.CERTIFICATES.getAndIncrement();
                return made;
            } finally {
                bytes.fill((byte) 0);
            }
        }
    }
}
