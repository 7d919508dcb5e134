// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON (RFC 8259) that was read. What is missing, or of another kind, reads as nothing: 0, an empty text, no elements; so what a newer console leaves out
 * is no failure. Immutable.
 */
final class JsonValue {
    private static final JsonValue NOTHING = new JsonValue("", 0, List.of(), Map.of());

    private final String text;
    private final double number;
    private final List<JsonValue> elements;
    private final Map<String, JsonValue> members;

    private JsonValue(String text, double number, List<JsonValue> elements, Map<String, JsonValue> members) {
        this.text = text;
        this.number = number;
        this.elements = elements;
        this.members = members;
    }

    /** @throws IllegalArgumentException if it is none, or nested too deeply */
    static JsonValue parse(String json) {
        final Parser parser = new Parser(json);
        final JsonValue value = parser.value(0);
        parser.expectEnd();
        return value;
    }

    JsonValue get(String name) {
        return members.getOrDefault(name, NOTHING);
    }

    List<JsonValue> elements() {
        return elements;
    }

    Map<String, JsonValue> members() {
        return members;
    }

    String text() {
        return text;
    }

    double number() {
        return number;
    }

    long asLong() {
        return (long) number;
    }

    private static final class Parser {
        private static final int MAX_DEPTH = 32;

        private final String json;
        private int at;

        Parser(String json) {
            this.json = json;
        }

        JsonValue value(int depth) {
            if (depth > MAX_DEPTH) {
                throw wrong("it is nested too deeply");
            }
            skipSpace();
            return switch (peek()) {
                case '{' -> object(depth);
                case '[' -> array(depth);
                case '"' -> new JsonValue(string(), 0, List.of(), Map.of());
                case 't' -> word("true", new JsonValue("true", 1, List.of(), Map.of()));
                case 'f' -> word("false", new JsonValue("false", 0, List.of(), Map.of()));
                case 'n' -> word("null", NOTHING);
                default -> number();
            };
        }

        void expectEnd() {
            skipSpace();
            if (at < json.length()) {
                throw wrong("something stands behind it");
            }
        }

        private JsonValue object(int depth) {
            final Map<String, JsonValue> members = new LinkedHashMap<>();
            at++;
            skipSpace();
            while (peek() != '}') {
                if (!members.isEmpty()) {
                    expect(',');
                    skipSpace();
                }
                final String name = string();
                skipSpace();
                expect(':');
                members.put(name, value(depth + 1));
                skipSpace();
            }
            at++;
            return new JsonValue("", 0, List.of(), members);
        }

        private JsonValue array(int depth) {
            final List<JsonValue> elements = new ArrayList<>();
            at++;
            skipSpace();
            while (peek() != ']') {
                if (!elements.isEmpty()) {
                    expect(',');
                }
                elements.add(value(depth + 1));
                skipSpace();
            }
            at++;
            return new JsonValue("", 0, elements, Map.of());
        }

        private String string() {
            expect('"');
            final StringBuilder text = new StringBuilder();
            while (true) {
                final char c = next();
                if (c == '"') {
                    return text.toString();
                }
                text.append(c == '\\' ? escaped() : c);
            }
        }

        private char escaped() {
            final char c = next();
            return switch (c) {
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                case 'b' -> '\b';
                case 'f' -> '\f';
                case 'u' -> {
                    final int end = at + 4;
                    if (end > json.length()) {
                        throw wrong("it ends early");
                    }
                    int code = 0;
                    while (at < end) {
                        final int digit = Character.digit(next(), 16);
                        if (digit < 0) {
                            throw wrong("an escape is none");
                        }
                        code = 16 * code + digit;
                    }
                    yield (char) code;
                }
                default -> c;
            };
        }

        private JsonValue number() {
            final int start = at;
            while (at < json.length() && "+-.0123456789eE".indexOf(json.charAt(at)) >= 0) {
                at++;
            }
            try {
                return new JsonValue("", Double.parseDouble(json.substring(start, at)), List.of(), Map.of());
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("That is no JSON: a number is none, at " + start, e);
            }
        }

        private JsonValue word(String word, JsonValue value) {
            if (!json.startsWith(word, at)) {
                throw wrong("a word is none");
            }
            at += word.length();
            return value;
        }

        private void skipSpace() {
            while (at < json.length() && " \t\r\n".indexOf(json.charAt(at)) >= 0) {
                at++;
            }
        }

        private char peek() {
            if (at >= json.length()) {
                throw wrong("it ends early");
            }
            return json.charAt(at);
        }

        private char next() {
            final char c = peek();
            at++;
            return c;
        }

        private void expect(char wanted) {
            if (next() != wanted) {
                at--;
                throw wrong("there should be a '" + wanted + "'");
            }
        }

        private IllegalArgumentException wrong(String what) {
            return new IllegalArgumentException("That is no JSON: " + what + ", at " + at);
        }
    }
}
