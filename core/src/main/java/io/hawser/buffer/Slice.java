// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

/**
 * Bytes cut from a reader without copying; the caller's own. They stay valid until {@link #close()}, whatever happens
 * to the reader or its connection.
 *
 * <p><b>Thread:</b> one at a time, any. Appended to a {@link Writer} it is empty, and closing it does no harm.
 */
public interface Slice extends Reader, AutoCloseable {
    /** Gives the memory back; a second call does nothing. Reads after it throw {@link IllegalStateException}. */
    @Override
    void close();
}
