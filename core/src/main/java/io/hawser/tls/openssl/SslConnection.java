// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.io.ByteArrayInputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * An {@code SSL} between two pieces of memory.
 *
 * <p><b>In:</b> a BIO over memory that OpenSSL reads and does not own. {@link #input} writes its address and length into the {@code BUF_MEM} of
 * that BIO, which is where OpenSSL counts what it has taken (a read-only memory BIO's other copy of them is for its reset, which nobody calls): no call,
 * and no copy but the one into OpenSSL's record. <b>Out:</b> a BIO whose write is an upcall, which hands {@link SslEvents#encrypted} the record where
 * OpenSSL has it. OpenSSL's own memory BIO would copy it once more, clear it, and want a call to be read. Both BIOs hold no memory of their own, and
 * {@code SSL_MODE_RELEASE_BUFFERS} has OpenSSL give up its record buffers when they are empty, so an idle connection holds what its {@code SSL} takes.
 *
 * <p><b>Thread:</b> one at a time; each call is between {@link #enter} and {@link #exit}, which say whom the upcalls are for.
 */
public final class SslConnection {
    /** What {@link #read} returns when the input is used up. */
    public static final int MORE_INPUT = 0;
    /** What {@link #read} returns when the peer's close_notify has come. */
    public static final int CLOSED = -1;

    // struct buf_mem_st of openssl/buffer.h
    private static final int LENGTH = 0;
    private static final int DATA = 8;
    private static final int MAX = 16;

    /** {@code openssl/x509_vfy.h}; OpenSSL makes alerts of them. */
    private static final int X509_V_ERR_CERT_NOT_YET_VALID = 9;

    private static final int X509_V_ERR_CERT_HAS_EXPIRED = 10;
    private static final int X509_V_ERR_CERT_REVOKED = 23;
    /** One that OpenSSL has no better alert for than certificate_unknown, which is what the JDK sends as well. */
    private static final int X509_V_ERR_NO_EXPLICIT_POLICY = 43;

    private static final MemorySegment NAME = Arena.global().allocateFrom("hawser");
    private static final long SINK = LibCrypto.newSinkMethod(NAME.address(), Upcalls.WRITE, Upcalls.CONTROL);

    private final SslContext context;
    private final SslEvents events;
    private final long ssl;
    private final long inputMemory;
    private @Nullable Object peer;
    private @Nullable SslConnection outer;
    private @Nullable Throwable failure;
    private List<X509Certificate> verified = List.of();
    private int sentAlert;
    private int receivedAlert;
    private boolean established;
    private boolean broken;

    /**
     * Makes one, to be freed.
     *
     * @throws SSLException if OpenSSL has no memory
     */
    public SslConnection(SslContext context, SslEvents events) throws SSLException {
        this.context = context;
        this.events = events;
        LibCrypto.clearErrors();
        ssl = LibSsl.newConnection(context.address());
        final long input = ssl == 0 ? 0 : LibCrypto.newInputBio(NAME.address());
        final long output = input == 0 ? 0 : LibCrypto.newBio(SINK);
        if (output == 0) {
            LibCrypto.freeBio(input);
            LibSsl.freeConnection(ssl);
            throw new SSLException("OpenSSL made no connection: " + LibCrypto.takeError());
        }
        inputMemory = LibCrypto.inputMemory(input, Current.ofThread().scratch);
        LibSsl.setBios(ssl, input, output);
        LibSsl.setSide(ssl, context.isClient());
        Live.CONNECTIONS.getAndIncrement();
    }

    // ---- whom the upcalls are for

    /** Begins some calls on this thread. */
    public void enter() {
        final Current current = Current.ofThread();
        outer = current.connection;
        current.connection = this;
        LibCrypto.clearErrors();
    }

    /** Ends what the last {@link #enter} began; what is left of the input is forgotten, so that its memory may go. */
    public void exit() {
        Library.setLong(inputMemory + LENGTH, 0);
        Current.ofThread().connection = outer;
        outer = null;
    }

    // ---- before the handshake

    /** Of a client: which name it asks for (RFC 6066, 3). */
    public void serverName(String name) throws SSLException {
        try (Arena arena = Arena.ofConfined()) {
            if (!LibSsl.setServerName(ssl, arena.allocateFrom(name).address())) {
                throw new SSLException("OpenSSL does not take the server name " + name);
            }
        }
    }

    /** Of a client: whom its sessions are with. One of them is gone on with, if there is one, and new ones are kept. */
    public void resume(Object peer, long nowNs) {
        this.peer = peer;
        context.sessions().offer(peer, ssl, nowNs);
    }

    /** Of a client: sends its first message. */
    public void start() throws SSLException {
        final int result = LibSsl.handshake(ssl);
        if (result <= 0 && LibSsl.error(ssl, result) != LibSsl.ERROR_WANT_READ) {
            throw failure();
        }
    }

    // ---- in and out

    /** Has the next calls read from {@code address}, where {@code length} bytes stay until there is another input or {@link #exit}. */
    public void input(long address, int length) {
        Library.setLong(inputMemory + DATA, address);
        Library.setLong(inputMemory + LENGTH, length);
        Library.setLong(inputMemory + MAX, length);
    }

    /** How many bytes have not been read. */
    public int inputLeft() {
        return (int) Library.getLong(inputMemory + LENGTH);
    }

    /**
     * Takes from the input, at most to the end of a record; what is no data is dealt with. Until {@link #isEstablished()} it is the handshake that is
     * gone on with.
     *
     * @param address of {@code length} bytes of room, for the length of the call
     * @return how many bytes of data it has put there, {@link #MORE_INPUT} or {@link #CLOSED}
     * @throws SSLException if nothing more can come; an alert has been sent if there is one to be sent
     */
    public int read(long address, int length) throws SSLException {
        final int result = LibSsl.read(ssl, address, length);
        if (result > 0) {
            return result;
        }
        final int error = LibSsl.error(ssl, result);
        if (error == LibSsl.ERROR_WANT_READ && failure == null) {
            return MORE_INPUT;
        }
        if (error == LibSsl.ERROR_ZERO_RETURN) {
            return CLOSED;
        }
        throw failure();
    }

    /**
     * Encrypts, in as many records as it takes.
     *
     * @param address of {@code length} bytes, at least 1, for the length of the call
     * @throws SSLException if nothing can be sent any more
     */
    public void write(long address, int length) throws SSLException {
        final int result = LibSsl.write(ssl, address, length);
        if (result != length) {
            // The output takes all or fails.
            throw failure();
        }
    }

    /** Sends close_notify. Once established. */
    public void shutdown() throws SSLException {
        if (LibSsl.shutdown(ssl) < 0) {
            throw failure();
        }
    }

    /** Whether the handshake is over. */
    public boolean isEstablished() {
        established = established || LibSsl.isEstablished(ssl);
        return established;
    }

    private SSLException failure() {
        broken = true;
        final Throwable cause = failure;
        final String reason = LibCrypto.takeError();
        final String message;
        if (receivedAlert != 0) {
            message = "Received fatal alert: " + Alerts.name(receivedAlert);
        } else if (cause != null) {
            message = String.valueOf(cause.getMessage());
        } else {
            message = sentAlert == 0 ? reason : "(" + Alerts.name(sentAlert) + ") " + reason;
        }
        final SSLException thrown = established ? new SSLException(message) : new SSLHandshakeException(message);
        if (cause != null) {
            thrown.initCause(cause);
        }
        return thrown;
    }

    /** Copies what {@link SslEvents#encrypted} was given. */
    public static void copy(long address, MemorySegment to, long offset, int bytes) {
        Library.copy(address, to, offset, bytes);
    }

    // ---- what was agreed, once established

    /** Whether it is TLS 1.3, else it is 1.2. */
    public boolean isTls13() {
        return LibSsl.version(ssl) >= LibSsl.TLS1_3;
    }

    /** Its name of IANA's registry. */
    public String cipherSuite() {
        return LibSsl.cipherSuite(ssl);
    }

    /** What ALPN has chosen. */
    public Optional<String> protocol() {
        final long scratch = Current.ofThread().scratch;
        Library.setLong(scratch, 0);
        Library.setLong(scratch + Long.BYTES, 0);
        LibSsl.protocol(ssl, scratch);
        final int length = (int) Library.getLong(scratch + Long.BYTES);
        return length == 0
                ? Optional.empty()
                : Optional.of(new String(Library.bytes(Library.getLong(scratch), length), StandardCharsets.ISO_8859_1));
    }

    /** Whom the client has asked for, in lower case. */
    public Optional<String> serverName() {
        final String name = LibSsl.serverName(ssl);
        return name.isEmpty() ? Optional.empty() : Optional.of(name.toLowerCase(Locale.ROOT));
    }

    /** The peer's own first, then those that it sent along; of a session that a server goes on with only the first. */
    public List<X509Certificate> peerCertificates() {
        if (!verified.isEmpty()) {
            return verified;
        }
        final long own = LibSsl.peerCertificate(ssl);
        if (own == 0) {
            return List.of();
        }
        final long chain = LibSsl.peerChain(ssl);
        final List<X509Certificate> certificates = new ArrayList<>();
        try {
            certificates.add(certificate(own));
            // A client's begins with the server's own, a server's does not.
            for (int i = context.isClient() ? 1 : 0; i < LibCrypto.size(chain); i++) {
                certificates.add(certificate(LibCrypto.element(chain, i)));
            }
        } catch (CertificateException e) {
            throw new IllegalStateException("A certificate that was verified once cannot be read", e);
        }
        return certificates;
    }

    /** Whether an earlier session goes on. */
    public boolean isResumed() {
        return LibSsl.isReused(ssl);
    }

    private static X509Certificate certificate(long certificate) throws CertificateException {
        try (Arena arena = Arena.ofConfined()) {
            final int length = LibCrypto.encode(certificate, 0);
            if (length <= 0) {
                throw new CertificateException("OpenSSL cannot encode it: " + LibCrypto.takeError());
            }
            final MemorySegment bytes = arena.allocate(length);
            final long scratch = Current.ofThread().scratch;
            Library.setLong(scratch, bytes.address());
            LibCrypto.encode(certificate, scratch);
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(bytes.toArray(ValueLayout.JAVA_BYTE)));
        }
    }

    // ---- what OpenSSL asks, within a call

    boolean encrypted(long address, int length) {
        try {
            events.encrypted(address, length);
            return true;
        } catch (Throwable t) {
            failed(t);
            return false;
        }
    }

    void info(int type, int value) {
        if (type == LibSsl.CB_WRITE_ALERT && Alerts.description(value) != Alerts.CLOSE_NOTIFY) {
            sentAlert = value;
        } else if (type == LibSsl.CB_READ_ALERT && Alerts.isFatal(value)) {
            receivedAlert = value;
        }
    }

    boolean chooseIdentity() {
        try {
            final Optional<List<SslIdentity>> identities = events.identities(serverName());
            if (identities.isEmpty()) {
                return true;
            }
            LibSsl.clearIdentities(ssl);
            for (SslIdentity identity : identities.get()) {
                if (!LibSsl.useIdentityFor(ssl, identity.certificate(), identity.key(), identity.chain())) {
                    return false;
                }
            }
            return true;
        } catch (Throwable t) {
            failed(t);
            return false;
        }
    }

    /** Points to the first of the context's protocols that the client offers, each with its length before it (RFC 7301, 3.1). */
    boolean chooseProtocol(long chosen, long chosenLength, long offered, int offeredLength) {
        for (byte[] protocol : context.protocols()) {
            int at = 0;
            while (at < offeredLength) {
                final int length = Library.getByte(offered + at) & 0xff;
                if (length == protocol.length && at + length < offeredLength && isAt(offered + at + 1, protocol)) {
                    Library.setLong(chosen, offered + at + 1);
                    Library.setByte(chosenLength, length);
                    return true;
                }
                at += 1 + length;
            }
        }
        return false;
    }

    private static boolean isAt(long address, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (Library.getByte(address + i) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    boolean verify(long store) {
        try {
            final long stack = LibCrypto.storeChain(store);
            final int count = LibCrypto.size(stack);
            final List<X509Certificate> chain = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                chain.add(certificate(LibCrypto.element(stack, i)));
            }
            if (chain.isEmpty()) {
                chain.add(certificate(LibCrypto.storeCertificate(store)));
            }
            events.verify(chain);
            verified = List.copyOf(chain);
            return true;
        } catch (Throwable t) {
            failed(t);
            LibCrypto.setStoreError(store, reason(t));
            return false;
        }
    }

    private static int reason(Throwable refusal) {
        for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertPathValidatorException e) {
                return switch (e.getReason()) {
                    case CertPathValidatorException.BasicReason.EXPIRED -> X509_V_ERR_CERT_HAS_EXPIRED;
                    case CertPathValidatorException.BasicReason.NOT_YET_VALID -> X509_V_ERR_CERT_NOT_YET_VALID;
                    case CertPathValidatorException.BasicReason.REVOKED -> X509_V_ERR_CERT_REVOKED;
                    default -> X509_V_ERR_NO_EXPLICIT_POLICY;
                };
            }
        }
        return X509_V_ERR_NO_EXPLICIT_POLICY;
    }

    /** Whether the session is kept: then its reference is too. */
    boolean keep(long session) {
        final Object with = peer;
        return with != null && context.sessions().put(with, session, System.nanoTime());
    }

    private void failed(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    /** Once; no call follows. A session that did not fail can be gone on with, however its connection ended. */
    public void free() {
        if (!broken) {
            LibSsl.setShutdown(ssl, LibSsl.SENT_AND_RECEIVED_SHUTDOWN);
        }
        LibSsl.freeConnection(ssl);
        Live.CONNECTIONS.getAndDecrement();
    }
}
