// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;

/** Inflates one stream, a piece at a time. The loop's thread. */
interface StreamUnpacker extends AutoCloseable {
    /** The most bytes that one call inflates. */
    int PIECE_BYTES = 64 * 1024;

    /**
     * Inflates some bytes: a piece at most, but only as much as there is room for where the format allows it.
     *
     * @param in consumed as far as it was looked at
     * @param plain gets them behind those that it has
     * @param room how many are wanted at most, positive
     * @return whether there may be more although no more comes in
     * @throws MalformedMessageException if the stream goes no further; what came before is in {@code plain}
     */
    boolean unpack(Buffer in, Buffer plain, BlockSource blocks, long room) throws MalformedMessageException;

    /** Whether it holds bytes that it has consumed and cannot inflate before more come. */
    boolean isWithinPiece();

    @Override
    void close();
}
