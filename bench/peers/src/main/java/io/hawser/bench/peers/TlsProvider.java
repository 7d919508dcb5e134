// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import java.util.Locale;

/** Whose TLS Netty uses. */
enum TlsProvider {
    /** The JDK's engine. */
    JDK(SslProvider.JDK),
    /** What netty-tcnative brings along; {@link PeerVersions} says which library that is. */
    OPENSSL(SslProvider.OPENSSL_REFCNT);

    private final SslProvider netty;

    TlsProvider(SslProvider netty) {
        this.netty = netty;
    }

    SslProvider netty() {
        return netty;
    }

    /** @throws UnsupportedOperationException with Netty's reason, if the machine does not have it */
    void requireAvailable() {
        if (this == OPENSSL && !OpenSsl.isAvailable()) {
            throw new UnsupportedOperationException(
                    "Netty has no OpenSSL here: " + OpenSsl.unavailabilityCause(), OpenSsl.unavailabilityCause());
        }
    }

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
