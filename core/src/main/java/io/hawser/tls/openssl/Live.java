// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.util.concurrent.atomic.AtomicInteger;

/** How many of OpenSSL's objects have been made and not freed; the garbage collector does not know them. Any thread. */
public final class Live {
    static final AtomicInteger CONTEXTS = new AtomicInteger();
    static final AtomicInteger CONNECTIONS = new AtomicInteger();
    static final AtomicInteger SESSIONS = new AtomicInteger();
    static final AtomicInteger CERTIFICATES = new AtomicInteger();

    private Live() {}

    /** {@code SSL_CTX}. */
    public static int contexts() {
        return CONTEXTS.get();
    }

    /** {@code SSL}, each with its two {@code BIO}s. */
    public static int connections() {
        return CONNECTIONS.get();
    }

    /** {@code SSL_SESSION} that clients keep. */
    public static int sessions() {
        return SESSIONS.get();
    }

    /** {@code X509} and {@code EVP_PKEY}. */
    public static int certificates() {
        return CERTIFICATES.get();
    }
}
