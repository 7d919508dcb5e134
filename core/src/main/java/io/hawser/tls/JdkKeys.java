// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** Gives the JDK the identity for the name that a client asks for. An alias is an index. Immutable; any thread. */
final class JdkKeys extends X509ExtendedKeyManager {
    private final List<TlsIdentity> identities;
    private final @Nullable ServerNames names;

    JdkKeys(List<TlsIdentity> identities) {
        this.identities = identities;
        names = identities.isEmpty() ? null : new ServerNames(identities);
    }

    private static boolean isFor(TlsIdentity identity, String keyType) {
        final String algorithm = identity.certificate().getPublicKey().getAlgorithm();
        return switch (keyType) {
            case "EC", "EC_EC", "EC_RSA" -> algorithm.equals("EC");
            case "RSA" -> algorithm.equals("RSA");
            case "RSASSA-PSS" -> algorithm.equals("RSASSA-PSS") || algorithm.equals("RSA");
            case "EdDSA", "Ed25519", "Ed448" -> algorithm.equals("EdDSA");
            default -> false;
        };
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        final ServerNames known = names;
        if (known == null || engine == null) {
            return null;
        }
        for (TlsIdentity identity : known.find(serverName(engine))) {
            if (isFor(identity, keyType)) {
                return alias(identity);
            }
        }
        return null;
    }

    private static Optional<String> serverName(SSLEngine engine) {
        return engine.getHandshakeSession() instanceof ExtendedSSLSession session
                ? session.getRequestedServerNames().stream()
                        .filter(SNIHostName.class::isInstance)
                        .map(name -> ((SNIHostName) name).getAsciiName())
                        .findFirst()
                : Optional.empty();
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        // Whether the server's list of authorities leads to it is the server's to judge.
        return identities.stream()
                .filter(identity -> Arrays.stream(keyTypes).anyMatch(keyType -> isFor(identity, keyType)))
                .findFirst()
                .map(this::alias)
                .orElse(null);
    }

    private String alias(TlsIdentity identity) {
        return Integer.toString(identities.indexOf(identity));
    }

    private TlsIdentity identity(String alias) {
        return identities.get(Integer.parseInt(alias));
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return identity(alias).chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return identity(alias).key();
    }

    // ---- for sockets, of which there are none

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
