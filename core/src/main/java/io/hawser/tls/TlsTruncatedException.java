// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.Serial;
import javax.net.ssl.SSLException;

/**
 * The peer's side of the socket has ended without a close_notify: whether what came is all that was sent cannot be known, as anybody
 * between the two can end a TCP connection (RFC 8446, 6.1). It is the cause of the connection's close, which sends first what is pending.
 */
public final class TlsTruncatedException extends SSLException {
    @Serial
    private static final long serialVersionUID = 1;

    TlsTruncatedException() {
        super("The peer ended the connection without a close_notify: what came may not be all");
    }
}
