// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BlockCache;
import io.hawser.buffer.Buffer;
import io.hawser.transport.StreamSocket;
import java.io.IOException;

/**
 * Where the bytes come from that are sent piece by piece: what waits of them takes no memory of the connection's.
 *
 * <p><b>Thread:</b> the loop's, and that of whoever gives it up before it has come there.
 */
interface PartSource {
    /** What {@link #fill} returns when there is no memory. */
    int NO_MEMORY = -1;

    /** As {@link StreamSocket#sendFile}. */
    long transfer(StreamSocket socket, long position, long count) throws IOException;

    /**
     * Puts the bytes from {@code position} on into {@code piece}, which is empty. Each byte is asked for once, in order.
     *
     * @return how many, at most {@code wanted}; 0 if there are none; or {@link #NO_MEMORY}
     */
    int fill(Buffer piece, BlockCache blocks, long position, int wanted) throws IOException;

    /** Nothing more is asked for. Once. */
    void release();
}
