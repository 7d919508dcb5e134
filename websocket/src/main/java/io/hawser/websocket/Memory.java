// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What is done with the bytes of frames: in place, eight at a time. */
final class Memory {
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Memory() {}

    /**
     * Masks or unmasks the bytes of {@code [from, to)}, RFC 6455, 5.3.
     *
     * @param key the key's first byte is its lowest, and is for {@code from}
     */
    static void mask(MemorySegment memory, long from, long to, int key) {
        final long word = (key & 0xffff_ffffL) * 0x1_0000_0001L;
        long at = from;
        for (final long last = to - Long.BYTES; at <= last; at += Long.BYTES) {
            memory.set(WORD, at, memory.get(WORD, at) ^ word);
        }
        for (int shift = 0; at < to; at++, shift += Byte.SIZE) {
            final byte masked = (byte) (memory.get(ValueLayout.JAVA_BYTE, at) ^ (word >>> shift));
            memory.set(ValueLayout.JAVA_BYTE, at, masked);
        }
    }

    /** The key for what comes {@code bytes} bytes later. */
    static int rotate(int key, long bytes) {
        return Integer.rotateRight(key, (int) (bytes & 3) * Byte.SIZE);
    }

    /** All that is readable in {@code buffer}, which does not consume it. */
    static byte[] copy(Buffer buffer) {
        final byte[] bytes = new byte[(int) buffer.readableBytes()];
        int copied = 0;
        for (Block block = buffer.head(); block != null && copied < bytes.length; block = block.next()) {
            final int n = Math.min(block.readableBytes(), bytes.length - copied);
            MemorySegment.copy(block.memory(), ValueLayout.JAVA_BYTE, block.start(), bytes, copied, n);
            copied += n;
        }
        return bytes;
    }
}
