// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.IOException;

/** A transport cannot run on this machine; the message says why. */
public final class TransportUnavailableException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message names the transport and the reason in one line */
    public TransportUnavailableException(String message) {
        super(message);
    }

    /** @param message names the transport and the reason in one line */
    public TransportUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
