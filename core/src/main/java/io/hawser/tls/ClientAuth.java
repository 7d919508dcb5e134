// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

/** Whether a server asks its clients for a certificate. One that is sent must be valid, whichever this is but {@link #NONE}. */
public enum ClientAuth {
    /** It does not ask. */
    NONE,
    /** It asks; clients without one are served. */
    WANT,
    /** It asks; the handshake with a client without one fails. */
    REQUIRE
}
