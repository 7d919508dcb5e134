// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Encodes text as UTF-8 (RFC 3629) straight into memory; an unpaired surrogate becomes '?', as {@link String#getBytes}
 * has it.
 */
final class Utf8 {
    private Utf8() {}

    /** How many bytes {@link #encode} will write. */
    static int length(CharSequence text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c < 0x80) {
                bytes++;
            } else if (c < 0x800) {
                bytes += 2;
            } else if (!Character.isSurrogate(c)) {
                bytes += 3;
            } else if (isPair(text, i)) {
                bytes += 4;
                i++;
            } else {
                bytes++;
            }
        }
        return Math.toIntExact(bytes);
    }

    /** Writes {@code text} to {@code target} from {@code offset} on; there is room. */
    static void encode(CharSequence text, MemorySegment target, long offset) {
        long at = offset;
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c < 0x80) {
                put(target, at++, c);
            } else if (c < 0x800) {
                put(target, at++, 0xc0 | (c >> 6));
                put(target, at++, continuation(c));
            } else if (!Character.isSurrogate(c)) {
                put(target, at++, 0xe0 | (c >> 12));
                put(target, at++, continuation(c >> 6));
                put(target, at++, continuation(c));
            } else if (isPair(text, i)) {
                final int codePoint = Character.toCodePoint(c, text.charAt(++i));
                put(target, at++, 0xf0 | (codePoint >> 18));
                put(target, at++, continuation(codePoint >> 12));
                put(target, at++, continuation(codePoint >> 6));
                put(target, at++, continuation(codePoint));
            } else {
                put(target, at++, '?');
            }
        }
    }

    private static boolean isPair(CharSequence text, int i) {
        return Character.isHighSurrogate(text.charAt(i))
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
    }

    private static int continuation(int bits) {
        return 0x80 | (bits & 0x3f);
    }

    private static void put(MemorySegment target, long at, int value) {
        target.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }
}
