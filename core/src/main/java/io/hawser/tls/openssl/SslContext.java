// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;

/**
 * An {@code SSL_CTX}. It is set up by one thread, then used by any; those connections that are there when it is freed go on.
 */
public final class SslContext {
    /** What is not broken: forward secret, and authenticated as it is encrypted; of these the fastest first. */
    private static final String CIPHERS = "ECDHE+AES128+AESGCM:ECDHE+AES256+AESGCM:ECDHE+CHACHA20";

    private static final String SUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

    /**
     * Elliptic curves only: over a finite field of 8,192 bits, which is among OpenSSL's own, a handshake takes a server some hundred times as long, and a
     * client that does not compute its share nothing.
     */
    private static final String GROUPS = "X25519:P-256:X448:P-384:P-521";
    /** Of OpenSSL since 3.5, good also if somebody builds a quantum computer. */
    private static final String HYBRID_GROUP = "X25519MLKEM768:";

    /** Of {@code TLS_}: those of TLS 1.3 name no key exchange (RFC 8446, B.4), so there is no {@code _WITH_}. */
    private static final String KEY_EXCHANGE = "_WITH_";

    private final boolean client;
    private final long ctx;
    private final SessionCache sessions;
    private List<byte[]> protocols = List.of();

    /**
     * Makes one for {@code TLS 1.2} and {@code 1.3}, which verifies nobody yet.
     *
     * @param client whether it is the side that dials
     * @param sessionCacheSize how many sessions are kept at most on this side, at least 1
     * @param sessionLifeSeconds how long they can be
     */
    public SslContext(boolean client, int sessionCacheSize, int sessionLifeSeconds) throws SSLException {
        this.client = client;
        LibCrypto.clearErrors();
        ctx = LibSsl.newContext();
        if (ctx == 0) {
            throw new SSLException("OpenSSL made no context: " + LibCrypto.takeError());
        }
        Live.CONTEXTS.getAndIncrement();
        sessions = new SessionCache(sessionCacheSize, sessionLifeSeconds * 1_000_000_000L);
        LibSsl.setOptions(
                ctx, LibSsl.OP_NO_RENEGOTIATION | LibSsl.OP_NO_COMPRESSION | LibSsl.OP_CIPHER_SERVER_PREFERENCE);
        // A read returns after each record, whatever it was, so that those without data can be counted.
        LibSsl.setMode(
                ctx, LibSsl.MODE_ACCEPT_MOVING_WRITE_BUFFER | LibSsl.MODE_RELEASE_BUFFERS, LibSsl.MODE_AUTO_RETRY);
        LibSsl.setInfoCallback(ctx, Upcalls.INFO);
        setGroups();
        resume(sessionCacheSize, sessionLifeSeconds);
        if (!client) {
            LibSsl.setServerNameCallback(ctx, Upcalls.SERVER_NAME);
            LibSsl.setCertificateCallback(ctx, Upcalls.CERTIFICATE);
        }
    }

    private void resume(int cacheSize, int lifeSeconds) {
        if (client) {
            LibSsl.setSessionCache(
                    ctx, LibSsl.SESS_CACHE_CLIENT | LibSsl.SESS_CACHE_NO_INTERNAL, cacheSize, lifeSeconds);
            LibSsl.setNewSessionCallback(ctx, Upcalls.NEW_SESSION);
        } else {
            LibSsl.setSessionCache(ctx, LibSsl.SESS_CACHE_SERVER, cacheSize, lifeSeconds);
            final long scratch = Current.ofThread().scratch;
            Library.setByte(scratch, 'h');
            LibSsl.setSessionIdContext(ctx, scratch);
        }
    }

    private void setGroups() {
        try (Arena arena = Arena.ofConfined()) {
            // One that knows neither list goes on with its own.
            if (!LibSsl.setGroups(ctx, arena.allocateFrom(HYBRID_GROUP + GROUPS).address())) {
                final boolean unused =
                        LibSsl.setGroups(ctx, arena.allocateFrom(GROUPS).address());
                LibCrypto.clearErrors();
            }
        }
    }

