// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.Optional;

/** Values like {@code text/html; charset="utf-8"}, RFC 9110, 8.3.1. Any thread. */
final class MediaTypes {
    private MediaTypes() {}

    /** Whether it is {@code type}, whatever its parameters. */
    static boolean isOf(String value, String type) {
        final int semicolon = value.indexOf(';');
        return (semicolon < 0 ? value : value.substring(0, semicolon)).strip().equalsIgnoreCase(type);
    }

    /** The value of a parameter, without quotes. */
    static Optional<String> parameter(String value, String name) {
        int at = endOfParameter(value, 0);
        while (at < value.length()) {
            final int end = endOfParameter(value, at + 1);
            final String parameter = value.substring(at + 1, end).strip();
            final int equals = parameter.indexOf('=');
            if (equals > 0 && parameter.substring(0, equals).equalsIgnoreCase(name)) {
                return Optional.of(unquoted(parameter.substring(equals + 1)));
            }
            at = end;
        }
        return Optional.empty();
    }

    /** The next semicolon that is not in quotes, or the end. */
    private static int endOfParameter(String value, int from) {
        boolean quoted = false;
        for (int i = from; i < value.length(); i++) {
            final char c = value.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (quoted && c == '\\') {
                i++;
            } else if (!quoted && c == ';') {
                return i;
            }
        }
        return value.length();
    }

    private static String unquoted(String text) {
        if (text.length() < 2 || !text.startsWith("\"") || !text.endsWith("\"")) {
            return text;
        }
        final StringBuilder plain = new StringBuilder();
        for (int i = 1; i < text.length() - 1; i++) {
            if (text.charAt(i) == '\\' && i < text.length() - 2) {
                i++;
            }
            plain.append(text.charAt(i));
        }
        return plain.toString();
    }
}
