// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;

/**
 * What a library is to do, with all files read. Immutable.
 *
 * @param client whether it is the side that dials
 * @param versions at least one
 * @param cipherSuites by their names of the IANA registry, in the order of preference; empty for the library's choice of what is not broken
 * @param applicationProtocols for ALPN in the order of preference, 1 to 255 bytes each; empty for none. A server whose client offers only
 *     others ends the handshake with no_application_protocol, one whose client offers none goes on
 * @param identities of a server at least one: {@link ServerNames} says which one a client gets. Of a client at most one
 * @param trusted the roots; empty trusts nobody
 * @param revocations empty asks nobody whether a certificate was revoked; else each on the way to the root has to be covered by one
 * @param clientAuth of a server
 * @param verifiesServer of a client: false trusts whomever it meets, whatever {@code trusted} says
 * @param verifiesHost of a client: whether the server's certificate has to be for the host that was dialled, a name or an address
 * @param sessionCacheSize how many sessions are kept at most, where they are kept on this side; at least 1
 * @param sessionLife how long they can be resumed; at least 1 s
 */
record TlsSettings(
        boolean client,
        List<TlsVersion> versions,
        List<String> cipherSuites,
        List<String> applicationProtocols,
        List<TlsIdentity> identities,
        List<X509Certificate> trusted,
        List<X509CRL> revocations,
        ClientAuth clientAuth,
        boolean verifiesServer,
        boolean verifiesHost,
        int sessionCacheSize,
        Duration sessionLife) {
    /** The most that one message of a handshake may have. */
    static final int MAX_MESSAGE_BYTES = 32 * 1024;

    /** The most that a peer may send before the handshake is done. */
    static final int MAX_HANDSHAKE_BYTES = 256 * 1024;

    /** How many records in a row may bring no data. */
    static final int MAX_EMPTY_RECORDS = 32;

    /** Copies the lists. */
    TlsSettings {
        versions = List.copyOf(versions);
        cipherSuites = List.copyOf(cipherSuites);
        applicationProtocols = List.copyOf(applicationProtocols);
        identities = List.copyOf(identities);
        trusted = List.copyOf(trusted);
        revocations = List.copyOf(revocations);
    }

    /** The same with other protocols for ALPN. */
    TlsSettings speaking(List<String> protocols) {
        return new TlsSettings(
                client,
                versions,
                cipherSuites,
                protocols,
                identities,
                trusted,
                revocations,
                clientAuth,
                verifiesServer,
                verifiesHost,
                sessionCacheSize,
                sessionLife);
    }
}
