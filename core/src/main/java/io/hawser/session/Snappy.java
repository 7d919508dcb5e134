// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The elements of snappy's block format: literals, and copies of what was there before (Google's {@code format_description.txt}). The compressor
 * keeps its table from one fragment to the next, and nothing that is in it. One thread at a time.
 *
 * <pre>
 *  literal   LLLLLL00  [length - 1, 1 to 4 bytes, if LLLLLL is 60 to 63]  bytes
 *  copy 1    OOOLLL01  O              length 4 to 11, offset up to 2,047
 *  copy 2    LLLLLL10  O O            length 1 to 64, offset up to 65,535
 *  copy 4    LLLLLL11  O O O O        length 1 to 64
 * </pre>
 */
final class Snappy {
    /** The most bytes that are compressed in one go; they and what they become at worst fit a block of 64 KiB. */
    static final int FRAGMENT_BYTES = 48 * 1024;

    /** How much longer a block is, inflated, than it was: a copy of 3 bytes makes 64. */
    private static final int MAX_RATIO = 22;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int MIN_TABLE_BITS = 8;
    private static final int MAX_TABLE_BITS = 14;
    /** What is shorter is not searched for copies. */
    private static final int MIN_SEARCHED_BYTES = 16;

    private static final int MIN_COPY = 4;
    private static final int MAX_COPY = 64;
    private static final int LONGEST_INLINE_LITERAL = 60;
    private static final int MULTIPLIER = 0x1e35a7bd;

    /** Where in the fragment four bytes with this hash were last, 16 bits each. */
    private char[] table = {};

    // ---- compressing

    /** The most that {@code plainBytes} can become, the length before them included. */
    static long mostBytes(long plainBytes) {
        return 32 + plainBytes + plainBytes / 6;
    }

    /**
     * Compresses one fragment.
     *
     * @param to has room for {@link #mostBytes}
     * @return where in {@code to} it ends
     */
    int compress(MemorySegment from, int start, int length, MemorySegment to, int toStart) {
        if (length < MIN_SEARCHED_BYTES) {
            return literal(from, start, length, to, toStart);
        }
        final int bits = Math.clamp(32 - Integer.numberOfLeadingZeros(length - 1), MIN_TABLE_BITS, MAX_TABLE_BITS);
        if (table.length < 1 << bits) {
            table = new char[1 << bits];
        } else {
            Arrays.fill(table, 0, 1 << bits, (char) 0);
        }
        return compress(from, start, start + length, to, toStart, 32 - bits);
    }

    private int compress(MemorySegment from, int start, int end, MemorySegment to, int toStart, int shift) {
        // A word is read at every place that is looked at.
        final int last = end - Long.BYTES;
        int out = toStart;
        int literalStart = start;
        int at = start + 1;
        int misses = 32;
        while (at <= last) {
            final int word = from.get(INT, at);
            final int slot = (word * MULTIPLIER) >>> shift;
            final int candidate = start + table[slot];
            table[slot] = (char) (at - start);
            if (candidate >= at || from.get(INT, candidate) != word) {
                // The longer nothing is found, the larger are the steps: what does not let itself be compressed costs
                // little.
                at += misses++ >>> 5;
                continue;
            }
            misses = 32;
            out = literal(from, literalStart, at - literalStart, to, out);
            final int length = MIN_COPY + commonBytes(from, candidate + MIN_COPY, at + MIN_COPY, end);
            out = copies(to, out, at - candidate, length);
            at += length;
            literalStart = at;
        }
        return literal(from, literalStart, end - literalStart, to, out);
    }

    /** How many bytes from {@code a} on are the same as those from {@code b} on, which lies behind it. */
    private static int commonBytes(MemorySegment memory, int a, int b, int end) {
        int same = 0;
        while (b + same + Long.BYTES <= end) {
            final long different = memory.get(LONG, a + same) ^ memory.get(LONG, b + same);
            if (different != 0) {
                return same + (Long.numberOfTrailingZeros(different) >>> 3);
            }
            same += Long.BYTES;
        }
        while (b + same < end && memory.get(BYTE, a + same) == memory.get(BYTE, b + same)) {
            same++;
        }
        return same;
    }

    private static int literal(MemorySegment from, int start, int length, MemorySegment to, int toStart) {
        int out = toStart;
        if (length == 0) {
            return out;
        }
        final int n = length - 1;
        if (n < LONGEST_INLINE_LITERAL) {
            to.set(BYTE, out++, (byte) (n << 2));
        } else if (n < 1 << 8) {
            to.set(BYTE, out++, (byte) (LONGEST_INLINE_LITERAL << 2));
            to.set(BYTE, out++, (byte) n);
        } else {
            to.set(BYTE, out++, (byte) ((LONGEST_INLINE_LITERAL + 1) << 2));
            to.set(SHORT, out, (short) n);
            out += 2;
        }
        MemorySegment.copy(from, start, to, out, length);
        return out + length;
    }

