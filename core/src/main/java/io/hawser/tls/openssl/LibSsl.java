// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import static io.hawser.tls.openssl.Library.call;
import static io.hawser.tls.openssl.Library.ssl;

import java.lang.invoke.MethodHandle;

/**
 * What is used of libssl; section 3ssl of the manual has the functions. A pointer is 0 where there is none. {@code ctx} is an {@code SSL_CTX} and
 * {@code ssl} an {@code SSL} that the caller has made and not freed; an {@code SSL} is used by one thread at a time, an {@code SSL_CTX} by many.
 */
final class LibSsl {
    // openssl/ssl.h
    static final int ERROR_WANT_READ = 2;
    static final int ERROR_ZERO_RETURN = 6;

    static final long OP_NO_COMPRESSION = 1L << 17;
    static final long OP_CIPHER_SERVER_PREFERENCE = 1L << 22;
    static final long OP_NO_RENEGOTIATION = 1L << 30;

    static final int MODE_ACCEPT_MOVING_WRITE_BUFFER = 0x2;
    static final int MODE_AUTO_RETRY = 0x4;
    static final int MODE_RELEASE_BUFFERS = 0x10;

    static final int VERIFY_PEER = 1;
    static final int VERIFY_FAIL_IF_NO_PEER_CERT = 2;

    static final int SESS_CACHE_CLIENT = 1;
    static final int SESS_CACHE_SERVER = 2;
    static final int SESS_CACHE_NO_INTERNAL = 0x300;

    /** Both ways: an SSL that is freed now was not cut off. */
    static final int SENT_AND_RECEIVED_SHUTDOWN = 3;

    static final int CB_READ_ALERT = 0x4004;
    static final int CB_WRITE_ALERT = 0x4008;

    static final int TLS1_2 = 0x0303;
    static final int TLS1_3 = 0x0304;

    // openssl/tls1.h
    static final int TLSEXT_ERR_OK = 0;
    static final int TLSEXT_ERR_ALERT_FATAL = 2;

    // commands of SSL_ctrl and SSL_CTX_ctrl, which the manual has as macros
    private static final int CTRL_MODE = 33;
    private static final int CTRL_SET_SESS_CACHE_SIZE = 42;
    private static final int CTRL_SET_SESS_CACHE_MODE = 44;
    private static final int CTRL_SET_MAX_CERT_LIST = 51;
    private static final int CTRL_SET_TLSEXT_SERVERNAME_CB = 53;
    private static final int CTRL_SET_TLSEXT_HOSTNAME = 55;
    private static final int CTRL_CLEAR_MODE = 78;
    private static final int CTRL_SET_GROUPS_LIST = 92;
    private static final int CTRL_SET_MIN_PROTO_VERSION = 123;
    private static final int CTRL_SET_MAX_PROTO_VERSION = 124;

