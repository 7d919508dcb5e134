// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** One stream of RFC 1951. Nothing may come behind its last block, if it has one. */
final class DeflateStreamUnpacker implements StreamUnpacker {
    private static final int PIECE = 16 * 1024;

    private @Nullable Inflater inflater;

    @Override
    public boolean unpack(Buffer in, Buffer plain, BlockSource blocks, long room) throws MalformedMessageException {
        Inflater using = inflater;
        if (using == null) {
            using = NativeZlib.newInflater();
            inflater = using;
        }
        if (using.finished()) {
            if (in.readableBytes() > 0) {
                throw new MalformedMessageException("Bytes behind the end of a compressed stream");
            }
            return false;
        }
        final Block block = in.head();
        final int there = block == null ? 0 : (int) Math.min(block.readableBytes(), in.readableBytes());
        using.setInput(
                block == null || there == 0
                        ? NativeZlib.EMPTY
                        : block.byteBuffer(block.start(), block.start() + there));
        final long outBefore = using.getBytesWritten();
        try (BlockFiller filler = new BlockFiller(plain, blocks, Math.min(room, PIECE))) {
            final ByteBuffer target = filler.next();
            try {
                final int inflated = using.inflate(target);
                filler.filled(inflated);
                in.skip(there - using.getRemaining());
                return filler.isFull(inflated);
            } catch (DataFormatException e) {
                filler.filled((int) (using.getBytesWritten() - outBefore));
                throw new MalformedMessageException("Not compressed by deflate: " + e.getMessage(), e);
            }
        } finally {
            // The memory is not its own.
            using.setInput(NativeZlib.EMPTY);
        }
    }

    @Override
    public boolean isWithinPiece() {
        return false;
    }

    @Override
    public void close() {
        if (inflater != null) {
            NativeZlib.end(inflater);
            inflater = null;
        }
    }
}
