// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

/** Whose TLS is used. */
public enum TlsProvider {
    /** OpenSSL where it is there and works, else the JDK's; a log line says why. */
    AUTO,
    /** The JDK's own, {@link javax.net.ssl.SSLEngine}. */
    JDK,
    /** OpenSSL 3, as the system has it. */
    OPENSSL
}
