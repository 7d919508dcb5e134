// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import javax.net.ssl.SSLException;

/** Chooses whose TLS to use. Stateless; any thread. */
final class TlsLibraries {
    private TlsLibraries() {}

    static TlsLibrary choose(TlsProvider wanted) throws SSLException {
        return switch (wanted) {
            case AUTO, JDK -> JdkLibrary.INSTANCE;
            case OPENSSL -> throw new SSLException("TLS by OpenSSL is not there");
        };
    }
}
