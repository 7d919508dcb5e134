// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.nio.BufferOverflowException;

/** A write would take a buffer over its bound; nothing of it was written. */
public final class BufferFullException extends BufferOverflowException {
    private static final long serialVersionUID = 1L;

    private final long bytes;
    private final long pending;
    private final long bound;

    /**
     * All in bytes.
     *
     * @param bytes the size of the write
     * @param pending what is in the buffer
     * @param bound what may be
     */
    public BufferFullException(long bytes, long pending, long bound) {
        this.bytes = bytes;
        this.pending = pending;
        this.bound = bound;
    }

    /** The size of the write. */
    public long bytes() {
        return bytes;
    }

    @Override
    public String getMessage() {
        return "A write of " + bytes + " bytes onto " + pending + " pending ones would pass the bound of " + bound;
    }
}
