// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.nio.file.Path;
import javax.net.ssl.SSLException;

/**
 * With what Netty speaks TLS 1.3.
 *
 * @param provider whose implementation it is
 * @param certificate a file with the chain of certificates, PEM
 * @param key a file with the private key, PEM in PKCS#8
 */
record Tls(TlsProvider provider, Path certificate, Path key) {
    private static final String VERSION = "TLSv1.3";

    /**
     * Netty's settings otherwise.
     *
     * @throws UnsupportedOperationException with Netty's reason, if the machine does not have the provider
     * @throws IllegalArgumentException if a file is missing or is not what it is to be
     */
    SslContext context() {
        provider.requireAvailable();
        try {
            return SslContextBuilder.forServer(certificate.toFile(), key.toFile())
                    .sslProvider(provider.netty())
                    .protocols(VERSION)
                    .build();
        } catch (SSLException e) {
            throw new IllegalArgumentException("No TLS with " + certificate + " and " + key + ": " + e, e);
        }
    }
}
