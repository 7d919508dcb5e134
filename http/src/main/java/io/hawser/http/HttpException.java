// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

/**
 * What a request is answered with an error for: thrown by the server for what a peer has sent wrongly, or by a handler.
 *
 * <p>The message is for the log of whoever catches it; the peer gets the status only.
 */
public final class HttpException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The status of the answer. */
    private final int status;

    /**
     * For an answer with {@code status}.
     *
     * @param status 400 to 599
     * @throws IllegalArgumentException if it is none of those
     */
    public HttpException(int status, String message) {
        // What a peer can cause at will is cheap: no stack trace.
        super(message, null, false, false);
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("No status of an error: " + status);
        }
        this.status = status;
    }

    /** The status of the answer, 400 to 599. */
    public int status() {
        return status;
    }
}
