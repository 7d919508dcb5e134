// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

/** Texts of others for messages: what cannot be seen is escaped, and what is long is cut. Any thread. */
final class Quoted {
    private static final int LONGEST = 64;

    private Quoted() {}

    static String of(CharSequence text) {
        final StringBuilder quoted = new StringBuilder().append('"');
        for (int i = 0; i < text.length() && i < LONGEST; i++) {
            final char c = text.charAt(i);
            if (c < ' ' || c > '~' || c == '"' || c == '\\') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append(text.length() > LONGEST ? "…\"" : "\"").toString();
    }
}
