// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Which of a server's identities are for which name: those whose certificate has the name among its DNS names, else those with a wildcard
 * for its first label (RFC 6125, 6.4.3), else the first of all. Immutable; any thread.
 */
final class ServerNames {
    private static final int DNS_NAME = 2;

    private final Map<String, List<TlsIdentity>> byName = new HashMap<>();
    private final List<TlsIdentity> fallback;

    /** @param identities at least one; the first, and those for the same names as it, serve whoever asks for no name or an unknown one */
    ServerNames(List<TlsIdentity> identities) {
        for (TlsIdentity identity : identities) {
            for (String name : dnsNames(identity.certificate())) {
                byName.computeIfAbsent(name.toLowerCase(Locale.ROOT), _ -> new ArrayList<>())
                        .add(identity);
            }
        }
        final List<String> first = dnsNames(identities.getFirst().certificate());
        fallback = identities.stream()
                .filter(identity -> dnsNames(identity.certificate()).equals(first))
                .toList();
    }

    /** The identities for a name, at least one: more where they differ in the kind of key. */
    List<TlsIdentity> find(Optional<String> serverName) {
        if (serverName.isEmpty()) {
            return fallback;
        }
        final String name = serverName.get().toLowerCase(Locale.ROOT);
        final List<TlsIdentity> exact = byName.get(name);
        if (exact != null) {
            return exact;
        }
        final int dot = name.indexOf('.');
        // A wildcard stands for one label, which is not empty.
        final List<TlsIdentity> wildcard = dot > 0 ? byName.get("*" + name.substring(dot)) : null;
        return wildcard != null ? wildcard : fallback;
    }

    private static List<String> dnsNames(X509Certificate certificate) {
        final Collection<List<?>> names;
        try {
            names = certificate.getSubjectAlternativeNames();
        } catch (CertificateParsingException _) {
            return List.of();
        }
        if (names == null) {
            return List.of();
        }
        return names.stream()
                .filter(name -> name.get(0).equals(DNS_NAME))
                .map(name -> (String) name.get(1))
                .toList();
    }
}
