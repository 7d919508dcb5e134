// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.List;
import java.util.Locale;

/** What content codings a client takes (RFC 9110, 12.5.3). Stateless. */
final class AcceptEncoding {
    private static final int FULL = 1000;
    private static final int LEAST = 1;

    private static final int MOST_ITEMS = 64;

    private AcceptEncoding() {}

    /**
     * How much {@code coding} is wanted, in thousandths; 0 for not at all. What is not named is not wanted; {@code identity} is then, but less
     * than all that is named. Without the field nothing else is, since a client that says nothing is probably not able to decode.
     */
    static int weight(List<String> fields, String coding) {
        int any = -1;
        int items = 0;
        for (String field : fields) {
            int from = 0;
            while (from <= field.length()) {
                int to = field.indexOf(',', from);
                if (to < 0) {
                    to = field.length();
                }
                if (++items > MOST_ITEMS) {
                    return 0;
                }
                final String item = field.substring(from, to).strip();
                from = to + 1;
                final int semicolon = item.indexOf(';');
                final String name =
                        (semicolon < 0 ? item : item.substring(0, semicolon).strip()).toLowerCase(Locale.ROOT);
                if (name.equals(coding) || name.equals("x-" + coding)) {
                    return weight(item, semicolon);
                }
                if (name.equals("*")) {
                    any = weight(item, semicolon);
                }
            }
        }
        if (any >= 0) {
            return any;
        }
        return coding.equals("identity") ? LEAST : 0;
    }

    private static int weight(String item, int semicolon) {
        if (semicolon < 0) {
            return FULL;
        }
        final String parameter = item.substring(semicolon + 1).strip();
        if (parameter.length() < 2 || Character.toLowerCase(parameter.charAt(0)) != 'q' || parameter.charAt(1) != '=') {
            return FULL;
        }
        return thousandths(parameter.substring(2).strip());
    }

    /** {@code 0}, {@code 0.5} or {@code 1.000}; what is something else means no. */
    private static int thousandths(String text) {
        if (text.length() > 5 || text.isEmpty() || (text.length() > 1 && text.charAt(1) != '.')) {
            return 0;
        }
        final int whole = text.charAt(0) - '0';
        int fraction = 0;
        for (int i = 2; i < 5; i++) {
            final int digit = i < text.length() ? text.charAt(i) - '0' : 0;
            if (digit < 0 || digit > 9) {
                return 0;
            }
            fraction = 10 * fraction + digit;
        }
        final int weight = FULL * whole + fraction;
        return whole >= 0 && weight <= FULL ? weight : 0;
    }
}