    private static final MethodHandle TLS_METHOD = ssl("TLS_method");
    private static final MethodHandle SSL_CTX_NEW = ssl("SSL_CTX_new");
    private static final MethodHandle SSL_CTX_FREE = ssl("SSL_CTX_free");
    private static final MethodHandle SSL_CTX_CTRL = ssl("SSL_CTX_ctrl");
    private static final MethodHandle SSL_CTX_CALLBACK_CTRL = ssl("SSL_CTX_callback_ctrl");
    private static final MethodHandle SSL_CTX_SET_OPTIONS = ssl("SSL_CTX_set_options");
    private static final MethodHandle SSL_CTX_SET_CIPHER_LIST = ssl("SSL_CTX_set_cipher_list");
    private static final MethodHandle SSL_CTX_SET_CIPHERSUITES = ssl("SSL_CTX_set_ciphersuites");
    private static final MethodHandle OPENSSL_CIPHER_NAME = ssl("OPENSSL_cipher_name");
    private static final MethodHandle SSL_CTX_USE_CERT_AND_KEY = ssl("SSL_CTX_use_cert_and_key");
    private static final MethodHandle SSL_CTX_SET_VERIFY = ssl("SSL_CTX_set_verify");
    private static final MethodHandle SSL_CTX_SET_CERT_VERIFY_CALLBACK = ssl("SSL_CTX_set_cert_verify_callback");
    private static final MethodHandle SSL_CTX_ADD_CLIENT_CA = ssl("SSL_CTX_add_client_CA");
    private static final MethodHandle SSL_CTX_SET_ALPN_PROTOS = ssl("SSL_CTX_set_alpn_protos");
    private static final MethodHandle SSL_CTX_SET_ALPN_SELECT_CB = ssl("SSL_CTX_set_alpn_select_cb");
    private static final MethodHandle SSL_CTX_SET_CERT_CB = ssl("SSL_CTX_set_cert_cb");
    private static final MethodHandle SSL_CTX_SET_INFO_CALLBACK = ssl("SSL_CTX_set_info_callback");
    private static final MethodHandle SSL_CTX_SESS_SET_NEW_CB = ssl("SSL_CTX_sess_set_new_cb");
    private static final MethodHandle SSL_CTX_SET_SESSION_ID_CONTEXT = ssl("SSL_CTX_set_session_id_context");
    private static final MethodHandle SSL_CTX_SET_TIMEOUT = ssl("SSL_CTX_set_timeout");
    private static final MethodHandle SSL_SESSION_FREE = ssl("SSL_SESSION_free");
    private static final MethodHandle SSL_SESSION_GET_PROTOCOL_VERSION = ssl("SSL_SESSION_get_protocol_version");
    private static final MethodHandle SSL_NEW = ssl("SSL_new");
    private static final MethodHandle SSL_FREE = ssl("SSL_free");
    private static final MethodHandle SSL_CTRL = ssl("SSL_ctrl");
    private static final MethodHandle SSL_SET_BIO = ssl("SSL_set_bio");
    private static final MethodHandle SSL_SET_ACCEPT_STATE = ssl("SSL_set_accept_state");
    private static final MethodHandle SSL_SET_CONNECT_STATE = ssl("SSL_set_connect_state");
    private static final MethodHandle SSL_SET_SESSION = ssl("SSL_set_session");
    private static final MethodHandle SSL_SESSION_REUSED = ssl("SSL_session_reused");
    private static final MethodHandle SSL_CERTS_CLEAR = ssl("SSL_certs_clear");
    private static final MethodHandle SSL_USE_CERT_AND_KEY = ssl("SSL_use_cert_and_key");
    private static final MethodHandle SSL_DO_HANDSHAKE = ssl("SSL_do_handshake");
    private static final MethodHandle SSL_IS_INIT_FINISHED = ssl("SSL_is_init_finished");
    private static final MethodHandle SSL_READ = ssl("SSL_read");
    private static final MethodHandle SSL_WRITE = ssl("SSL_write");
    private static final MethodHandle SSL_SHUTDOWN = ssl("SSL_shutdown");
    private static final MethodHandle SSL_SET_SHUTDOWN = ssl("SSL_set_shutdown");
    private static final MethodHandle SSL_GET_ERROR = ssl("SSL_get_error");
    private static final MethodHandle SSL_VERSION = ssl("SSL_version");
    private static final MethodHandle SSL_GET_CURRENT_CIPHER = ssl("SSL_get_current_cipher");
    private static final MethodHandle SSL_CIPHER_STANDARD_NAME = ssl("SSL_CIPHER_standard_name");
    private static final MethodHandle SSL_GET0_ALPN_SELECTED = ssl("SSL_get0_alpn_selected");
    private static final MethodHandle SSL_GET_SERVERNAME = ssl("SSL_get_servername");
    private static final MethodHandle SSL_GET0_PEER_CERTIFICATE = ssl("SSL_get0_peer_certificate");
    private static final MethodHandle SSL_GET_PEER_CERT_CHAIN = ssl("SSL_get_peer_cert_chain");

    private LibSsl() {}

    // ---- contexts

    /** A context for any version; 0 if there is no memory. */
    static long newContext() {
        // SAFETY: the method is the library's own.
        return call(SSL_CTX_NEW, call(TLS_METHOD));
    }

    static void freeContext(long ctx) {
        // SAFETY: gives up the caller's reference; each SSL has one of its own.
        call(SSL_CTX_FREE, ctx);
    }

    static void setOptions(long ctx, long options) {
        // SAFETY: takes numbers; they are uint64_t since 3.0.
        call(SSL_CTX_SET_OPTIONS, ctx, options);
    }

    static void setMode(long ctx, int on, int off) {
        // SAFETY: takes numbers.
        call(SSL_CTX_CTRL, ctx, CTRL_MODE, on, 0);
        call(SSL_CTX_CTRL, ctx, CTRL_CLEAR_MODE, off, 0);
    }

    static boolean setVersions(long ctx, int least, int most) {
        // SAFETY: takes numbers.
        return (int) call(SSL_CTX_CTRL, ctx, CTRL_SET_MIN_PROTO_VERSION, least, 0) > 0
                && (int) call(SSL_CTX_CTRL, ctx, CTRL_SET_MAX_PROTO_VERSION, most, 0) > 0;
    }

