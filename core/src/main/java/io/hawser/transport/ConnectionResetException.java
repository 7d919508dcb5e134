// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.net.SocketException;

/** The peer reset the connection, or is gone and answers with resets (ECONNRESET, EPIPE, ECONNABORTED). */
public final class ConnectionResetException extends SocketException {
    private static final long serialVersionUID = 1L;

    /** @param message what was tried, and what the operating system said */
    public ConnectionResetException(String message) {
        super(message);
    }
}
