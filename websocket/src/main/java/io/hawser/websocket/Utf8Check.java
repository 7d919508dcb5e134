// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Looks whether bytes are UTF-8 (RFC 3629, 4) as they come, cut wherever: the first byte that cannot be part of it is found before any that follows.
 */
final class Utf8Check {
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    /** How many more bytes the character takes. */
    private int missing;
    /** How many it has got. */
    private int begun;
    /** What the next of them may be. */
    private int lowest = 0x80;

    private int highest = 0xbf;

    /** Begins anew. */
    void reset() {
        missing = 0;
        begun = 0;
        lowest = 0x80;
        highest = 0xbf;
    }

    /** Whether the last character is there in full. */
    boolean isComplete() {
        return missing == 0;
    }

    /** How many bytes of a character that is not complete have come, 0 to 3. */
    int begunBytes() {
        return missing == 0 ? 0 : begun;
    }

    /** Whether the bytes of {@code [from, to)} can follow those before; if not, this is used up. */
    boolean accept(MemorySegment memory, long from, long to) {
        long at = from;
        while (at < to) {
            if (missing == 0) {
                at = skipAscii(memory, at, to);
                if (at == to) {
                    return true;
                }
            }
            if (!accept(memory.get(ValueLayout.JAVA_BYTE, at++) & 0xff)) {
                return false;
            }
        }
        return true;
    }

    private static long skipAscii(MemorySegment memory, long from, long to) {
        long at = from;
        for (final long last = to - Long.BYTES; at <= last; at += Long.BYTES) {
            final long high = memory.get(WORD, at) & HIGH_BITS;
            if (high != 0) {
                return at + (Long.numberOfTrailingZeros(high) >>> 3);
            }
        }
        while (at < to && memory.get(ValueLayout.JAVA_BYTE, at) >= 0) {
            at++;
        }
        return at;
    }

    private boolean accept(int b) {
        if (missing > 0) {
            if (b < lowest || b > highest) {
                return false;
            }
            lowest = 0x80;
            highest = 0xbf;
            missing--;
            begun++;
            return true;
        }
        begun = 1;
        if (b < 0x80) {
            return true;
        }
        if (b >= 0xc2 && b <= 0xdf) {
            missing = 1;
        } else if (b >= 0xe0 && b <= 0xef) {
            missing = 2;
            // Neither what two bytes can say nor surrogates.
            lowest = b == 0xe0 ? 0xa0 : 0x80;
            highest = b == 0xed ? 0x9f : 0xbf;
        } else if (b >= 0xf0 && b <= 0xf4) {
            missing = 3;
            // Neither what three bytes can say nor what lies behind U+10FFFF.
            lowest = b == 0xf0 ? 0x90 : 0x80;
            highest = b == 0xf4 ? 0x8f : 0xbf;
        } else {
            return false;
        }
        return true;
    }
}
