// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import org.jspecify.annotations.Nullable;

/** A write to a connection whose sending side is closed, of which nothing was written; or a blocking read from one that is closed. */
public final class ConnectionClosedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    ConnectionClosedException(String message) {
        super(message);
    }

    ConnectionClosedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
