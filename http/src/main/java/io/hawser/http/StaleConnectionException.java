// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;

/** The server had closed a connection that was kept, and has not seen the request. */
final class StaleConnectionException extends IOException {
    private static final long serialVersionUID = 1;

    StaleConnectionException(Throwable cause) {
        super("The server has closed the connection that was kept for it", cause);
    }
}
