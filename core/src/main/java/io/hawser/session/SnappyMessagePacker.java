// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import java.lang.foreign.MemorySegment;

/** Each message as a block of snappy. What is inflated has to lie in one piece, since copies reach back in it. */
final class SnappyMessagePacker implements MessagePacker {
    private final Snappy snappy = new Snappy();

    @Override
    public void pack(Buffer plain, Buffer packed, BlockSource blocks) throws MessageTooLongException {
        final long length = plain.readableBytes();
        if (length > BlockPool.MAX_BLOCK_BYTES) {
            throw new MessageTooLongException(length, BlockPool.MAX_BLOCK_BYTES);
        }
        final MemorySegment header = packed.reserve(5);
        packed.keep(Snappy.writeLength((int) length, header, 0));
        while (plain.readableBytes() > 0) {
            final int bytes = (int) Math.min(plain.readableBytes(), Snappy.FRAGMENT_BYTES);
            final Block fragment = plain.nextBlock(bytes);
            try {
                final MemorySegment room = packed.reserve((int) Snappy.mostBytes(bytes));
                packed.keep(snappy.compress(fragment.memory(), fragment.start(), bytes, room, 0));
            } finally {
                fragment.release();
            }
        }
    }

    @Override
    public long unpack(Buffer packed, Buffer plain, BlockSource blocks, int maxBytes) throws MalformedMessageException {
        if (packed.readableBytes() > BlockPool.MAX_BLOCK_BYTES) {
            // Longer than it could be at worst, or inflates to more than one piece may have.
            return Math.max(packed.readableBytes(), maxBytes + 1L);
        }
        final Block body = packed.nextBlock((int) packed.readableBytes());
        try {
            final long length = Snappy.readLength(body.memory(), body.start(), body.end());
            if (length > maxBytes || length > BlockPool.MAX_BLOCK_BYTES) {
                return Math.max(length, maxBytes + 1L);
            }
            final Block inflated = blocks.acquire((int) length);
            boolean done = false;
            try {
                Snappy.inflate(
                        body.memory(), body.start() + Snappy.lengthBytes(length), body.end(), inflated.memory(), (int)
                                length);
                inflated.received((int) length);
                done = true;
            } finally {
                if (!done) {
                    inflated.release();
                }
            }
            plain.appendBlock(inflated);
            return length;
        } finally {
            body.release();
        }
    }

    @Override
    public void close() {}

    @Override
    public String toString() {
        return "snappy";
    }
}
