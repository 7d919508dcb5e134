// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/** One stream of RFC 1951, flushed to a byte's border after every message. */
final class DeflateStreamPacker implements StreamPacker {
    /** What the flush, and the block that is open before it, may take. */
    private static final int FLUSH_BYTES = 64;

    private final int level;
    private @Nullable Deflater deflater;

    DeflateStreamPacker(int level) {
        this.level = level;
    }

    @Override
    public long mostBytes(long plainBytes) {
        // What does not let itself be compressed is stored: 5 bytes more for each of zlib's blocks, the smallest of
        // which are cut by the ends
        // of what they are written to.
        return plainBytes + (plainBytes >>> 8) + FLUSH_BYTES;
    }

    @Override
    public void pack(Buffer plain, Buffer packed, BlockSource blocks) {
        if (plain.pendingBytes() == 0) {
            return;
        }
        try (BlockFiller filler = new BlockFiller(packed, blocks, Long.MAX_VALUE)) {
            filler.prepare(mostBytes(plain.pendingBytes()));
            Deflater using = deflater;
            if (using == null) {
                using = NativeZlib.newDeflater(level);
                deflater = using;
            }
            Deflating.all(plain, using, filler);
            int deflated;
            do {
                deflated = using.deflate(filler.next(), Deflater.SYNC_FLUSH);
                filler.filled(deflated);
            } while (filler.isFull(deflated));
        }
    }

    @Override
    public void close() {
        if (deflater != null) {
            NativeZlib.end(deflater);
            deflater = null;
        }
    }
}
