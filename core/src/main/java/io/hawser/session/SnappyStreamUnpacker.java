// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** One stream in snappy's framing format. A chunk is gathered until all of it is there; what is to be skipped is not. */
final class SnappyStreamUnpacker implements StreamUnpacker {
    private static final int BEFORE_DATA = SnappyChunk.CHECKSUM_BYTES;
    private static final int MOST_GATHERED = BEFORE_DATA + (int) Snappy.mostBytes(SnappyChunk.MAX_PLAIN_BYTES);

    /** A block of which no more than this part is used is not worth pinning. */
    private static final int SPARSE = 8;

    private @Nullable Buffer gathered;
    private boolean identified;
    /** How much of a chunk is still to be skipped. */
    private int skipping;

    @Override
    public boolean unpack(Buffer in, Buffer plain, BlockSource blocks, long room) throws MalformedMessageException {
        Buffer chunk = gathered;
        if (chunk == null) {
            chunk = new Buffer(blocks);
            gathered = chunk;
        }
        while (true) {
            final int skipped = (int) Math.min(skipping, in.readableBytes());
            in.skip(skipped);
            skipping -= skipped;
            if (skipping > 0 || !gather(in, chunk, SnappyChunk.HEADER_BYTES)) {
                return false;
            }
            final int type = chunk.getUnsignedByte(0);
            final int length = chunk.getUnsignedMediumLE(1);
            check(type, length);
            if (type >= SnappyChunk.FIRST_SKIPPABLE && type != SnappyChunk.IDENTIFIER) {
                chunk.skip(SnappyChunk.HEADER_BYTES);
                skipping = length;
                continue;
            }
            if (!gather(in, chunk, SnappyChunk.HEADER_BYTES + length)) {
                return false;
            }
            chunk.skip(SnappyChunk.HEADER_BYTES);
            if (type == SnappyChunk.IDENTIFIER) {
                if (!SnappyChunk.isName(chunk.readBytes(length))) {
                    throw new MalformedMessageException("A stream identifier that is not snappy's");
                }
                identified = true;
                chunk.trim();
                continue;
            }
            inflate(chunk, type, length, plain, blocks);
            chunk.trim();
            return in.readableBytes() > 0;
        }
    }

    /** Whether there are {@code bytes} of the chunk, after taking what there is. */
    private static boolean gather(Buffer in, Buffer chunk, int bytes) {
        final long missing = bytes - chunk.readableBytes();
        if (missing > 0 && in.readableBytes() > 0) {
            chunk.append(in, Math.min(missing, in.readableBytes()));
        }
        return chunk.readableBytes() >= bytes;
    }

    private void check(int type, int length) throws MalformedMessageException {
        if (!identified && type != SnappyChunk.IDENTIFIER) {
            throw new MalformedMessageException("A stream of snappy does not begin with its identifier");
        }
        final boolean legal = switch (type) {
            case SnappyChunk.IDENTIFIER -> length == SnappyChunk.nameBytes();
            case SnappyChunk.COMPRESSED -> length > BEFORE_DATA && length <= MOST_GATHERED;
            case SnappyChunk.UNCOMPRESSED ->
                length >= BEFORE_DATA && length <= BEFORE_DATA + SnappyChunk.MAX_PLAIN_BYTES;
            default -> type >= SnappyChunk.FIRST_SKIPPABLE;
        };
        if (!legal) {
            throw new MalformedMessageException("A chunk of snappy of type " + type + " and " + length + " bytes");
        }
    }

    private static void inflate(Buffer chunk, int type, int length, Buffer plain, BlockSource blocks)
            throws MalformedMessageException {
        final int checksum = chunk.readIntLE();
        final Block body = chunk.nextBlock(length - BEFORE_DATA);
        if (type == SnappyChunk.UNCOMPRESSED) {
            verify(body, checksum);
            take(body, plain);
            return;
        }
        Block inflated = null;
        try {
            final long bytes = Snappy.readLength(body.memory(), body.start(), body.end());
            if (bytes > SnappyChunk.MAX_PLAIN_BYTES) {
                throw new MalformedMessageException("A chunk of snappy that inflates to " + bytes + " bytes");
            }
            inflated = blocks.acquire((int) bytes);
            Snappy.inflate(body.memory(), body.start() + Snappy.lengthBytes(bytes), body.end(), inflated.memory(), (int)
                    bytes);
            inflated.received((int) bytes);
            final Block whole = inflated;
            inflated = null;
            verify(whole, checksum);
            plain.appendBlock(whole);
        } finally {
            body.release();
            if (inflated != null) {
                inflated.release();
            }
        }
    }

    /** Links the block; but few bytes are copied, or chunks of a byte each would pin a block for each. */
    private static void take(Block body, Buffer plain) {
        if (body.readableBytes() > body.capacity() / SPARSE) {
            plain.appendBlock(body);
            return;
        }
        try {
            plain.write(body.memory().asSlice(body.start(), body.readableBytes()));
        } finally {
            body.release();
        }
    }

    /** Releases the block if it is not what it was. */
    private static void verify(Block block, int checksum) throws MalformedMessageException {
        if (SnappyChunk.checksum(block.memory(), block.start(), block.readableBytes()) != checksum) {
            block.release();
            throw new MalformedMessageException("A chunk of snappy with a wrong checksum");
        }
    }

    @Override
    public boolean isWithinPiece() {
        final Buffer chunk = gathered;
        return skipping > 0 || (chunk != null && chunk.pendingBytes() > 0);
    }

    @Override
    public void close() {
        if (gathered != null) {
            gathered.close();
        }
    }
}
