// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** Inflates the messages of one session, piece by piece as they come (RFC 7692, 7.2.2). The loop's thread. */
final class MessageInflater implements AutoCloseable {
    /** What came of a piece. */
    enum Outcome {
        DONE,
        TOO_LONG,
        BAD_TEXT
    }

    private static final int FIRST_BLOCK_BYTES = 4 * 1024;
    private static final int BLOCK_BYTES = 16 * 1024;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final BlockSource blocks;
    private final ZlibPool pool;
    private final boolean takeover;
    /** The sender has left these out, RFC 7692, 7.2.1. */
    private final ByteBuffer tail = ByteBuffer.wrap(new byte[] {0, 0, -1, -1});

    private @Nullable Inflater inflater;
    private @Nullable Block block;
    private int used;
    private long inflated;

    MessageInflater(BlockSource blocks, ZlibPool pool, boolean takeover) {
        this.blocks = blocks;
        this.pool = pool;
        this.takeover = takeover;
    }

    /** How many bytes the message has so far. */
    long inflatedBytes() {
        return inflated;
    }

    /**
     * Inflates all of a piece of a message, or as much as is allowed.
     *
     * @param target gets blocks that are full; the last one with {@link #link}
     * @param mostBytes of the whole message
     * @param text checks what comes of it; null if it is no text
     */
    Outcome inflate(ByteBuffer piece, Buffer target, long mostBytes, @Nullable Utf8Check text)
            throws DataFormatException {
        Inflater using = inflater;
        if (using == null) {
            using = pool.inflater();
            inflater = using;
        }
        using.setInput(piece);
        try {
            while (true) {
                final Block current = room(target);
                final int room = (int) Math.min(current.capacity() - used, mostBytes + 1 - inflated);
                final int n = using.inflate(current.byteBuffer(used, used + room));
                if (text != null && !text.accept(current.memory(), used, used + n)) {
                    return Outcome.BAD_TEXT;
                }
                used += n;
                inflated += n;
                if (inflated > mostBytes) {
                    return Outcome.TOO_LONG;
                }
                if (using.finished()) {
                    // A sender may end its stream with each message, RFC 7692, 7.2.3.5.
                    using.reset();
                    if (!piece.hasRemaining()) {
                        return Outcome.DONE;
                    }
                    using.setInput(piece);
                } else if (using.needsDictionary()) {
                    throw new DataFormatException("A dictionary is asked for");
                } else if (n < room) {
                    return Outcome.DONE;
                }
            }
        } finally {
            // The memory is not its own.
            using.setInput(NOTHING);
        }
    }

    private Block room(Buffer target) {
        Block current = block;
        if (current != null && used == current.capacity()) {
            link(target);
            current = null;
        }
        if (current == null) {
            current = blocks.acquire(inflated == 0 ? FIRST_BLOCK_BYTES : BLOCK_BYTES);
            block = current;
            used = 0;
        }
        return current;
    }

    /** The message has come in full. */
    Outcome finish(Buffer target, long mostBytes, @Nullable Utf8Check text) throws DataFormatException {
        tail.rewind();
        final Outcome outcome = inflate(tail, target, mostBytes, text);
        link(target);
        inflated = 0;
        final Inflater using = inflater;
        if (!takeover && using != null) {
            inflater = null;
            pool.give(using);
        }
        return outcome;
    }

    /** Links what is inflated to {@code target}. */
    void link(Buffer target) {
        final Block full = block;
        if (full != null) {
            block = null;
            full.received(used);
            target.appendBlock(full);
        }
    }

    @Override
    public void close() {
        final Block left = block;
        if (left != null) {
            block = null;
            left.release();
        }
        final Inflater using = inflater;
        if (using != null) {
            inflater = null;
            pool.give(using);
        }
    }
}
