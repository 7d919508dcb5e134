// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;

/** Compresses and inflates messages one by one, and keeps nothing of them. One thread at a time. */
interface MessagePacker extends AutoCloseable {
    /**
     * Compresses all of {@code plain}, which is consumed.
     *
     * @param packed gets the result; its bound is not asked
     */
    void pack(Buffer plain, Buffer packed, BlockSource blocks) throws MessageTooLongException;

    /**
     * Inflates all that is readable in {@code packed}.
     *
     * @param plain empty; gets no more than {@code maxBytes + 1} bytes
     * @return how many bytes it inflates to; if they are more than {@code maxBytes}, how many at least
     * @throws MalformedMessageException if it is not exactly one message
     */
    long unpack(Buffer packed, Buffer plain, BlockSource blocks, int maxBytes) throws MalformedMessageException;

    @Override
    void close();
}
