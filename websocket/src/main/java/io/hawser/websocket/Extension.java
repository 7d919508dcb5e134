// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An element of the field {@code Sec-WebSocket-Extensions}, RFC 6455, 9.1.
 *
 * @param parameters in their order
 */
record Extension(String name, List<Parameter> parameters) {
    /** A bound on the work that a peer can make of a long header. */
    private static final int MOST = 32;

    /**
     * What an extension is offered with.
     *
     * @param value empty if it has none
     */
    record Parameter(String name, String value, boolean hasValue) {}

    /** All of the fields, or null if they are malformed. */
    static @Nullable List<Extension> parse(List<String> fields) {
        final List<Extension> extensions = new ArrayList<>();
        for (String field : fields) {
            final Scanner scanner = new Scanner(field);
            while (!scanner.atEnd()) {
                final Extension extension = scanner.extension();
                if (extension == null || extensions.size() == MOST) {
                    return null;
                }
                extensions.add(extension);
            }
        }
        return extensions;
    }

    /** Whether a parameter is named twice. */
    boolean hasDuplicates() {
        final Set<String> names = new HashSet<>();
        for (Parameter parameter : parameters) {
            if (!names.add(parameter.name())) {
                return true;
            }
        }
        return false;
    }

    private static final class Scanner {
        private final String text;
        private int at;

        Scanner(String text) {
            this.text = text;
            skipSeparators();
        }

        boolean atEnd() {
            return at == text.length();
        }

        private void skipSpace() {
            while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
                at++;
            }
        }

        /** Empty elements of a list count for nothing. */
        private void skipSeparators() {
            skipSpace();
            while (at < text.length() && text.charAt(at) == ',') {
                at++;
                skipSpace();
            }
        }

        private boolean take(char c) {
            skipSpace();
            if (at < text.length() && text.charAt(at) == c) {
                at++;
                skipSpace();
                return true;
            }
            return false;
        }

        private @Nullable String token() {
            final int start = at;
            while (at < text.length() && Tokens.isToken(text.substring(at, at + 1))) {
                at++;
            }
            return at == start ? null : text.substring(start, at);
        }

        @Nullable
        Extension extension() {
            final String name = token();
            if (name == null) {
                return null;
            }
            final List<Parameter> parameters = new ArrayList<>();
            while (take(';')) {
                final Parameter parameter = parameter();
                if (parameter == null || parameters.size() == MOST) {
                    return null;
                }
                parameters.add(parameter);
            }
            final int before = at;
            skipSeparators();
            return atEnd() || text.substring(before, at).indexOf(',') >= 0 ? new Extension(name, parameters) : null;
        }

        private @Nullable Parameter parameter() {
            final String name = token();
            if (name == null) {
                return null;
            }
            if (!take('=')) {
                return new Parameter(name, "", false);
            }
            final String value = at < text.length() && text.charAt(at) == '"' ? quoted() : token();
            return value == null ? null : new Parameter(name, value, true);
        }

        /** What is in quotes has to be a token, too (RFC 6455, 9.1). */
        private @Nullable String quoted() {
            final int end = text.indexOf('"', at + 1);
            if (end < 0) {
                return null;
            }
            final String value = text.substring(at + 1, end);
            at = end + 1;
            return Tokens.isToken(value) ? value : null;
        }
    }
}
