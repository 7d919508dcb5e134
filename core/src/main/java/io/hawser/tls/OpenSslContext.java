// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.BlockSource;
import io.hawser.tls.openssl.OpenSsl;
import io.hawser.tls.openssl.SslContext;
import io.hawser.tls.openssl.SslIdentity;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * Settings as OpenSSL has taken them in. Its engines hold on to it, and what it has of OpenSSL's is freed when nobody does any more; a {@code SSL}
 * has a reference of its own to its {@code SSL_CTX}. Any thread.
 */
final class OpenSslContext implements TlsContext {
    private static final Cleaner CLEANER = Cleaner.create();

    private final TlsSettings settings;
    private final Natives natives;
    private final PeerVerifier verifier;
    private final Optional<ServerNames> names;
    /** Those that the context itself has, for whom nothing is to be changed. */
    private final List<TlsIdentity> usual;

    /** What is freed, which must not know of what it is freed after. */
    private static final class Natives implements Runnable {
        final SslContext context;
        final Map<TlsIdentity, SslIdentity> identities = new HashMap<>();

        Natives(TlsSettings settings) throws SSLException {
            context = new SslContext(
                    settings.client(),
                    settings.sessionCacheSize(),
                    Math.clamp(settings.sessionLife().toSeconds(), 1, Integer.MAX_VALUE));
        }

        @Override
        public void run() {
            context.free();
            identities.values().forEach(SslIdentity::free);
        }
    }

    OpenSslContext(TlsSettings settings) throws SSLException {
        this.settings = settings;
        verifier = new PeerVerifier(settings);
        names = settings.client() ? Optional.empty() : Optional.of(new ServerNames(settings.identities()));
        usual = names.map(all -> all.find(Optional.empty())).orElse(settings.identities());
        natives = new Natives(settings);
        boolean made = false;
        try {
            setUp(natives.context);
            made = true;
        } finally {
            if (!made) {
                natives.run();
            }
        }
        CLEANER.register(this, natives);
    }

    private void setUp(SslContext context) throws SSLException {
        context.offer(
                settings.versions().contains(TlsVersion.TLS_1_2),
                settings.versions().contains(TlsVersion.TLS_1_3),
                settings.cipherSuites());
        context.maxCertificates(TlsSettings.MAX_MESSAGE_BYTES);
        if (!settings.applicationProtocols().isEmpty()) {
            context.protocols(settings.applicationProtocols());
        }
        for (TlsIdentity identity : settings.identities()) {
            if (!natives.identities.containsKey(identity)) {
                natives.identities.put(identity, new SslIdentity(identity.chain(), identity.key()));
            }
        }
        context.identities(of(usual));
        final boolean verifies =
                settings.client() ? settings.verifiesServer() : settings.clientAuth() != ClientAuth.NONE;
        if (verifies) {
            context.verify(settings.clientAuth() == ClientAuth.REQUIRE, settings.trusted());
        }
    }

    private List<SslIdentity> of(List<TlsIdentity> identities) {
        final List<SslIdentity> found = new ArrayList<>(identities.size());
        for (TlsIdentity identity : identities) {
            found.add(natives.identities.get(identity));
        }
        return found;
    }

    /** For {@link SslContext#identities}. */
    Optional<List<SslIdentity>> identities(Optional<String> serverName) {
        return names.map(all -> all.find(serverName))
                .filter(found -> !found.equals(usual))
                .map(this::of);
    }

    TlsSettings settings() {
        return settings;
    }

    PeerVerifier verifier() {
        return verifier;
    }

    SslContext ssl() {
        return natives.context;
    }

    @Override
    public String library() {
        return OpenSsl.version();
    }

    @Override
    public TlsEngine engine(Optional<TlsPeer> peer, BlockSource blocks) throws SSLException {
        final Optional<TlsPeer> named = peer.filter(known -> !known.host().isEmpty());
        if (settings.client() && settings.verifiesServer() && settings.verifiesHost() && named.isEmpty()) {
            throw new SSLException("There is no host name to compare the server's certificate with");
        }
        return new OpenSslEngine(this, named, blocks);
    }
}