    /** {@code names} is a string: SSL_CTX_set1_groups_list(3). Whether it knows all of them. */
    static boolean setGroups(long ctx, long names) {
        // SAFETY: the string is read during the call.
        return (int) call(SSL_CTX_CTRL, ctx, CTRL_SET_GROUPS_LIST, 0, names) > 0;
    }

    /** The most bytes that a message with the peer's certificates may have. */
    static void setMaxCertificates(long ctx, int bytes) {
        // SAFETY: takes a number.
        call(SSL_CTX_CTRL, ctx, CTRL_SET_MAX_CERT_LIST, bytes, 0);
    }

    /** Those of TLS 1.2, by OpenSSL's own names. */
    static boolean setCiphers(long ctx, long names) {
        // SAFETY: a string, which is copied.
        return (int) call(SSL_CTX_SET_CIPHER_LIST, ctx, names) > 0;
    }

    /** Those of TLS 1.3. */
    static boolean setSuites(long ctx, long names) {
        // SAFETY: a string, which is copied.
        return (int) call(SSL_CTX_SET_CIPHERSUITES, ctx, names) > 0;
    }

    /** OpenSSL's own name of a suite that has this one in IANA's registry; {@code (NONE)} if it does not know it. */
    static String cipherName(long standardName) {
        // SAFETY: a string; what is returned lives as long as the library.
        return Library.string(call(OPENSSL_CIPHER_NAME, standardName));
    }

    static boolean useIdentity(long ctx, long certificate, long key, long chain) {
        // SAFETY: it takes references of its own. The last argument replaces what the context has for keys of this
        // kind.
        return (int) call(SSL_CTX_USE_CERT_AND_KEY, ctx, certificate, key, chain, 1) > 0;
    }

    static void setVerify(long ctx, int mode, long callback) {
        // SAFETY: the callback is an upcall, which lives as long as the process.
        call(SSL_CTX_SET_VERIFY, ctx, mode, 0);
        call(SSL_CTX_SET_CERT_VERIFY_CALLBACK, ctx, callback, 0);
    }

    /** Names an issuer to clients that are asked for a certificate. */
    static boolean addClientIssuer(long ctx, long certificate) {
        // SAFETY: the name is copied.
        return (int) call(SSL_CTX_ADD_CLIENT_CA, ctx, certificate) > 0;
    }

    /** What a client offers, each with its length before it. */
    static boolean setProtocols(long ctx, long protocols, int length) {
        // SAFETY: the bytes are copied. Unlike the others it returns 0 for success.
        return (int) call(SSL_CTX_SET_ALPN_PROTOS, ctx, protocols, length) == 0;
    }

    static void setProtocolCallback(long ctx, long callback) {
        // SAFETY: an upcall, which lives as long as the process.
        call(SSL_CTX_SET_ALPN_SELECT_CB, ctx, callback, 0);
    }

    static void setServerNameCallback(long ctx, long callback) {
        // SAFETY: as above.
        call(SSL_CTX_CALLBACK_CTRL, ctx, CTRL_SET_TLSEXT_SERVERNAME_CB, callback);
    }

    static void setCertificateCallback(long ctx, long callback) {
        // SAFETY: as above.
        call(SSL_CTX_SET_CERT_CB, ctx, callback, 0);
    }

    static void setInfoCallback(long ctx, long callback) {
        // SAFETY: as above.
        call(SSL_CTX_SET_INFO_CALLBACK, ctx, callback);
    }

    static void setNewSessionCallback(long ctx, long callback) {
        // SAFETY: as above.
        call(SSL_CTX_SESS_SET_NEW_CB, ctx, callback);
    }

    /** @param id its one byte: what a session was made for, which a server that asks for certificates has to say */
    static void setSessionIdContext(long ctx, long id) {
        // SAFETY: the byte is copied.
        call(SSL_CTX_SET_SESSION_ID_CONTEXT, ctx, id, 1);
    }

    static void setSessionCache(long ctx, int mode, int size, int lifeSeconds) {
        // SAFETY: takes numbers.
        call(SSL_CTX_CTRL, ctx, CTRL_SET_SESS_CACHE_MODE, mode, 0);
        call(SSL_CTX_CTRL, ctx, CTRL_SET_SESS_CACHE_SIZE, size, 0);
        call(SSL_CTX_SET_TIMEOUT, ctx, lifeSeconds);
    }

    // ---- sessions

    static void freeSession(long session) {
        // SAFETY: gives up the caller's reference.
        call(SSL_SESSION_FREE, session);
    }

    static int sessionVersion(long session) {
        // SAFETY: the caller has a reference.
        return (int) call(SSL_SESSION_GET_PROTOCOL_VERSION, session);
    }

