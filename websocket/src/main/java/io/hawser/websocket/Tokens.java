// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tokens and lists of RFC 9110, 5.6, as WebSocket's fields have them. */
final class Tokens {
    private Tokens() {}

    static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isTokenChar(text.charAt(i))) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    private static boolean isTokenChar(char c) {
        return (c >= '0' && c <= '9')
                || (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }

    static void require(String text) {
        if (!isToken(text)) {
            throw new IllegalArgumentException("No token of RFC 9110: '" + printable(text) + "'");
        }
    }

    /** As much of a peer's text as may stand in a message. */
    static String printable(String text) {
        final StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length() && i < 80; i++) {
            final char c = text.charAt(i);
            shown.append(c >= ' ' && c < 0x7f ? c : '?');
        }
        return shown.toString();
    }

    /** The elements of comma-separated lists, trimmed, without empty ones; null if one is no token. */
    static @Nullable List<String> list(List<String> fields) {
        final List<String> elements = new ArrayList<>();
        for (String field : fields) {
            for (String element : field.split(",", -1)) {
                final String trimmed = element.strip();
                if (trimmed.isEmpty()) {
                    continue;
                }
                if (!isToken(trimmed)) {
                    return null;
                }
                elements.add(trimmed);
            }
        }
        return elements;
    }
}
