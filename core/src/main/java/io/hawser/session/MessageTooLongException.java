// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.io.IOException;

/** A message has, or announces, more bytes than a message may have. */
public final class MessageTooLongException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * With the numbers.
     *
     * @param bytes how long it is, or is at least
     * @param maxBytes how long it may be
     */
    public MessageTooLongException(long bytes, long maxBytes) {
        super("A message of " + bytes + " bytes or more; the limit is " + maxBytes);
    }
}