    /**
     * Which versions, ciphers of TLS 1.2 and suites of TLS 1.3 there are.
     *
     * @param tls12 whether TLS 1.2 is spoken
     * @param tls13 whether TLS 1.3 is
     * @param suites by their names of IANA's registry, in the order of preference; empty for a choice of what is not broken
     * @throws SSLException if nothing is left, or OpenSSL does not know a name
     */
    public void offer(boolean tls12, boolean tls13, List<String> suites) throws SSLException {
        final List<String> older = new ArrayList<>();
        final List<String> newer = new ArrayList<>();
        for (String suite : suites) {
            if (suite.contains(KEY_EXCHANGE)) {
                older.add(cipherName(suite));
            } else {
                newer.add(suite);
            }
        }
        final boolean speaks12 = tls12 && (suites.isEmpty() || !older.isEmpty());
        final boolean speaks13 = tls13 && (suites.isEmpty() || !newer.isEmpty());
        if (!speaks12 && !speaks13) {
            throw new SSLException("No version of TLS has any of the cipher suites " + suites);
        }
        final boolean versions = LibSsl.setVersions(
                ctx, speaks12 ? LibSsl.TLS1_2 : LibSsl.TLS1_3, speaks13 ? LibSsl.TLS1_3 : LibSsl.TLS1_2);
        check(versions, "the versions of TLS");
        try (Arena arena = Arena.ofConfined()) {
            if (speaks12) {
                final String names = older.isEmpty() ? CIPHERS : String.join(":", older);
                check(LibSsl.setCiphers(ctx, arena.allocateFrom(names).address()), "the cipher suites " + names);
            }
            if (speaks13) {
                final String names = newer.isEmpty() ? SUITES : String.join(":", newer);
                check(LibSsl.setSuites(ctx, arena.allocateFrom(names).address()), "the cipher suites " + names);
            }
        }
    }

    private static String cipherName(String suite) throws SSLException {
        try (Arena arena = Arena.ofConfined()) {
            final String name = LibSsl.cipherName(arena.allocateFrom(suite).address());
            if (name.isEmpty() || name.startsWith("(")) {
                throw new SSLException("OpenSSL has no cipher suite " + suite);
            }
            return name;
        }
    }

    /** For ALPN in the order of preference, in ISO 8859-1, each of 1 to 255 bytes; at least one. */
    public void protocols(List<String> names) throws SSLException {
        protocols = names.stream()
                .map(name -> name.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
        if (!client) {
            LibSsl.setProtocolCallback(ctx, Upcalls.PROTOCOL);
            return;
        }
        final ByteArrayOutputStream list = new ByteArrayOutputStream();
        for (byte[] protocol : protocols) {
            list.write(protocol.length);
            list.writeBytes(protocol);
        }
        try (Arena arena = Arena.ofConfined()) {
            final long bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, list.toByteArray())
                    .address();
            check(LibSsl.setProtocols(ctx, bytes, list.size()), "the application protocols " + names);
        }
    }

    /** Who to be where {@link SslEvents#identities} says nothing else; one for each kind of key. Not freed before this context. */
    public void identities(List<SslIdentity> identities) throws SSLException {
        for (SslIdentity identity : identities) {
            check(LibSsl.useIdentity(ctx, identity.certificate(), identity.key(), identity.chain()), "an identity");
        }
    }

    /** The most bytes that a message with the peer's certificates may have. Others are smaller, and OpenSSL knows how large they can be. */
    public void maxCertificates(int bytes) {
        LibSsl.setMaxCertificates(ctx, bytes);
    }

    /**
     * Has {@link SslEvents#verify} asked for the peer's certificates, which a server requests.
     *
     * @param required of a server, whether a client without one is refused
     * @param issuers of a server, whose names its clients are told, so that they know which certificate to send
     */
    public void verify(boolean required, List<X509Certificate> issuers) throws SSLException {
        final int mode = LibSsl.VERIFY_PEER | (required ? LibSsl.VERIFY_FAIL_IF_NO_PEER_CERT : 0);
        LibSsl.setVerify(ctx, client ? LibSsl.VERIFY_PEER : mode, Upcalls.VERIFY);
        for (X509Certificate issuer : client ? List.<X509Certificate>of() : issuers) {
            final long certificate = SslIdentity.newCertificate(issuer);
            try {
                check(LibSsl.addClientIssuer(ctx, certificate), "the issuer " + issuer.getSubjectX500Principal());
            } finally {
                SslIdentity.freeCertificate(certificate);
            }
        }
    }

    private static void check(boolean done, String what) throws SSLException {
        if (!done) {
            throw new SSLException("OpenSSL does not take " + what + ": " + LibCrypto.takeError());
        }
    }

    boolean isClient() {
        return client;
    }

    long address() {
        return ctx;
    }

    SessionCache sessions() {
        return sessions;
    }

    List<byte[]> protocols() {
        return protocols;
    }

    /** Once; any thread. No connection is made afterwards. */
    public void free() {
        sessions.close();
        LibSsl.freeContext(ctx);
        Live.CONTEXTS.getAndDecrement();
    }
}
