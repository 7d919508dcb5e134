// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import org.jspecify.annotations.Nullable;

/** A message was not sent. */
public final class SendFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Why not. */
    public enum Reason {
        /** No session of the client is open. */
        NOT_CONNECTED,
        /** The session is closed. */
        CLOSED,
        /** Too much is pending; nothing of the message is sent. */
        BLOCKED,
        /** The message is queued, and the kernel has not taken all of it in time. */
        TIMED_OUT,
        /** It became more bytes than a message may have; nothing of it is sent. */
        TOO_LONG,
        /** The codec failed; nothing of the message is sent. */
        NOT_ENCODED
    }

    private final Reason reason;

    /** With what to tell. */
    public SendFailedException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }
}