    private static int copies(MemorySegment to, int toStart, int offset, int length) {
        int out = toStart;
        int left = length;
        // The last one is 4 bytes at least, which the short form can say.
        while (left >= MAX_COPY + MIN_COPY) {
            out = longCopy(to, out, offset, MAX_COPY);
            left -= MAX_COPY;
        }
        if (left > MAX_COPY) {
            out = longCopy(to, out, offset, MAX_COPY - MIN_COPY);
            left -= MAX_COPY - MIN_COPY;
        }
        if (left < 12 && offset < 1 << 11) {
            to.set(BYTE, out++, (byte) (((offset >>> 8) << 5) | ((left - MIN_COPY) << 2) | 1));
            to.set(BYTE, out++, (byte) offset);
            return out;
        }
        return longCopy(to, out, offset, left);
    }

    private static int longCopy(MemorySegment to, int out, int offset, int length) {
        to.set(BYTE, out, (byte) (((length - 1) << 2) | 2));
        to.set(SHORT, out + 1L, (short) offset);
        return out + 3;
    }

    /** Writes the length that a block begins with; how many bytes that takes. */
    static int writeLength(int plainBytes, MemorySegment to, int start) {
        int out = start;
        int left = plainBytes;
        for (; left > 0x7f; left >>>= 7) {
            to.set(BYTE, out++, (byte) (left | 0x80));
        }
        to.set(BYTE, out++, (byte) left);
        return out - start;
    }

    // ---- inflating

    /**
     * The length that the block between {@code start} and {@code end} begins with: what it inflates to.
     *
     * @throws MalformedMessageException if there is none, or if so few bytes cannot be so many
     */
    static long readLength(MemorySegment from, int start, int end) throws MalformedMessageException {
        long length = 0;
        for (int i = 0; i < 5 && start + i < end; i++) {
            final int next = from.get(BYTE, start + i) & 0xff;
            length |= (next & 0x7fL) << (7 * i);
            if (next <= 0x7f) {
                if (length >>> 32 != 0 || (next == 0 && i > 0)) {
                    break;
                }
                if (length > (long) (end - start) * MAX_RATIO) {
                    throw new MalformedMessageException(end - start + " bytes of snappy cannot inflate to " + length);
                }
                return length;
            }
        }
        throw new MalformedMessageException("No length before a block of snappy");
    }

    /** How many bytes {@link #writeLength} takes. */
    static int lengthBytes(long plainBytes) {
        return plainBytes == 0 ? 1 : (70 - Long.numberOfLeadingZeros(plainBytes)) / 7;
    }

    /**
     * Inflates the elements of a block, without the length before them.
     *
     * @param length what they must inflate to, to the byte
     * @param to has room for that
     */
    static void inflate(MemorySegment from, int start, int end, MemorySegment to, int length)
            throws MalformedMessageException {
        int in = start;
        int out = 0;
        while (in < end) {
            final int tag = from.get(BYTE, in++) & 0xff;
            final int extra = extraBytes(tag);
            if (extra > end - in) {
                throw new MalformedMessageException("An element of snappy ends before its end");
            }
            final long number = number(from, in, extra);
            in += extra;
            final long bytes;
            if ((tag & 3) == 0) {
                bytes = 1 + (extra == 0 ? tag >>> 2 : number);
                if (bytes > end - in || bytes > length - out) {
                    throw new MalformedMessageException("A literal of snappy of " + bytes + " bytes");
                }
                MemorySegment.copy(from, in, to, out, bytes);
                in += (int) bytes;
            } else {
                final boolean isShort = (tag & 3) == 1;
                bytes = isShort ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2);
                final long offset = isShort ? ((tag >>> 5) << 8) | number : number;
                if (offset == 0 || offset > out || bytes > length - out) {
                    throw new MalformedMessageException(
                            "A copy of snappy of " + bytes + " bytes from " + offset + " before byte " + out);
                }
                copy(to, out - (int) offset, out, (int) bytes);
            }
            out += (int) bytes;
        }
        if (out != length) {
            throw new MalformedMessageException("A block of snappy inflates to " + out + " bytes and says " + length);
        }
    }

    private static int extraBytes(int tag) {
        return switch (tag & 3) {
            case 0 -> Math.max(0, (tag >>> 2) - (LONGEST_INLINE_LITERAL - 1));
            case 1 -> 1;
            case 2 -> 2;
            default -> 4;
        };
    }

    private static long number(MemorySegment from, int at, int bytes) {
        long number = 0;
        for (int i = 0; i < bytes; i++) {
            number |= (from.get(BYTE, at + i) & 0xffL) << (8 * i);
        }
        return number;
    }

    /** A copy that reaches into itself repeats what lies before it. */
    private static void copy(MemorySegment memory, int from, int to, int bytes) {
        if (to - from >= bytes) {
            MemorySegment.copy(memory, from, memory, to, bytes);
        } else {
            for (int i = 0; i < bytes; i++) {
                memory.set(BYTE, to + i, memory.get(BYTE, from + i));
            }
        }
    }
}
