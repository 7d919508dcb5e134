// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.IOException;

/** Where an identity comes from, to be read again by a reload. Any thread. */
@FunctionalInterface
interface IdentitySource {
    /**
     * Reads it.
     *
     * @throws IOException if it cannot be read, or is none; the message names the file
     */
    TlsIdentity read() throws IOException;
}
