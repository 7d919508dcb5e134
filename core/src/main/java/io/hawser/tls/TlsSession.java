// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * What two sides have agreed on. Immutable.
 *
 * @param version of the protocol
 * @param cipherSuite by its name of the IANA registry, such as {@code TLS_AES_256_GCM_SHA384}
 * @param applicationProtocol what ALPN has chosen, such as {@code h2}; empty if nothing
 * @param serverName the name that the client asked for (SNI), in lower case; empty if none
 * @param peerCertificates the peer's own first, then those that it sent along; empty if it sent none. With a server's
 *     {@link ClientAuth#NONE} always empty. They have been verified, unless a client was told not to
 * @param resumed whether it goes on with an earlier session, so that certificates were verified then
 * @param library whose TLS it is, with its version
 */
public record TlsSession(
        TlsVersion version,
        String cipherSuite,
        Optional<String> applicationProtocol,
        Optional<String> serverName,
        List<X509Certificate> peerCertificates,
        boolean resumed,
        String library) {
    /** Copies the list. */
    public TlsSession {
        peerCertificates = List.copyOf(peerCertificates);
    }
}
