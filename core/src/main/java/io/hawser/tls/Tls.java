// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.log.Log;
import io.hawser.stage.Stage;
import io.hawser.stage.StageContext;
import io.hawser.stage.StageFactory;
import io.hawser.transport.StreamSink;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The TLS of a server, or of a client: who it is, whom it trusts, what it speaks. One for as many connections and engines as like; sessions
 * are resumed among those that share it. TLS 1.2 and 1.3, with suites that have forward secrecy and authenticated encryption, and elliptic curves to
 * agree on keys.
 *
 * <pre>{@code
 * Tls tls = Tls.server().certificate(Path.of("chain.pem"), Path.of("key.pem")).build();
 * engine.listen(Address.parse("tls://0.0.0.0:7443"),
 *         ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(tls)), handler);
 *
 * Connection c = Hawser.dial("tls://example.org:443");    // the JDK's roots, and the certificate has to be for example.org
 * }</pre>
 *
 * <p><b>Thread:</b> any.
 */
public final class Tls implements StageFactory {
    private final Shared shared;
    /** For ALPN, the best first. */
    private final List<String> protocols;

    private Tls(Shared shared, List<String> protocols) {
        this.shared = shared;
        this.protocols = protocols;
    }

    /** What those have in common that differ by their protocols only. */
    private static final class Shared {
        final boolean client;
        final Builder built;
        final TlsLibrary library;
        final long handshakeTimeoutNs;
        /** By their protocols. Replaced as a whole, by one at a time. */
        volatile Map<List<String>, TlsContext> contexts = Map.of();

        final AtomicInteger active = new AtomicInteger();
        final LongAdder established = new LongAdder();
        final LongAdder resumed = new LongAdder();
        final LongAdder failed = new LongAdder();
        final LongAdder refused = new LongAdder();

        Shared(Builder builder) throws IOException {
            client = builder.client;
            built = builder;
            handshakeTimeoutNs = builder.handshakeTimeout.toNanos();
            library = TlsLibraries.choose(builder.provider);
            add(builder.applicationProtocols);
        }

        synchronized void add(List<String> protocols) throws IOException {
            if (!contexts.containsKey(protocols)) {
                final Map<List<String>, TlsContext> more = new HashMap<>(contexts);
                more.put(protocols, library.context(built.settings().speaking(protocols)));
                contexts = Map.copyOf(more);
            }
        }

        synchronized void reload() throws IOException {
            replace(built.settings());
        }

        synchronized void reload(List<IdentitySource> sources) throws IOException {
            replace(built.settings(sources));
            built.replaceIdentities(sources);
        }

        private void replace(TlsSettings settings) throws IOException {
            final Map<List<String>, TlsContext> replaced = new HashMap<>();
            for (List<String> protocols : contexts.keySet()) {
                replaced.put(protocols, library.context(settings.speaking(protocols)));
            }
            contexts = Map.copyOf(replaced);
        }
    }

    /** Of a server, to be set up: an identity at least. */
    public static Builder server() {
        return new Builder(false);
    }

    /** Of a client, to be set up: as it is, it trusts the JDK's roots and checks the host. */
    public static Builder client() {
        return new Builder(true);
    }

    /**
     * The client's with all defaults, which {@code tls} addresses are dialled with that say nothing else; the same each time.
     *
     * @throws IOException if the JDK's roots cannot be read
     */
    public static Tls defaultClient() throws IOException {
        return Default.get();
    }

    private static final class Default {
        private static @Nullable Tls made;

        static synchronized Tls get() throws IOException {
            Tls known = made;
            if (known == null) {
                known = client().build();
                made = known;
            }
            return known;
        }
    }

    /**
     * An identity for trials and tests, made up now: an EC key of P-256, and a certificate signed by itself, for {@code localhost},
     * {@code 127.0.0.1}, {@code ::1} and what else is named, valid for 90 days. Whoever is to trust it has to be given its certificate.
     *
     * @param names more host names and addresses, without brackets
     * @throws IllegalArgumentException if one is neither
     */
    public static TlsIdentity selfSigned(String... names) {
        return SelfSigned.make(List.of(names), Duration.ofDays(90));
    }

    /** Certificates and the key as text, such as other programs read: PEM, the certificates, then the key as PKCS#8. */
    public static String pem(TlsIdentity identity) {
        final StringBuilder text = new StringBuilder();
        try {
            for (X509Certificate certificate : identity.chain()) {
                text.append(Pem.encode("CERTIFICATE", certificate.getEncoded()));
            }
        } catch (java.security.cert.CertificateEncodingException e) {
            throw new IllegalArgumentException("A certificate has no encoding", e);
        }
        return text.append(Pem.encode("PRIVATE KEY", identity.key().getEncoded()))
                .toString();
    }

