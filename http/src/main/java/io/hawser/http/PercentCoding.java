// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Percent-encoding of UTF-8 (RFC 3986, 2.1). Stateless. */
final class PercentCoding {
    private static final String UNRESERVED_IN_SEGMENT = "-._~!$&'()*+,;=:@";
    private static final char[] HEX = "0123456789ABCDEF".toCharArray();

    private PercentCoding() {}

    /** Decoded; empty if a % is not followed by two hexadecimal digits, or the bytes are not UTF-8. */
    static Optional<String> decode(String text) {
        return decode(text, 0, text.length(), false);
    }

    /** Decoded, or {@code text} itself where it cannot be. */
    static String decodeLeniently(String text) {
        return decodeLeniently(text, 0, text.length());
    }

    /** As {@link #decodeLeniently(String)}, of a part of {@code text}. */
    static String decodeLeniently(String text, int from, int to) {
        return decode(text, from, to, false).orElseGet(() -> text.substring(from, to));
    }

    /**
     * The part of {@code text} from {@code from} (inclusive) to {@code to} (exclusive), decoded.
     *
     * @param plusIsBlank as in forms
     */
    static Optional<String> decode(String text, int from, int to, boolean plusIsBlank) {
        if (!needsDecoding(text, from, to, plusIsBlank)) {
            return Optional.of(text.substring(from, to));
        }
        final byte[] bytes = new byte[3 * (to - from)];
        int length = 0;
        int at = from;
        while (at < to) {
            final char c = text.charAt(at);
            if (c == '%') {
                final int high = at + 2 < to ? Character.digit(text.charAt(at + 1), 16) : -1;
                final int low = at + 2 < to ? Character.digit(text.charAt(at + 2), 16) : -1;
                if (at + 2 >= to || high < 0 || low < 0 || text.charAt(at + 1) > 'f' || text.charAt(at + 2) > 'f') {
                    return Optional.empty();
                }
                bytes[length++] = (byte) (high << 4 | low);
                at += 3;
            } else if (c == '+' && plusIsBlank) {
                bytes[length++] = ' ';
                at++;
            } else if (c < 0x80) {
                bytes[length++] = (byte) c;
                at++;
            } else {
                final int end = Character.isHighSurrogate(c) && at + 1 < to ? at + 2 : at + 1;
                final byte[] encoded = text.substring(at, end).getBytes(StandardCharsets.UTF_8);
                System.arraycopy(encoded, 0, bytes, length, encoded.length);
                length += encoded.length;
                at = end;
            }
        }
        try {
            final CharBuffer decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length));
            return Optional.of(decoded.toString());
        } catch (CharacterCodingException _) {
            return Optional.empty();
        }
    }

    private static boolean needsDecoding(String text, int from, int to, boolean plusIsBlank) {
        for (int i = from; i < to; i++) {
            final char c = text.charAt(i);
            if (c == '%' || (plusIsBlank && c == '+')) {
                return true;
            }
        }
        return false;
    }

    /** Part of a URI with what is not ASCII escaped as UTF-8. */
    static String toAscii(String text) {
        if (text.chars().allMatch(c -> c < 0x80)) {
            return text;
        }
        final StringBuilder ascii = new StringBuilder(text.length() + 16);
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            append(ascii, (char) (b & 0xff), b >= 0);
        }
        return ascii.toString();
    }

    private static void append(StringBuilder to, char c, boolean asItIs) {
        if (asItIs) {
            to.append(c);
        } else {
            to.append('%').append(HEX[c >> 4]).append(HEX[c & 15]);
        }
    }

    /** {@code text} so that it can stand as one segment of a path. */
    static String encodeSegment(String text) {
        final StringBuilder encoded = new StringBuilder(text.length() + 16);
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            final char c = (char) (b & 0xff);
            final boolean alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            append(encoded, c, alphanumeric || UNRESERVED_IN_SEGMENT.indexOf(c) >= 0);
        }
        return encoded.toString();
    }
}
