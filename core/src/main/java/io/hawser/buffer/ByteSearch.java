// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Finds a byte in memory, eight at a time. */
final class ByteSearch {
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    private ByteSearch() {}

    /** The first place of {@code value} in {@code [from, to)}, or -1. */
    static long indexOf(MemorySegment memory, long from, long to, byte value) {
        final long pattern = (value & 0xffL) * ONES;
        long at = from;
        for (; at + Long.BYTES <= to; at += Long.BYTES) {
            // A byte that equals the value is zero after the exclusive or. Of (x - 0x01…) & ~x & 0x80… the lowest bit
            // that is set belongs to the first zero byte; borrows make false ones only above it.
            final long word = memory.get(WORD, at) ^ pattern;
            final long zeros = (word - ONES) & ~word & HIGH_BITS;
            if (zeros != 0) {
                return at + (Long.numberOfTrailingZeros(zeros) >>> 3);
            }
        }
        for (; at < to; at++) {
            if (memory.get(ValueLayout.JAVA_BYTE, at) == value) {
                return at;
            }
        }
        return -1;
    }
}
