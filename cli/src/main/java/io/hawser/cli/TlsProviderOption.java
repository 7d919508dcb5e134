// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.tls.TlsProvider;
import picocli.CommandLine.Option;

/** Whose TLS to use; for commands that listen or dial with it. */
final class TlsProviderOption {
    @Option(
            names = "--tls-provider",
            paramLabel = "NAME",
            converter = TlsProviderConverter.class,
            description = "Whose TLS to use: jdk, openssl, or auto for the best that works here; default: auto")
    private TlsProvider provider = TlsProvider.AUTO;

    TlsProvider provider() {
        return provider;
    }
}