    // ---- in use

    /** Whether it is for the side that dials. */
    public boolean isClient() {
        return shared.client;
    }

    /**
     * The same for an endpoint that speaks these protocols and no others, whatever {@link Builder#applicationProtocols} says. What is reloaded and
     * counted is so for both together; sessions of the one are not resumed by the other.
     *
     * @param names for ALPN, as {@link Builder#applicationProtocols}
     * @throws IllegalArgumentException likewise
     * @throws IOException if files cannot be read that have to be read again for it
     */
    public Tls speaking(String... names) throws IOException {
        final List<String> wanted = protocols(names);
        if (wanted.equals(protocols)) {
            return this;
        }
        shared.add(wanted);
        return new Tls(shared, wanted);
    }

    /** Whose TLS it is, with its version, such as {@code JDK 25}. */
    public String library() {
        return context().library();
    }

    private TlsContext context() {
        return Objects.requireNonNull(shared.contexts.get(protocols));
    }

    /**
     * Reads all files again. Handshakes that begin from now on use what they say; open connections stay as they are, and sessions from before
     * are not resumed.
     *
     * @throws IOException if a file cannot be read or what is in it is of no use, with a message that names it; all stays as it was then
     */
    public void reload() throws IOException {
        shared.reload();
    }

    /**
     * As {@link #reload()}, with other identities in the place of all; files of identities are not read any more.
     *
     * @throws IOException if what they are is of no use; all stays as it was then
     */
    public void reload(List<TlsIdentity> identities) throws IOException {
        final List<IdentitySource> sources = new ArrayList<>();
        identities.forEach(identity -> sources.add(() -> identity));
        shared.reload(sources);
    }

    /** What it has seen so far. */
    public TlsStats stats() {
        return new TlsStats(
                shared.established.sum(),
                shared.resumed.sum(),
                shared.failed.sum(),
                shared.refused.sum(),
                shared.active.get());
    }

    @Override
    public Stage stage(StageContext where, StreamSink above) {
        return new TlsStage(this, where, above);
    }

    private static List<String> protocols(String... names) {
        for (String name : names) {
            final int bytes = name.getBytes(StandardCharsets.UTF_8).length;
            if (bytes < 1 || bytes > 255) {
                throw new IllegalArgumentException("A protocol's name has 1 to 255 bytes: '" + name + "'");
            }
        }
        return List.copyOf(Arrays.asList(names));
    }

    // ---- for the stage

    TlsEngine engine(StageContext where) throws SSLException {
        if (where.dialled() != shared.client) {
            throw new SSLException(
                    shared.client
                            ? "TLS of a client is of no use for a connection that was accepted"
                            : "TLS of a server is of no use for a connection that was dialled");
        }
        return context()
                .engine(
                        shared.client ? Optional.of(new TlsPeer(where.host(), where.port())) : Optional.empty(),
                        where.loop().blocks());
    }

    long handshakeTimeoutNs() {
        return shared.handshakeTimeoutNs;
    }

    /** A handshake would have begun, but there are as many as may be. */
    void refused() {
        shared.refused.increment();
    }

    /** A handshake begins; {@link #established} or {@link #failed} follows. */
    void begun() {
        shared.active.incrementAndGet();
    }

    void established(TlsSession session) {
        shared.active.decrementAndGet();
        shared.established.increment();
        if (session.resumed()) {
            shared.resumed.increment();
        }
    }

    void failed() {
        shared.active.decrementAndGet();
        shared.failed.increment();
    }

    @Override
    public String toString() {
        return "TLS of a " + (shared.client ? "client" : "server") + " by " + library();
    }

    /** Sets up a {@link Tls}. Not to be used by two threads at once. */
    public static final class Builder {
        private final boolean client;
        private volatile List<IdentitySource> identities = new ArrayList<>();
        private final List<TrustSource> trust = new ArrayList<>();
        private final List<RevocationSource> revocations = new ArrayList<>();
        private ClientAuth clientAuth = ClientAuth.NONE;
        private boolean verifiesServer = true;
        private boolean verifiesHost = true;
        private Set<TlsVersion> versions = EnumSet.allOf(TlsVersion.class);
        private List<String> cipherSuites = List.of();
        private List<String> applicationProtocols = List.of();
        private Duration handshakeTimeout = Duration.ofSeconds(10);
        private int sessionCacheSize = 20_000;
        private Duration sessionLife = Duration.ofHours(2);
        private TlsProvider provider = TlsProvider.AUTO;

