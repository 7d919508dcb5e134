// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** Each message as one stream of RFC 1951, ended by its last block. */
final class DeflateMessagePacker implements MessagePacker {
    private final int level;
    private @Nullable Deflater deflater;
    private @Nullable Inflater inflater;

    DeflateMessagePacker(int level) {
        this.level = level;
    }

    @Override
    public void pack(Buffer plain, Buffer packed, BlockSource blocks) {
        Deflater using = deflater;
        if (using == null) {
            using = NativeZlib.newDeflater(level);
            deflater = using;
        }
        try (BlockFiller filler = new BlockFiller(packed, blocks, Long.MAX_VALUE)) {
            Deflating.all(plain, using, filler);
            using.finish();
            while (!using.finished()) {
                filler.filled(using.deflate(filler.next()));
            }
        } finally {
            // Which also forgets the memory that it was given.
            using.reset();
        }
    }

    @Override
    public long unpack(Buffer packed, Buffer plain, BlockSource blocks, int maxBytes) throws MalformedMessageException {
        Inflater using = inflater;
        if (using == null) {
            using = NativeZlib.newInflater();
            inflater = using;
        }
        try (BlockFiller filler = new BlockFiller(plain, blocks, maxBytes + 1L)) {
            while (packed.readableBytes() > 0 && !using.finished() && filler.filledBytes() <= maxBytes) {
                unpackBlock(packed, using, filler, maxBytes);
            }
            if (filler.filledBytes() > maxBytes) {
                return filler.filledBytes();
            }
            if (!using.finished()) {
                throw new MalformedMessageException("Compressed data ends before its end");
            }
            if (packed.readableBytes() > 0) {
                throw new MalformedMessageException(
                        packed.readableBytes() + " bytes behind the end of compressed data");
            }
            return filler.filledBytes();
        } catch (DataFormatException e) {
            throw new MalformedMessageException("Not compressed by deflate: " + e.getMessage(), e);
        } finally {
            using.reset();
        }
    }

    private static void unpackBlock(Buffer packed, Inflater inflater, BlockFiller filler, int maxBytes)
            throws DataFormatException {
        final Block block = packed.head();
        if (block == null) {
            throw new IllegalStateException("A buffer with bytes has no block");
        }
        final int there = (int) Math.min(block.readableBytes(), packed.readableBytes());
        inflater.setInput(block.byteBuffer(block.start(), block.start() + there));
        while (true) {
            final int inflated = inflater.inflate(filler.next());
            filler.filled(inflated);
            if (inflater.finished() || filler.filledBytes() > maxBytes || !filler.isFull(inflated)) {
                break;
            }
        }
        packed.skip(there - inflater.getRemaining());
    }

    @Override
    public void close() {
        if (deflater != null) {
            NativeZlib.end(deflater);
            deflater = null;
        }
        if (inflater != null) {
            NativeZlib.end(inflater);
            inflater = null;
        }
    }

    @Override
    public String toString() {
        return "deflate " + level;
    }
}
