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

    /** As long as most lines are. */
    private static final int NEAR_BYTES = 128;

    private ByteSearch() {}

    /** The first place of {@code value} in {@code [from, to)}, or -1. */
    static long indexOf(MemorySegment memory, long from, long to, byte value) {
        final long pattern = (value & 0xffL) * ONES;
        final long near = Math.min(to, from + NEAR_BYTES);
        long at = from;
        for (; at + Long.BYTES <= near; at += Long.BYTES) {
            final long zeros = zeros(memory.get(WORD, at) ^ pattern);
            if (zeros != 0) {
                return at + (Long.numberOfTrailingZeros(zeros) >>> 3);
            }
        }
        return near < to ? far(memory, at, to, value) : rest(memory, at, to, value);
    }

    /**
     * As {@link #indexOf}, for many bytes: the compiler unrolls this loop. Where all is near it does not, which keeps what is around it small
     * enough to be inlined, so that a segment that is returned need not be made.
     */
    private static long far(MemorySegment memory, long from, long to, byte value) {
        final long pattern = (value & 0xffL) * ONES;
        final long last = to - Long.BYTES;
        long at = from;
        for (; at <= last; at += Long.BYTES) {
            final long zeros = zeros(memory.get(WORD, at) ^ pattern);
            if (zeros != 0) {
                return at + (Long.numberOfTrailingZeros(zeros) >>> 3);
            }
        }
        return rest(memory, at, to, value);
    }

    /** Fewer than eight. */
    private static long rest(MemorySegment memory, long from, long to, byte value) {
        for (long at = from; at < to; at++) {
            if (memory.get(ValueLayout.JAVA_BYTE, at) == value) {
                return at;
            }
        }
        return -1;
    }

    /**
     * Not 0 if a byte of {@code word}, in which those that are searched for are zero, is zero: of (x - 0x01…) &amp; ~x &amp; 0x80… the lowest bit
     * that is set belongs to the first zero byte; borrows make false ones only above it.
     */
    private static long zeros(long word) {
        return (word - ONES) & ~word & HIGH_BITS;
    }
}