    // ---- connections

    /** 0 if there is no memory. */
    static long newConnection(long ctx) {
        // SAFETY: it takes a reference of its own.
        return call(SSL_NEW, ctx);
    }

    static void freeConnection(long ssl) {
        // SAFETY: the only reference; it frees the BIOs as well.
        call(SSL_FREE, ssl);
    }

    static void setBios(long ssl, long input, long output) {
        // SAFETY: two BIOs, whose references the SSL has from now on.
        call(SSL_SET_BIO, ssl, input, output);
    }

    static void setSide(long ssl, boolean client) {
        // SAFETY: takes nothing else.
        call(client ? SSL_SET_CONNECT_STATE : SSL_SET_ACCEPT_STATE, ssl);
    }

    static boolean setServerName(long ssl, long name) {
        // SAFETY: a string, which is copied. The type 0 is a host's name, the only one there is.
        return (int) call(SSL_CTRL, ssl, CTRL_SET_TLSEXT_HOSTNAME, 0, name) > 0;
    }

    static boolean setSession(long ssl, long session) {
        // SAFETY: it takes a reference of its own.
        return (int) call(SSL_SET_SESSION, ssl, session) > 0;
    }

    static boolean isReused(long ssl) {
        // SAFETY: takes nothing else.
        return (int) call(SSL_SESSION_REUSED, ssl) != 0;
    }

    static void clearIdentities(long ssl) {
        // SAFETY: takes nothing else.
        call(SSL_CERTS_CLEAR, ssl);
    }

    static boolean useIdentityFor(long ssl, long certificate, long key, long chain) {
        // SAFETY: as useIdentity.
        return (int) call(SSL_USE_CERT_AND_KEY, ssl, certificate, key, chain, 1) > 0;
    }

    static int handshake(long ssl) {
        // SAFETY: input is empty or whole, as read.
        return (int) call(SSL_DO_HANDSHAKE, ssl);
    }

    static boolean isEstablished(long ssl) {
        // SAFETY: takes nothing else.
        return (int) call(SSL_IS_INIT_FINISHED, ssl) != 0;
    }

    /** SSL_read(3). */
    static int read(long ssl, long address, int length) {
        try {
            // SAFETY: the caller keeps length bytes at address for the call, and those that the input BIO stands at.
            return (int) (long) SSL_READ.invokeExact(ssl, address, (long) length, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Library.unexpected(t);
        }
    }

    /** SSL_write(3). */
    static int write(long ssl, long address, int length) {
        try {
            // SAFETY: the caller keeps length bytes at address for the call.
            return (int) (long) SSL_WRITE.invokeExact(ssl, address, (long) length, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Library.unexpected(t);
        }
    }

    /** SSL_get_error(3): why a call on this thread returned {@code result}. */
    static int error(long ssl, int result) {
        try {
            // SAFETY: takes a number.
            return (int) (long) SSL_GET_ERROR.invokeExact(ssl, (long) result, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Library.unexpected(t);
        }
    }

    static int shutdown(long ssl) {
        // SAFETY: takes nothing else.
        return (int) call(SSL_SHUTDOWN, ssl);
    }

    static void setShutdown(long ssl, int mode) {
        // SAFETY: takes a number.
        call(SSL_SET_SHUTDOWN, ssl, mode);
    }

    // ---- what was agreed

    static int version(long ssl) {
        // SAFETY: takes nothing else.
        return (int) call(SSL_VERSION, ssl);
    }

    static String cipherSuite(long ssl) {
        // SAFETY: the cipher is the library's own, or null, and so is its name.
        return Library.string(call(SSL_CIPHER_STANDARD_NAME, call(SSL_GET_CURRENT_CIPHER, ssl)));
    }

    /** @param scratch has room for two {@code long}s; the pointer goes into the first and the length into the second */
    static void protocol(long ssl, long scratch) {
        // SAFETY: the bytes stay with the SSL. The length is an unsigned int.
        call(SSL_GET0_ALPN_SELECTED, ssl, scratch, scratch + Long.BYTES);
    }

    static String serverName(long ssl) {
        // SAFETY: a string that stays with the SSL, or null.
        return Library.string(call(SSL_GET_SERVERNAME, ssl, 0));
    }

    static long peerCertificate(long ssl) {
        // SAFETY: stays with the SSL, or null.
        return call(SSL_GET0_PEER_CERTIFICATE, ssl);
    }

    /** A stack; of a server's peer without its own certificate. */
    static long peerChain(long ssl) {
        // SAFETY: stays with the SSL, or null.
        return call(SSL_GET_PEER_CERT_CHAIN, ssl);
    }
}
