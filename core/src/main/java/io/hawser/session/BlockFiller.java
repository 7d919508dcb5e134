// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Has blocks filled through NIO's buffers, and links them to a buffer. Closed, it gives back what was not filled. */
final class BlockFiller implements AutoCloseable {
    private static final int FIRST_BLOCK_BYTES = 4 * 1024;
    private static final int BLOCK_BYTES = 16 * 1024;

    private final Buffer target;
    private final BlockSource blocks;
    private final ArrayDeque<Block> stock = new ArrayDeque<>(2);
    private long room;
    private long filled;
    private @Nullable Block block;
    private int used;
    private int shown;

    /** @param room how many bytes may come in all */
    BlockFiller(Buffer target, BlockSource blocks, long room) {
        this.target = target;
        this.blocks = blocks;
        this.room = room;
    }

    /** Takes all blocks that {@code bytes} need, so that no memory has to be found later. */
    void prepare(long bytes) {
        long there = 0;
        while (there < bytes) {
            final Block next = blocks.acquire(sizeFor(bytes - there));
            stock.add(next);
            there += next.capacity();
        }
    }

    private static int sizeFor(long bytes) {
        return (int) Math.min(bytes, BLOCK_BYTES);
    }

    /** How many bytes were filled. */
    long filledBytes() {
        return filled;
    }

    /** Where the next bytes go: not empty, unless all room is used up. */
    ByteBuffer next() {
        Block current = block;
        if (current != null && used == current.capacity()) {
            link();
            current = null;
        }
        if (room == 0) {
            return NativeZlib.EMPTY;
        }
        if (current == null) {
            current = stock.isEmpty()
                    ? blocks.acquire((int) Math.min(room, filled == 0 ? FIRST_BLOCK_BYTES : BLOCK_BYTES))
                    : stock.remove();
            block = current;
            used = 0;
        }
        shown = (int) Math.min(room, current.capacity() - used);
        return current.byteBuffer(used, used + shown);
    }

    /** How many bytes were put into what {@link #next} gave. */
    void filled(int bytes) {
        used += bytes;
        filled += bytes;
        room -= bytes;
    }

    /** Whether what {@link #next} gave was filled to its end with {@code bytes}. */
    boolean isFull(int bytes) {
        return bytes == shown;
    }

    private void link() {
        final Block full = block;
        block = null;
        if (full != null) {
            full.received(used);
            target.appendBlock(full);
        }
    }

    /** Links what was filled. */
    @Override
    public void close() {
        link();
        while (!stock.isEmpty()) {
            stock.remove().release();
        }
    }
}
