// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.io.IOException;

/** A handshake came to nothing: what came is none, or one side has refused. */
public final class HandshakeException extends IOException {
    private static final long serialVersionUID = 1;

    private final int status;

    HandshakeException(int status, String message) {
        super(message);
        this.status = status;
    }

    /** The HTTP status that was answered, by the server or, on a server, to the client; 0 if it came to none. */
    public int status() {
        return status;
    }
}
