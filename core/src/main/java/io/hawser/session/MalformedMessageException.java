// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.io.IOException;

/** What came is no message. */
public final class MalformedMessageException extends IOException {
    private static final long serialVersionUID = 1;

    /** With what is wrong. */
    public MalformedMessageException(String message) {
        super(message);
    }

    /** With what is wrong, and the failure behind it. */
    public MalformedMessageException(String message, Throwable cause) {
        super(message, cause);
    }
}
