// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

/** What a buffer does when it is asked for more bytes than it has. */
@FunctionalInterface
public interface ReaderHook {
    /** Fails at once with {@link NotEnoughBytesException}. */
    ReaderHook FAIL = (buffer, needed) -> {
        throw new NotEnoughBytesException(needed, buffer.readableBytes());
    };

    /**
     * Returns when at least {@code needed} bytes are readable.
     *
     * @throws NotEnoughBytesException if that will not be
     */
    void await(Buffer buffer, long needed);
}
