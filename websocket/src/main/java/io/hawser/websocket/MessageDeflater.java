// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/** Compresses the messages of one session (RFC 7692, 7.2.1). With takeover, one thread at a time; without, any. */
final class MessageDeflater implements AutoCloseable {
    private static final int FIRST_BLOCK_BYTES = 4 * 1024;
    private static final int BLOCK_BYTES = 16 * 1024;
    /** Where a flush finds less room than its marker takes, zlib writes another one. */
    private static final int LEAST_ROOM = 16;
    /** The marker of a flush, which is not sent. */
    private static final int TAIL_BYTES = 4;

    private static final int FULL_WINDOW_BITS = 15;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Deflation agreed;
    private final BlockSource blocks;
    private final ZlibPool pool;
    private @Nullable Deflater kept;

    MessageDeflater(Deflation agreed, BlockSource blocks, ZlibPool pool) {
        this.agreed = agreed;
        this.blocks = blocks;
        this.pool = pool;
    }

    /**
     * Whether a message is to be compressed.
     *
     * @param most how long it may become at most
     */
    boolean isWorthIt(long plainBytes, long most) {
        // What does not let itself be compressed becomes longer.
        final long pieces = (plainBytes >>> agreed.sendWindowBits()) + 1;
        return plainBytes >= agreed.options().thresholdBytes()
                && plainBytes + (plainBytes >>> 8) + 16 * pieces + 64 <= most;
    }

    /** Where what is compressed goes. */
    private final class Output implements AutoCloseable {
        private final Buffer target;
        private @Nullable Block block;
        private int used;

        Output(Buffer target) {
            this.target = target;
        }

        void drain(Deflater deflater, int flush) {
            int room;
            int n;
            do {
                Block current = block;
                if (current != null && current.capacity() - used < LEAST_ROOM) {
                    close();
                    current = null;
                }
                if (current == null) {
                    current = blocks.acquire(target.pendingBytes() == 0 ? FIRST_BLOCK_BYTES : BLOCK_BYTES);
                    block = current;
                    used = 0;
                }
                room = current.capacity() - used;
                n = deflater.deflate(current.byteBuffer(used, used + room), flush);
                used += n;
            } while (n == room);
        }

        @Override
        public void close() {
            final Block full = block;
            if (full != null) {
                block = null;
                full.received(used);
                target.appendBlock(full);
            }
        }
    }

    /**
     * Compresses a message of at least one byte.
     *
     * @param bytes the message, or null if it lies in {@code memory}, which is not consumed
     * @param packed empty; gets what is sent
     */
    void deflate(byte @Nullable [] bytes, @Nullable Buffer memory, Buffer packed) {
        Deflater using = kept;
        if (using == null) {
            using = pool.deflater(agreed.options().level());
        }
        kept = null;
        boolean done = false;
        try (Output output = new Output(packed)) {
            if (bytes != null) {
                deflateHeap(using, bytes, output);
            } else if (memory != null) {
                deflateMemory(using, memory, output);
            }
            done = true;
        } finally {
            using.setInput(NOTHING);
            if (done && agreed.sendTakeover()) {
                kept = using;
            } else {
                pool.give(using);
            }
        }
        packed.truncate(packed.writePosition() - TAIL_BYTES);
    }

    private boolean isWindowLimited() {
        return agreed.sendWindowBits() < FULL_WINDOW_BITS;
    }

    private void deflateHeap(Deflater using, byte[] bytes, Output output) {
        final int step = isWindowLimited() ? 1 << agreed.sendWindowBits() : bytes.length;
        for (int at = 0; at < bytes.length; at += step) {
            using.setInput(bytes, at, Math.min(step, bytes.length - at));
            output.drain(using, Deflater.SYNC_FLUSH);
            forgetPiece(using);
        }
    }

    private void deflateMemory(Deflater using, Buffer memory, Output output) {
        long left = memory.readableBytes();
        for (Block block = memory.head(); block != null && left > 0; block = block.next()) {
            final int there = (int) Math.min(left, block.readableBytes());
            left -= there;
            final int step = isWindowLimited() ? 1 << agreed.sendWindowBits() : there;
            for (int at = 0; at < there; at += step) {
                final int from = block.start() + at;
                using.setInput(block.byteBuffer(from, from + Math.min(step, there - at)));
                output.drain(using, isWindowLimited() || left == 0 ? Deflater.SYNC_FLUSH : Deflater.NO_FLUSH);
                forgetPiece(using);
            }
        }
    }

    /** No distance reaches beyond a piece where the window is smaller than zlib's. */
    private void forgetPiece(Deflater using) {
        if (isWindowLimited()) {
            using.reset();
        }
    }

    @Override
    public void close() {
        final Deflater using = kept;
        if (using != null) {
            kept = null;
            pool.give(using);
        }
    }
}
