// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A JSON object (RFC 8259) in the making; members stand in the order in which they were put. Not thread-safe. */
final class Json {
    private final StringBuilder members = new StringBuilder();

    Json put(String name, String value) {
        return raw(name, quote(value));
    }

    Json put(String name, boolean value) {
        return raw(name, String.valueOf(value));
    }

    Json put(String name, long value) {
        return raw(name, String.valueOf(value));
    }

    /** @param value JSON has no infinity and no NaN; they become {@code null} */
    Json put(String name, double value) {
        return raw(name, Double.isFinite(value) ? String.format(Locale.ROOT, "%.3f", value) : "null");
    }

    Json put(String name, Json value) {
        return raw(name, value.toString());
    }

    Json put(String name, List<Json> values) {
        return raw(name, values.stream().map(Json::toString).collect(Collectors.joining(",", "[", "]")));
    }

    private Json raw(String name, String value) {
        if (!members.isEmpty()) {
            members.append(',');
        }
        members.append(quote(name)).append(':').append(value);
        return this;
    }

    private static String quote(String text) {
        final StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> quoted.append('\\').append(c);
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (c < 0x20 || Character.isSurrogate(c)) {
                        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }

    /** The object on one line. */
    @Override
    public String toString() {
        return "{" + members + "}";
    }
}
