// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assumptions.assumeThatCode;

import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.tls.TlsProvider;
import java.util.stream.Stream;

/** What TLS runs over, and whose it is: all transports with all libraries. */
record TlsWire(TestTransport transport, TlsProvider provider) {
    private static final TlsIdentity ANY = Tls.selfSigned();

    static Stream<TlsWire> all() {
        return Stream.of(TestTransport.values())
                .flatMap(transport -> Stream.of(TlsProvider.JDK, TlsProvider.OPENSSL)
                        .map(provider -> new TlsWire(transport, provider)));
    }

    /** Skips the test where one of the two is not there, and says why. */
    void assumeAvailable() {
        transport.assumeAvailable();
        assumeThatCode(() -> Tls.server().provider(provider).identity(ANY).build())
                .doesNotThrowAnyException();
    }

    @Override
    public String toString() {
        return transport + " " + provider;
    }
}
