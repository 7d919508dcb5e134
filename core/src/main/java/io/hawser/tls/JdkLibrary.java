// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.util.Optional;
import javax.net.ssl.SSLException;

/** The JDK's own TLS. Stateless; any thread. */
final class JdkLibrary implements TlsLibrary {
    static final JdkLibrary INSTANCE = new JdkLibrary();

    private JdkLibrary() {}

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public TlsContext context(TlsSettings settings) throws SSLException {
        return new JdkContext(settings);
    }
}
