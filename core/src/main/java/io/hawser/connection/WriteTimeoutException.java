// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/**
 * A blocking write or flush has waited for room longer than the connection's write timeout. What was flushed stays queued in its order,
 * the write that had to wait for room has written nothing, and the connection is open: the caller may try again, or close it. A
 * {@link BlockingHandler} that lets it pass closes the connection with {@link CloseCause.Kind#TIMED_OUT}.
 */
public final class WriteTimeoutException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    WriteTimeoutException(String message) {
        super(message);
    }
}
