// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * What a {@link SslConnection} asks its owner, in the midst of the call that the owner makes. What it throws fails that call, as its cause.
 */
public interface SslEvents {
    /**
     * Takes what is to be sent.
     *
     * @param address of the bytes, which have to be copied before this returns
     * @param length how many, at least 1
     */
    void encrypted(long address, int length);

    /**
     * Of a server: who to be.
     *
     * @param serverName whom the client has asked for
     * @return empty for those that the context was given
     */
    Optional<List<SslIdentity>> identities(Optional<String> serverName);

    /**
     * Returns if the peer is to be trusted.
     *
     * @param chain its own certificate first
     * @throws CertificateException if not
     */
    void verify(List<X509Certificate> chain) throws CertificateException;
}
