// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.buffer.Buffer;
import io.hawser.transport.StreamSocket;
import java.io.IOException;

/**
 * Sends from a file, which stays open meanwhile.
 *
 * @param file held for this
 */
record FilePart(FileSource file) implements PartSource {
    @Override
    public long transfer(StreamSocket socket, long position, long count) throws IOException {
        return socket.sendFile(file.handle(), position, count);
    }

    @Override
    public int fill(Buffer piece, BlockCache blocks, long position, int wanted) throws IOException {
        final Block block = blocks.tryAcquire(wanted);
        if (block == null) {
            return NO_MEMORY;
        }
        int read = 0;
        try {
            read = file.handle().read(block.memory().asSlice(0, wanted), position);
        } finally {
            if (read <= 0) {
                block.release();
            }
        }
        if (read <= 0) {
            return 0;
        }
        block.received(read);
        piece.appendBlock(block);
        return read;
    }

    @Override
    public void release() {
        file.release();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