        private Builder(boolean client) {
            this.client = client;
        }

        private Builder copy() {
            final Builder copy = new Builder(client);
            copy.identities = new ArrayList<>(identities);
            copy.trust.addAll(trust);
            copy.revocations.addAll(revocations);
            copy.clientAuth = clientAuth;
            copy.verifiesServer = verifiesServer;
            copy.verifiesHost = verifiesHost;
            copy.versions = EnumSet.copyOf(versions);
            copy.cipherSuites = cipherSuites;
            copy.applicationProtocols = applicationProtocols;
            copy.handshakeTimeout = handshakeTimeout;
            copy.sessionCacheSize = sessionCacheSize;
            copy.sessionLife = sessionLife;
            copy.provider = provider;
            return copy;
        }

        private void requireServer(String what) {
            if (client) {
                throw new IllegalStateException(what + " is for servers");
            }
        }

        private void requireClient(String what) {
            if (!client) {
                throw new IllegalStateException(what + " is for clients");
            }
        }

        /**
         * Adds an identity. Of a server's each client gets the one whose certificate is for the name that it asks for: exactly, else by a
         * wildcard; whoever asks for none, or for another name, gets the first. A client has one.
         */
        public Builder identity(TlsIdentity identity) {
            return addIdentity(() -> identity);
        }

        /**
         * Adds an identity, as {@link #identity} does, from files in PEM.
         *
         * @param chain the own certificate, and those between it and the root
         * @param key PKCS#8, PKCS#1 or SEC 1, not encrypted; may be the same file
         */
        public Builder certificate(Path chain, Path key) {
            return addIdentity(() -> KeyStores.identity(chain, key, Optional.empty()));
        }

        /**
         * As {@link #certificate(Path, Path)}, with a key that may be encrypted (PKCS#8 with PBES2, RFC 8018).
         *
         * @param password of the key
         */
        public Builder certificate(Path chain, Path key, String password) {
            return addIdentity(() -> KeyStores.identity(chain, key, Optional.of(password)));
        }

        /** Adds an identity, as {@link #identity} does: the first key of a PKCS#12 file, with its certificates. */
        public Builder keyStore(Path file, String password) {
            return addIdentity(() -> KeyStores.identity(file, password));
        }

        private Builder addIdentity(IdentitySource source) {
            if (client && !identities.isEmpty()) {
                throw new IllegalStateException("A client has one identity");
            }
            identities.add(source);
            return this;
        }

        /** Adds roots, in the place of the JDK's; of a server, for its clients' certificates. */
        public Builder trust(X509Certificate... roots) {
            final List<X509Certificate> copy = List.of(roots);
            trust.add(() -> copy);
            return this;
        }

        /** As {@link #trust(X509Certificate...)}, all certificates of a file in PEM. */
        public Builder trust(Path file) {
            trust.add(() -> Pem.certificates(file));
            return this;
        }

        /** As {@link #trust(X509Certificate...)}, all certificates of a PKCS#12 file. */
        public Builder trustStore(Path file, String password) {
            trust.add(() -> KeyStores.roots(file, password));
            return this;
        }

        /** Adds the JDK's roots; a client has them unless others are named. */
        public Builder trustSystem() {
            trust.add(KeyStores::systemRoots);
            return this;
        }

        /**
         * Adds certificate revocation lists (RFC 5280, 5). With any, each certificate between the peer's own and the root, that of the root left out,
         * has to be covered by a list of its issuer that is in force, and not be in it; so a list that is out of date lets nobody in. Give lists
         * anew by {@link Tls#reload()}. By default nothing is asked, and nothing ever over the network.
         *
         * @param file lists in PEM, or one in DER; read again by a reload
         */
        public Builder revocations(Path file) {
            revocations.add(() -> Pem.revocations(file));
            return this;
        }

        /** As {@link #revocations(Path)}, with lists that were read already. */
        public Builder revocations(X509CRL... lists) {
            final List<X509CRL> copy = List.of(lists);
            revocations.add(() -> copy);
            return this;
        }

        /**
         * Has a client take any certificate from anybody: whoever sits between the two reads and changes all. For trials; {@link #trust} makes
         * it unnecessary.
         */
        public Builder insecurelyTrustAnyServer() {
            requireClient("insecurelyTrustAnyServer()");
            verifiesServer = false;
            return this;
        }

