// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.IOException;
import java.security.cert.X509CRL;
import java.util.List;

/** Where revocation lists come from, to be read again by a reload. Any thread. */
@FunctionalInterface
interface RevocationSource {
    /**
     * Reads them.
     *
     * @throws IOException if they cannot be read; the message names the file
     */
    List<X509CRL> read() throws IOException;
}
