// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;

/** Where roots come from, to be read again by a reload. Any thread. */
@FunctionalInterface
interface TrustSource {
    /**
     * Reads them.
     *
     * @throws IOException if they cannot be read; the message names the file
     */
    List<X509Certificate> read() throws IOException;
}