        /** Has a client take a trusted certificate for whatever host. */
        public Builder insecurelyIgnoreHost() {
            requireClient("insecurelyIgnoreHost()");
            verifiesHost = false;
            return this;
        }

        /** Whether a server asks for certificates, which lead to the roots of {@link #trust}. Default {@link ClientAuth#NONE}. */
        public Builder clientAuth(ClientAuth mode) {
            requireServer("clientAuth()");
            clientAuth = mode;
            return this;
        }

        /** The versions to speak; default all. */
        public Builder versions(TlsVersion first, TlsVersion... more) {
            versions = EnumSet.of(first, more);
            return this;
        }

        /**
         * The suites to use, by their names of the IANA registry, the best first. By default those with forward secrecy and authenticated
         * encryption.
         */
        public Builder cipherSuites(String... names) {
            cipherSuites = List.of(names);
            return this;
        }

        /**
         * The protocols for ALPN (RFC 7301), the best first: such as {@code h2} and {@code http/1.1}. The server's order decides. Default none.
         *
         * @throws IllegalArgumentException if a name has no byte, or more than 255
         */
        public Builder applicationProtocols(String... names) {
            applicationProtocols = protocols(names);
            return this;
        }

        /** How long a handshake may take; positive. Default 10 s. */
        public Builder handshakeTimeout(Duration timeout) {
            if (timeout.isNegative() || timeout.isZero()) {
                throw new IllegalArgumentException("The handshake timeout must be positive: " + timeout);
            }
            handshakeTimeout = timeout;
            return this;
        }

        /**
         * How sessions are resumed.
         *
         * @param size how many are kept at most, where it is this side that keeps them; default 20,000
         * @param life how long one may be resumed, 1 s to a week; default 2 h
         */
        public Builder sessions(int size, Duration life) {
            if (size < 1 || life.toSeconds() < 1 || life.toDays() > 7) {
                throw new IllegalArgumentException("At least one session, for 1 s to 7 days: " + size + ", " + life);
            }
            sessionCacheSize = size;
            sessionLife = life;
            return this;
        }

        /** Whose TLS to use; default {@link TlsProvider#AUTO}. */
        public Builder provider(TlsProvider wanted) {
            provider = wanted;
            return this;
        }

        /**
         * Reads all files.
         *
         * @throws IOException if one cannot be read or what is in it is of no use, with a message that names it; if the provider is not there
         * @throws IllegalStateException if something is missing: a server's identity, or the roots for its clients' certificates
         */
        public Tls build() throws IOException {
            if (!client && identities.isEmpty()) {
                throw new IllegalStateException("TLS of a server needs an identity: a certificate and its key");
            }
            if (!client && clientAuth != ClientAuth.NONE && trust.isEmpty()) {
                throw new IllegalStateException("To verify clients' certificates, a server has to trust somebody");
            }
            if (!verifiesServer) {
                Log.log(
                        System.Logger.Level.WARNING,
                        "A client's TLS trusts any server: whoever listens in can read it");
            }
            final Builder copy = copy();
            return new Tls(new Shared(copy), copy.applicationProtocols);
        }

        private TlsSettings settings() throws IOException {
            return settings(identities);
        }

        private TlsSettings settings(List<IdentitySource> sources) throws IOException {
            final List<TlsIdentity> known = new ArrayList<>();
            for (IdentitySource source : sources) {
                known.add(source.read());
            }
            if (!client && known.isEmpty()) {
                throw new IOException("TLS of a server needs an identity: a certificate and its key");
            }
            final List<X509Certificate> roots = new ArrayList<>();
            for (TrustSource source : trust) {
                roots.addAll(source.read());
            }
            final List<X509CRL> revoked = new ArrayList<>();
            for (RevocationSource source : revocations) {
                revoked.addAll(source.read());
            }
            if (client && trust.isEmpty() && verifiesServer) {
                roots.addAll(KeyStores.systemRoots());
            }
            return new TlsSettings(
                    client,
                    List.copyOf(versions),
                    cipherSuites,
                    applicationProtocols,
                    known,
                    roots,
                    revoked,
                    clientAuth,
                    verifiesServer,
                    verifiesHost,
                    sessionCacheSize,
                    sessionLife);
        }

        private void replaceIdentities(List<IdentitySource> sources) {
            identities = sources;
        }
    }
}
