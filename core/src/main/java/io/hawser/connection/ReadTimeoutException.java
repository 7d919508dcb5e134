// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/**
 * A blocking read has waited longer than the connection's read timeout. Nothing was consumed and the connection is open: the caller may
 * read again, or close it. A {@link BlockingHandler} that lets it pass closes the connection with {@link CloseCause.Kind#TIMED_OUT}.
 */
public final class ReadTimeoutException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    ReadTimeoutException(String message) {
        super(message);
    }
}
