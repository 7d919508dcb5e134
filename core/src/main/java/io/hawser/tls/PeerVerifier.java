// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Whether a peer is to be trusted, as the JDK sees it: its trust manager is asked for whatever library speaks TLS, so that one rule holds for all. That is
 * the path to a root (PKIX), when certificates are valid, what they may be used for, the algorithms that the JDK's security properties disable, and the
 * host (RFC 2818, 3.1). Any thread.
 */
final class PeerVerifier {
    /** What the JDK says where the key exchange is not told, as with TLS 1.3; it asks of the certificate that it may sign. */
    private static final String UNKNOWN_EXCHANGE = "UNKNOWN";

    private final X509ExtendedTrustManager manager;
    private final SSLParameters parameters = new SSLParameters();

    /** Trusts whom the settings say, and of a client verifies the host if they say so. */
    PeerVerifier(TlsSettings settings) throws SSLException {
        try {
            manager = (X509ExtendedTrustManager) JdkContext.trust(settings);
        } catch (GeneralSecurityException | IOException e) {
            throw new SSLException("The trusted certificates cannot be used: " + e.getMessage(), e);
        }
        if (settings.client() && settings.verifiesHost()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
    }

    /**
     * Returns if {@code chain} is to be trusted.
     *
     * @param chain the peer's own first
     * @param dialled of a client
     * @param version that is spoken
     * @throws CertificateException if not
     */
    void verify(List<X509Certificate> chain, Optional<TlsPeer> dialled, boolean client, TlsVersion version)
            throws CertificateException {
        final X509Certificate[] certificates = chain.toArray(X509Certificate[]::new);
        final SSLEngine handshake = new Handshake(new Session(dialled, version), parameters);
        if (client) {
            manager.checkServerTrusted(certificates, UNKNOWN_EXCHANGE, handshake);
        } else {
            manager.checkClientTrusted(
                    certificates, chain.getFirst().getPublicKey().getAlgorithm(), handshake);
        }
    }

    /** What a trust manager asks an engine. It is none: nothing else works. */
    private static final class Handshake extends SSLEngine {
        private final SSLSession session;
        private final SSLParameters parameters;

        Handshake(SSLSession session, SSLParameters parameters) {
            super(session.getPeerHost(), session.getPeerPort());
            this.session = session;
            this.parameters = parameters;
        }

        @Override
        public SSLSession getHandshakeSession() {
            return session;
        }

        @Override
        public SSLSession getSession() {
            return session;
        }

        @Override
        public SSLParameters getSSLParameters() {
            return parameters;
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return new String[0];
        }

        @Override
        public String[] getEnabledCipherSuites() {
            return new String[0];
        }

        @Override
        public String[] getSupportedProtocols() {
            return new String[] {session.getProtocol()};
        }

        @Override
        public String[] getEnabledProtocols() {
            return getSupportedProtocols();
        }

        @Override
        public boolean getUseClientMode() {
            return true;
        }

        @Override
        public boolean getNeedClientAuth() {
            return false;
        }

        @Override
        public boolean getWantClientAuth() {
            return false;
        }

        @Override
        public boolean getEnableSessionCreation() {
            return true;
        }

        @Override
        public boolean isInboundDone() {
            return false;
        }

        @Override
        public boolean isOutboundDone() {
            return false;
        }

        @Override
        public SSLEngineResult.HandshakeStatus getHandshakeStatus() {
            return SSLEngineResult.HandshakeStatus.NEED_TASK;
        }

        @Override
        public SSLEngineResult wrap(ByteBuffer[] sources, int offset, int length, ByteBuffer target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer[] targets, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Runnable getDelegatedTask() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void closeInbound() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void closeOutbound() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setEnabledCipherSuites(String[] suites) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setEnabledProtocols(String[] protocols) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void beginHandshake() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setUseClientMode(boolean client) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setNeedClientAuth(boolean need) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setWantClientAuth(boolean want) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setEnableSessionCreation(boolean on) {
            throw new UnsupportedOperationException();
        }
    }

    /** What a trust manager asks a session that is being made: which version, and with whom. */
    @SuppressWarnings("NullAway") // Where there is nothing, the JDK's interface has null.
    private record Session(Optional<TlsPeer> dialled, TlsVersion version) implements SSLSession {
        @Override
        public String getProtocol() {
            return version.standardName();
        }

        @Override
        public String getPeerHost() {
            return dialled.map(TlsPeer::host).orElse(null);
        }

        @Override
        public int getPeerPort() {
            return dialled.map(TlsPeer::port).orElse(-1);
        }

        @Override
        public byte[] getId() {
            return new byte[0];
        }

        @Override
        public SSLSessionContext getSessionContext() {
            return null;
        }

        @Override
        public long getCreationTime() {
            return 0;
        }

        @Override
        public long getLastAccessedTime() {
            return 0;
        }

        @Override
        public void invalidate() {
            // Nothing is kept.
        }

        @Override
        public boolean isValid() {
            return false;
        }

        @Override
        public void putValue(String name, Object value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Object getValue(String name) {
            return null;
        }

        @Override
        public void removeValue(String name) {
            // There is none.
        }

        @Override
        public String[] getValueNames() {
            return new String[0];
        }

        @Override
        public Certificate[] getPeerCertificates() {
            return new Certificate[0];
        }

        @Override
        public Certificate[] getLocalCertificates() {
            return null;
        }

        @Override
        public Principal getPeerPrincipal() {
            return null;
        }

        @Override
        public Principal getLocalPrincipal() {
            return null;
        }

        @Override
        public String getCipherSuite() {
            return "SSL_NULL_WITH_NULL_NULL";
        }

        @Override
        public int getPacketBufferSize() {
            return 0;
        }

        @Override
        public int getApplicationBufferSize() {
            return 0;
        }
    }
}
