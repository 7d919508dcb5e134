// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Who one side says it is: a certificate, those that lead from it to a root, and its key. Immutable; any thread.
 *
 * @param chain the own certificate first, each followed by its issuer's; the root may be left out
 * @param key of the first certificate: RSA, EC, Ed25519 or Ed448, with PKCS#8 as its encoding
 */
public record TlsIdentity(List<X509Certificate> chain, PrivateKey key) {
    /** Copies the chain. */
    public TlsIdentity {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("An identity needs a certificate");
        }
    }

    /** The own certificate. */
    public X509Certificate certificate() {
        return chain.getFirst();
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "identity " + certificate().getSubjectX500Principal();
    }
}
