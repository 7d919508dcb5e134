// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The fields of a form, or of a query: names with one or several values, in their order ({@code application/x-www-form-urlencoded}). Immutable.
 *
 * <p>Forms in parts, as they are sent with files, are {@link MultipartForm}'s.
 *
 * @param values by name
 */
public record Fields(Map<String, List<String>> values) {
    private static final int MOST_FIELDS = 1_000;
    private static final int MOST_BYTES = 1 << 20;
    private static final String FORM = "application/x-www-form-urlencoded";

    /** A copy. */
    public Fields {
        final Map<String, List<String>> copy = new LinkedHashMap<>();
        values.forEach((name, all) -> copy.put(name, List.copyOf(all)));
        values = Collections.unmodifiableMap(copy);
    }

    /**
     * Those of the body of {@code request}, of 1,000 fields and 1 MiB at most; failing as {@link #ofForm(Request, int, int)}.
     */
    public static Fields ofForm(Request request) {
        return ofForm(request, MOST_FIELDS, MOST_BYTES);
    }

    /**
     * Those of the body of {@code request}, which is read.
     *
     * @throws HttpException with 415 if it is no form of that kind, 413 if there are more fields or bytes, 400 for a bad escape or what is not UTF-8
     */
    public static Fields ofForm(Request request, int mostFields, int mostBytes) {
        final String type = request.headers().first("Content-Type").orElse("");
        if (!MediaTypes.isOf(type, FORM)) {
            throw new HttpException(415, "Not a form: " + Quoted.of(type));
        }
        return parse(request.string(mostBytes), mostFields);
    }

    /** Those of the query of {@code request}, of 1,000 fields at most; failing as {@link #ofForm(Request, int, int)}. */
    public static Fields ofQuery(Request request) {
        return parse(request.query().orElse(""), MOST_FIELDS);
    }

    /**
     * Reads {@code a=1&b=2}.
     *
     * @throws HttpException as {@link #ofForm(Request, int, int)}
     */
    public static Fields parse(String text, int mostFields) {
        final Map<String, List<String>> values = new LinkedHashMap<>();
        int count = 0;
        int from = 0;
        while (from < text.length()) {
            int to = text.indexOf('&', from);
            if (to < 0) {
                to = text.length();
            }
            if (to > from) {
                if (++count > mostFields) {
                    throw new HttpException(413, "More than " + mostFields + " fields");
                }
                int equals = text.indexOf('=', from);
                if (equals < 0 || equals > to) {
                    equals = to;
                }
                final String value = equals < to ? decode(text, equals + 1, to) : "";
                values.computeIfAbsent(decode(text, from, equals), _ -> new ArrayList<>(1))
                        .add(value);
            }
            from = to + 1;
        }
        return new Fields(values);
    }

    private static String decode(String text, int from, int to) {
        return PercentCoding.decode(text, from, to, true)
                .orElseThrow(() -> new HttpException(400, "Not decodable: " + Quoted.of(text.substring(from, to))));
    }

    /** The first value of a field. */
    public Optional<String> first(String name) {
        return Optional.ofNullable(values.get(name)).map(List::getFirst);
    }

    /** All values of a field, in their order. */
    public List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }
}
