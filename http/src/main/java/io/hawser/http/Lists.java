// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

/** Comma-separated lists, RFC 9110, 5.6.1. Any thread. */
final class Lists {
    private Lists() {}

    /** Whether {@code token} is an element of {@code list}, without regard to case. */
    static boolean contains(String list, String token) {
        int start = 0;
        while (start <= list.length()) {
            final int comma = list.indexOf(',', start);
            final int end = comma < 0 ? list.length() : comma;
            if (isElement(list, start, end, token)) {
                return true;
            }
            start = end + 1;
        }
        return false;
    }

    private static boolean isElement(String list, int start, int end, String token) {
        int from = start;
        int to = end;
        while (from < to && Chars.isSpace(list.charAt(from))) {
            from++;
        }
        while (to > from && Chars.isSpace(list.charAt(to - 1))) {
            to--;
        }
        if (to - from != token.length()) {
            return false;
        }
        for (int i = 0; i < token.length(); i++) {
            if (!Chars.equalIgnoringCase(list.charAt(from + i), token.charAt(i))) {
                return false;
            }
        }
        return true;
    }
}
