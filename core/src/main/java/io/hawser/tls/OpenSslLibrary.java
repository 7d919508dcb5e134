// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.tls.openssl.OpenSsl;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** OpenSSL 3, as the system has it. Any thread. */
final class OpenSslLibrary implements TlsLibrary {
    static final OpenSslLibrary INSTANCE = new OpenSslLibrary();

    /** Found out once in a process, when it is first wanted. */
    private static final class Found {
        private static final Optional<String> UNAVAILABLE = find();

        private static Optional<String> find() {
            final Optional<String> unavailable = OpenSsl.unavailable();
            return unavailable.isPresent() ? unavailable : TlsProbe.exchange(OpenSslContext::new);
        }
    }

    private OpenSslLibrary() {}

    @Override
    public Optional<String> unavailable() {
        return Found.UNAVAILABLE;
    }

    @Override
    public TlsContext context(TlsSettings settings) throws SSLException {
        return new OpenSslContext(settings);
    }
}
