// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** One stream in snappy's framing format; each message is chunks of its own. */
final class SnappyStreamPacker implements StreamPacker {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int BEFORE_DATA = SnappyChunk.HEADER_BYTES + SnappyChunk.CHECKSUM_BYTES;

    private final Snappy snappy = new Snappy();
    private boolean begun;

    @Override
    public long mostBytes(long plainBytes) {
        return SnappyChunk.identifier().length + plainBytes + BEFORE_DATA * (plainBytes / Snappy.FRAGMENT_BYTES + 1);
    }

    @Override
    public void pack(Buffer plain, Buffer packed, BlockSource blocks) {
        if (plain.readableBytes() == 0) {
            return;
        }
        if (!begun) {
            packed.writeBytes(SnappyChunk.identifier());
        }
        while (plain.readableBytes() > 0) {
            final int bytes = (int) Math.min(plain.readableBytes(), Snappy.FRAGMENT_BYTES);
            final Block fragment = plain.nextBlock(bytes);
            try {
                pack(fragment, bytes, packed);
            } finally {
                fragment.release();
            }
        }
        begun = true;
    }

    private void pack(Block fragment, int bytes, Buffer packed) {
        final MemorySegment from = fragment.memory();
        final int start = fragment.start();
        final MemorySegment chunk = packed.reserve(BEFORE_DATA + (int) Snappy.mostBytes(bytes));
        final int data = BEFORE_DATA + Snappy.writeLength(bytes, chunk, BEFORE_DATA);
        int end = snappy.compress(from, start, bytes, chunk, data);
        int type = SnappyChunk.COMPRESSED;
        if (end - BEFORE_DATA >= bytes) {
            type = SnappyChunk.UNCOMPRESSED;
            MemorySegment.copy(from, start, chunk, BEFORE_DATA, bytes);
            end = BEFORE_DATA + bytes;
        }
        chunk.set(INT, 0, type | ((end - SnappyChunk.HEADER_BYTES) << 8));
        chunk.set(INT, SnappyChunk.HEADER_BYTES, SnappyChunk.checksum(from, start, bytes));
        packed.keep(end);
    }

    @Override
    public void close() {}
}
