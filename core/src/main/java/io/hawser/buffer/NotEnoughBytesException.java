// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.nio.BufferUnderflowException;

/** A read asked for more bytes than there are; it consumed nothing. */
public final class NotEnoughBytesException extends BufferUnderflowException {
    private static final long serialVersionUID = 1L;

    private final long needed;
    private final long available;

    /**
     * All in bytes.
     *
     * @param needed how many the read needs
     * @param available how many there are
     */
    public NotEnoughBytesException(long needed, long available) {
        this.needed = needed;
        this.available = available;
    }

    /** How many bytes the read needs. */
    public long needed() {
        return needed;
    }

    /** How many there were. */
    public long available() {
        return available;
    }

    @Override
    public String getMessage() {
        return needed + " bytes are needed, " + available + " are there";
    }
}
