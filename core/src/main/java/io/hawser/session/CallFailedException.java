// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import org.jspecify.annotations.Nullable;

/** A request was sent, or queued, and has no response. */
public final class CallFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Why not. */
    public enum Reason {
        /** No response came in time. */
        TIMED_OUT,
        /** The session ended before. */
        CLOSED
    }

    private final Reason reason;

    /** With what to tell. */
    public CallFailedException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }
}
