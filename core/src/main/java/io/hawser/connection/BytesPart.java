// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.buffer.Buffer;
import io.hawser.transport.StreamSocket;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Sends from an array, of which a piece at a time is copied. */
final class BytesPart implements PartSource {
    private final byte[] bytes;

    /** @param bytes not changed meanwhile */
    BytesPart(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public long transfer(StreamSocket socket, long position, long count) {
        return StreamSocket.UNSUPPORTED;
    }

    @Override
    public int fill(Buffer piece, BlockCache blocks, long position, int wanted) {
        final Block block = blocks.tryAcquire(wanted);
        if (block == null) {
            return NO_MEMORY;
        }
        MemorySegment.copy(bytes, (int) position, block.memory(), ValueLayout.JAVA_BYTE, 0, wanted);
        block.received(wanted);
        piece.appendBlock(block);
        return wanted;
    }

    @Override
    public void release() {
        // The collector's.
    }

    @Override
    public String toString() {
        return bytes.length + " bytes";
    }
}
