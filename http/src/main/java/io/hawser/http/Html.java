// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

/** Text in HTML. Stateless. */
final class Html {
    private Html() {}

    /** {@code text} so that it is text in HTML, in an attribute too; control characters are shown as U+FFFD. */
    static String escape(String text) {
        final StringBuilder escaped = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.append(Character.isISOControl(c) ? '\uFFFD' : c);
            }
        }
        return escaped.toString();
    }
}
