// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.BlockSource;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.X509CRL;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Settings as a {@link SSLContext}. Any thread. */
final class JdkContext implements TlsContext {
    /** Forward secrecy and authenticated encryption only; of them the fastest first. */
    private static final List<String> SUITES = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    /** Elliptic curves only, for the reason that {@code SslContext} gives; what the JDK does not know it leaves out. */
    private static final String[] GROUPS = {"X25519MLKEM768", "x25519", "secp256r1", "x448", "secp384r1", "secp521r1"};
    /** Suites of TLS 1.2 for which somebody wants a finite field. */
    private static final String FINITE_FIELD = "_DHE_";

    private final TlsSettings settings;
    private final SSLContext context;

    JdkContext(TlsSettings settings) throws SSLException {
        this.settings = settings;
        try {
            context = SSLContext.getInstance("TLS");
            context.init(
                    new KeyManager[] {new JdkKeys(settings.identities())}, new TrustManager[] {trust(settings)}, null);
        } catch (GeneralSecurityException | IOException e) {
            throw new SSLException("The JDK cannot use these settings for TLS: " + e.getMessage(), e);
        }
        final SSLSessionContext sessions =
                settings.client() ? context.getClientSessionContext() : context.getServerSessionContext();
        sessions.setSessionCacheSize(settings.sessionCacheSize());
        sessions.setSessionTimeout(
                (int) Math.min(Integer.MAX_VALUE, settings.sessionLife().toSeconds()));
        requireKnown(settings.cipherSuites());
    }

    private void requireKnown(List<String> suites) throws SSLException {
        final Set<String> known = Set.of(context.getSupportedSSLParameters().getCipherSuites());
        for (String suite : suites) {
            if (!known.contains(suite)) {
                throw new SSLException("The JDK does not have the cipher suite " + suite);
            }
        }
    }

    static TrustManager trust(TlsSettings settings) throws GeneralSecurityException, IOException {
        if (settings.client() && !settings.verifiesServer()) {
            return new TrustsAnyone();
        }
        final KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, null);
        int count = 0;
        for (X509Certificate root : settings.trusted()) {
            roots.setCertificateEntry("root" + count++, root);
        }
        if (count == 0) {
            return new TrustsNobody();
        }
        final TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        if (settings.revocations().isEmpty()) {
            factory.init(roots);
        } else {
            factory.init(new CertPathTrustManagerParameters(revoking(roots, settings.revocations())));
        }
        return factory.getTrustManagers()[0];
    }

    /** Whatever has no list that is in force is not trusted; nobody else is asked, since that would be for the network. */
    private static PKIXBuilderParameters revoking(KeyStore roots, List<X509CRL> lists) throws GeneralSecurityException {
        final PKIXRevocationChecker checker =
                (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
        checker.setOptions(
                EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
        final PKIXBuilderParameters parameters = new PKIXBuilderParameters(roots, new X509CertSelector());
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
        parameters.addCertPathChecker(checker);
        return parameters;
    }

    @Override
    public String library() {
        return "JDK " + Runtime.version().feature();
    }

    @Override
    public TlsEngine engine(Optional<TlsPeer> peer, BlockSource blocks) throws SSLException {
        final Optional<TlsPeer> named = peer.filter(known -> !known.host().isEmpty());
        if (settings.client() && settings.verifiesServer() && settings.verifiesHost() && named.isEmpty()) {
            throw new SSLException("There is no host name to compare the server's certificate with");
        }
        // By these the JDK finds earlier sessions.
        final SSLEngine ssl = named.map(known -> context.createSSLEngine(known.host(), known.port()))
                .orElseGet(context::createSSLEngine);
        ssl.setUseClientMode(settings.client());
        ssl.setSSLParameters(parameters(named));
        return new JdkEngine(ssl, this, blocks);
    }

    private SSLParameters parameters(Optional<TlsPeer> peer) {
        final SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(
                settings.versions().stream().map(TlsVersion::standardName).toArray(String[]::new));
        parameters.setCipherSuites(suites());
        if (settings.cipherSuites().stream().noneMatch(suite -> suite.contains(FINITE_FIELD))) {
            parameters.setNamedGroups(GROUPS);
        }
        parameters.setApplicationProtocols(settings.applicationProtocols().toArray(String[]::new));
        if (settings.client()) {
            peer.map(TlsPeer::host)
                    .filter(HostNames::isName)
                    .ifPresent(host -> parameters.setServerNames(List.of(new SNIHostName(host))));
            if (settings.verifiesServer() && settings.verifiesHost()) {
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
            }
        } else {
            parameters.setUseCipherSuitesOrder(true);
            switch (settings.clientAuth()) {
                case NONE -> parameters.setNeedClientAuth(false);
                case WANT -> parameters.setWantClientAuth(true);
                case REQUIRE -> parameters.setNeedClientAuth(true);
            }
        }
        return parameters;
    }

    private String[] suites() {
        if (!settings.cipherSuites().isEmpty()) {
            return settings.cipherSuites().toArray(String[]::new);
        }
        final List<String> supported =
                Arrays.asList(context.getSupportedSSLParameters().getCipherSuites());
        return SUITES.stream().filter(supported::contains).toArray(String[]::new);
    }
}
