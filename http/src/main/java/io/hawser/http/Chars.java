// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

/** The character classes of RFC 9110 and RFC 3986. Any thread. */
final class Chars {
    /** RFC 9110, 5.6.2. */
    static final byte TOKEN = 1;
    /** What a field value may hold: visible characters, space, tab and obs-text. */
    static final byte VALUE = 2;
    /** What a request target may hold: visible ASCII characters that RFC 3986 knows, and a few that clients send all the same. */
    static final byte TARGET = 4;
    /** What a host with a port may hold. */
    static final byte HOST = 8;
    /** Hexadecimal digits. */
    static final byte HEX = 16;

    /** By unsigned byte. */
    private static final byte[] CLASSES = new byte[256];

    static {
        for (char c = 0; c < 256; c++) {
            final boolean alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            int bits = 0;
            if (alphanumeric || "!#$%&'*+-.^_`|~".indexOf(c) >= 0) {
                bits |= TOKEN;
            }
            if (c == '\t' || (c >= ' ' && c != 0x7f)) {
                bits |= VALUE;
            }
            // Browsers send these unescaped in queries: | ^ ` { } [ ]. None of them ends a target anywhere.
            if (alphanumeric || "-._~:/?[]@!$&'()*+,;=%|^`{}".indexOf(c) >= 0) {
                bits |= TARGET;
            }
            if (alphanumeric || "-._~!$&'()*+,;=%:[]".indexOf(c) >= 0) {
                bits |= HOST;
            }
            if (Character.digit(c, 16) >= 0 && c < 128) {
                bits |= HEX;
            }
            CLASSES[c] = (byte) bits;
        }
    }

    private Chars() {}

    static boolean is(byte b, byte characters) {
        return (CLASSES[b & 0xff] & characters) != 0;
    }

    static boolean is(char c, byte characters) {
        return c < 256 && (CLASSES[c] & characters) != 0;
    }

    /** Space or tab: the optional whitespace of RFC 9110, 5.6.3. */
    static boolean isSpace(int c) {
        return c == ' ' || c == '\t';
    }

    /** Whether all of {@code text} is of the class. */
    static boolean areAll(CharSequence text, byte characters) {
        for (int i = 0; i < text.length(); i++) {
            if (!is(text.charAt(i), characters)) {
                return false;
            }
        }
        return true;
    }

    /** Whether {@code text}, as ISO 8859-1, stands there. */
    static boolean isText(String text, byte[] bytes, int from, int to) {
        final int length = text.length();
        if (to - from != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (text.charAt(i) != (bytes[from + i] & 0xff)) {
                return false;
            }
        }
        return true;
    }

    /** Whether two are the same but for the case of ASCII letters. */
    static boolean equalIgnoringCase(int a, int b) {
        if (a == b) {
            return true;
        }
        final int lower = a | 0x20;
        return lower == (b | 0x20) && lower >= 'a' && lower <= 'z';
    }

    /** Whether two texts are the same but for the case of ASCII letters. */
    static boolean equalIgnoringCase(CharSequence a, CharSequence b) {
        if (a.length() != b.length()) {
            return false;
        }
        for (int i = 0; i < a.length(); i++) {
            if (!equalIgnoringCase(a.charAt(i), b.charAt(i))) {
                return false;
            }
        }
        return true;
    }
}
