// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The escapes of a request target, by {@link PercentCoding}; what is malformed fails with 400. Any thread. */
final class TargetText {
    private TargetText() {}

    static String decodePath(String text) {
        final String decoded = text.indexOf('%') < 0 ? text : decode(text, false);
        if (decoded.indexOf('\0') >= 0) {
            throw new HttpException(400, "A NUL in the path " + Quoted.of(text));
        }
        return decoded;
    }

    static Map<String, List<String>> decodeQuery(String query) {
        if (query.isEmpty()) {
            return Map.of();
        }
        final Map<String, List<String>> parameters = new LinkedHashMap<>();
        for (String part : query.split("&", -1)) {
            if (part.isEmpty()) {
                continue;
            }
            final int equals = part.indexOf('=');
            final String name = equals < 0 ? part : part.substring(0, equals);
            final String value = equals < 0 ? "" : part.substring(equals + 1);
            parameters
                    .computeIfAbsent(decode(name, true), _ -> new ArrayList<>(1))
                    .add(decode(value, true));
        }
        return Collections.unmodifiableMap(parameters);
    }

    private static String decode(String text, boolean plusIsSpace) {
        return PercentCoding.decode(text, 0, text.length(), plusIsSpace)
                .orElseThrow(() -> new HttpException(400, "An incomplete escape, or no UTF-8, in " + Quoted.of(text)));
    }
}
