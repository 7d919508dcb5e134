// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Test data whose every byte says where it belongs. */
final class Bytes {
    private Bytes() {}

    /** What stands at {@code position}: mixed, so that neither a shift by a block nor by a word looks right. */
    static byte at(long position) {
        long x = position * 0x9E37_79B9_7F4A_7C15L;
        x ^= x >>> 32;
        return (byte) (x ^ x >>> 8);
    }

    /** The bytes of the positions 0 to {@code n - 1}. */
    static byte[] pattern(int n) {
        return pattern(0, n);
    }

    /** {@code n} bytes, the first of which stands at {@code position}. */
    static byte[] pattern(long position, int n) {
        final byte[] bytes = new byte[n];
        for (int i = 0; i < n; i++) {
            bytes[i] = at(position + i);
        }
        return bytes;
    }

    static byte[] of(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_BYTE);
    }

    /** A block from {@code source} with {@code bytes} in it, as a transport fills one. */
    static Block block(BlockSource source, byte... bytes) {
        final Block block = source.acquire(bytes.length);
        MemorySegment.copy(bytes, 0, block.memory(), ValueLayout.JAVA_BYTE, 0, bytes.length);
        block.received(bytes.length);
        return block;
    }

    /** A buffer that holds {@code bytes} in blocks of {@code sizes} bytes and one of the rest. */
    static Buffer buffer(BlockSource source, byte[] bytes, int... sizes) {
        final Buffer buffer = new Buffer(source);
        int at = 0;
        for (int size : sizes) {
            buffer.appendBlock(block(source, Arrays.copyOfRange(bytes, at, at + size)));
            at += size;
        }
        if (at < bytes.length) {
            buffer.appendBlock(block(source, Arrays.copyOfRange(bytes, at, bytes.length)));
        }
        return buffer;
    }
}
