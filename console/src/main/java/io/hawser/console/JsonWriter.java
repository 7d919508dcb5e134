// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import java.util.Locale;

/** Writes JSON (RFC 8259). What goes in as text may come from anybody, and stays text. Not thread-safe. */
final class JsonWriter {
    private final StringBuilder out = new StringBuilder(4096);
    /** Nothing stands before the next value in its object or array. */
    private boolean first = true;

    JsonWriter beginObject() {
        return begin('{');
    }

    JsonWriter beginArray() {
        return begin('[');
    }

    JsonWriter endObject() {
        return end('}');
    }

    JsonWriter endArray() {
        return end(']');
    }

    private JsonWriter begin(char bracket) {
        separate();
        out.append(bracket);
        first = true;
        return this;
    }

    private JsonWriter end(char bracket) {
        out.append(bracket);
        first = false;
        return this;
    }

    private void separate() {
        if (!first) {
            out.append(',');
        }
        first = false;
    }

    /** The name of the member that comes next. */
    JsonWriter name(String name) {
        separate();
        quote(name);
        out.append(':');
        first = true;
        return this;
    }

    JsonWriter value(String text) {
        separate();
        quote(text);
        return this;
    }

    JsonWriter value(long number) {
        separate();
        out.append(number);
        return this;
    }

    JsonWriter value(boolean truth) {
        separate();
        out.append(truth);
        return this;
    }

    JsonWriter nothing() {
        separate();
        out.append("null");
        return this;
    }

    JsonWriter member(String name, String text) {
        return name(name).value(text);
    }

    JsonWriter member(String name, long number) {
        return name(name).value(number);
    }

    JsonWriter member(String name, boolean truth) {
        return name(name).value(truth);
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20 || c == 0x7f) {
                        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else if (isAlone(text, i)) {
                        // It has no UTF-8, and strict readers refuse it however it is written.
                        out.append('\ufffd');
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /** Whether half of a character beyond U+FFFF stands without its other half. */
    private static boolean isAlone(String text, int at) {
        final char c = text.charAt(at);
        if (Character.isHighSurrogate(c)) {
            return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
        }
        return Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
