// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.lang.invoke.MethodHandles;

/**
 * What OpenSSL calls, always from within a function that a {@link SslConnection} has called, on its thread. None throws: what goes wrong is kept by the
 * connection, and OpenSSL gets the answer that makes its function fail. Parameters that a function does not have are undefined.
 */
@SuppressWarnings("unused") // called by their names; six parameters each, as Library says
final class Upcalls {
    static final long WRITE = upcall("write");
    static final long CONTROL = upcall("control");
    static final long INFO = upcall("info");
    static final long SERVER_NAME = upcall("serverName");
    static final long CERTIFICATE = upcall("certificate");
    static final long PROTOCOL = upcall("protocol");
    static final long VERIFY = upcall("verify");
    static final long NEW_SESSION = upcall("newSession");

    private Upcalls() {}

    private static long upcall(String method) {
        return Library.upcall(MethodHandles.lookup(), method);
    }

    private static SslConnection connection() {
        final SslConnection connection = Current.ofThread().connection;
        if (connection == null) {
            throw new IllegalStateException("OpenSSL calls, and nobody called it");
        }
        return connection;
    }

    /** {@code int (BIO *, const char *data, int length)}: BIO_meth_set_write(3). */
    private static long write(long bio, long data, long length, long d, long e, long f) {
        try {
            return connection().encrypted(data, (int) length) ? (int) length : -1;
        } catch (Throwable _) {
            return -1;
        }
    }

    /** {@code long (BIO *, int command, long, void *)}: BIO_meth_set_ctrl(3). Only a flush has to be answered. */
    private static long control(long bio, long command, long c, long d, long e, long f) {
        return LibCrypto.isFlush(command) ? 1 : 0;
    }

    /** {@code void (const SSL *, int type, int value)}: SSL_CTX_set_info_callback(3). */
    private static long info(long ssl, long type, long value, long d, long e, long f) {
        try {
            connection().info((int) type, (int) value);
        } catch (Throwable _) {
            // It only looks on.
        }
        return 0;
    }

    /** {@code int (SSL *, int *alert, void *)}: SSL_CTX_set_tlsext_servername_callback(3), which has the name kept in the session. */
    private static long serverName(long ssl, long alert, long c, long d, long e, long f) {
        return LibSsl.TLSEXT_ERR_OK;
    }

    /** {@code int (SSL *, void *)}: SSL_CTX_set_cert_cb(3). */
    private static long certificate(long ssl, long b, long c, long d, long e, long f) {
        try {
            return connection().chooseIdentity() ? 1 : 0;
        } catch (Throwable _) {
            return 0;
        }
    }

    /** {@code int (SSL *, const unsigned char **out, unsigned char *outLength, const unsigned char *in, unsigned in, void *)}: SSL_CTX_set_alpn_select_cb(3). */
    private static long protocol(long ssl, long out, long outLength, long in, long inLength, long f) {
        try {
            return connection().chooseProtocol(out, outLength, in, (int) inLength)
                    ? LibSsl.TLSEXT_ERR_OK
                    : LibSsl.TLSEXT_ERR_ALERT_FATAL;
        } catch (Throwable _) {
            return LibSsl.TLSEXT_ERR_ALERT_FATAL;
        }
    }

    /** {@code int (X509_STORE_CTX *, void *)}: SSL_CTX_set_cert_verify_callback(3). */
    private static long verify(long store, long b, long c, long d, long e, long f) {
        try {
            return connection().verify(store) ? 1 : 0;
        } catch (Throwable _) {
            return 0;
        }
    }

    /** {@code int (SSL *, SSL_SESSION *)}: SSL_CTX_sess_set_new_cb(3); with 1 the reference is the callee's. */
    private static long newSession(long ssl, long session, long c, long d, long e, long f) {
        try {
            return connection().keep(session) ? 1 : 0;
        } catch (Throwable _) {
            return 0;
        }
    }
}
