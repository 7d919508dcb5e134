// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.util.Optional;
import javax.net.ssl.SSLException;

/** Somebody's TLS. Any thread. */
interface TlsLibrary {
    /** Why it cannot be used here; empty if it can. Found out once, by trying. */
    Optional<String> unavailable();

    /**
     * Takes settings in.
     *
     * @throws SSLException if it cannot do what they ask, with a message that says what
     */
    TlsContext context(TlsSettings settings) throws SSLException;
}
