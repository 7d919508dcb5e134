// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.List;

/** Lists of entity tags (RFC 9110, 8.8.3). Stateless. */
final class EntityTags {
    private static final String WEAK = "W/";

    private EntityTags() {}

    /**
     * Whether a field of entity tags names {@code tag}, or anything by {@code *}. What is not a list of tags matches up to where it is wrong.
     *
     * @param strong whether weak tags match nothing (RFC 9110, 8.8.3.2)
     */
    static boolean anyMatches(List<String> fields, String tag, boolean strong) {
        for (String field : fields) {
            if (field.strip().equals("*") || listMatches(field, tag, strong)) {
                return true;
            }
        }
        return false;
    }

    private static boolean listMatches(String field, String tag, boolean strong) {
        int at = 0;
        while (true) {
            while (at < field.length()
                    && (field.charAt(at) == ' ' || field.charAt(at) == '\t' || field.charAt(at) == ',')) {
                at++;
            }
            final int start = at;
            if (field.startsWith(WEAK, at)) {
                at += WEAK.length();
            }
            if (at >= field.length() || field.charAt(at) != '"') {
                return false;
            }
            final int end = field.indexOf('"', at + 1);
            if (end < 0) {
                return false;
            }
            at = end + 1;
            if (matches(field.substring(start, at), tag, strong)) {
                return true;
            }
        }
    }

    private static boolean matches(String first, String second, boolean strong) {
        if (strong) {
            return first.equals(second) && !first.startsWith(WEAK);
        }
        return opaque(first).equals(opaque(second));
    }

    private static String opaque(String tag) {
        return tag.startsWith(WEAK) ? tag.substring(WEAK.length()) : tag;
    }
}
