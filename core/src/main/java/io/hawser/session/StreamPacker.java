// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;

/** Compresses the messages of one stream, one after the other. One thread at a time. */
interface StreamPacker extends AutoCloseable {
    /** The most bytes that a message of {@code plainBytes} can become. */
    long mostBytes(long plainBytes);

    /**
     * Compresses all of {@code plain}, which is consumed, so that the peer can inflate it without waiting for more. A failure for lack of memory
     * comes before anything is changed.
     *
     * @param packed gets the result; its bound is not asked
     */
    void pack(Buffer plain, Buffer packed, BlockSource blocks);

    @Override
    void close();
}
