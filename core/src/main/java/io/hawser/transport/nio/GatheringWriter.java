// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;

/**
 * Writes a buffer's linked blocks to a channel, many in one system call (writev(2)), through one array that is used again
 * and again. The loop's thread only.
 */
final class GatheringWriter {
    /** Blocks in one system call; the bytes are what counts from here on, not the calls. */
    static final int MAX_BLOCKS = 64;

    private final ByteBuffer[] vector = new ByteBuffer[MAX_BLOCKS];

    /**
     * Writes the first {@code bytes} of {@code outbound}, or fewer if the socket is full before. The buffer stays as it is.
     *
     * @param bytes at most what is readable. The writer may be adding more meanwhile, so the end of the last block is not
     *     to be relied on
     * @return how many bytes the kernel took
     * @throws IOException as the channel has it; some bytes may have been taken before
     */
    long write(GatheringByteChannel channel, Buffer outbound, long bytes) throws IOException {
        Block block = outbound.head();
        long written = 0;
        long offered = 0;
        while (offered < bytes && written == offered) {
            int count = 0;
            while (offered < bytes && count < MAX_BLOCKS && block != null) {
                int readable = (int) Math.min(block.readableBytes(), bytes - offered);
                if (readable > 0) {
                    vector[count++] = block.byteBuffer(block.start(), block.start() + readable);
                    offered += readable;
                }
                block = offered < bytes ? block.next() : null;
            }
            if (count == 0) {
                break;
            }
            written += write(channel, count);
        }
        return written;
    }

    private long write(GatheringByteChannel channel, int count) throws IOException {
        try {
            // For one buffer the JDK's gathering write costs more, and allocates.
            return count == 1 ? channel.write(vector[0]) : channel.write(vector, 0, count);
        } finally {
            Arrays.fill(vector, 0, count, null);
        }
    }
}
