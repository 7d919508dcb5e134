// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.connection.ConnectionOrder;
import io.hawser.connection.ConnectionQuery;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Which connections a viewer wants to see: {@code engine=0&order=BYTES_IN&descending=true&filter=&offset=0&limit=20}, in any order; what is left
 * out is as in this example.
 *
 * @param engine the place of the engine among those that are shown
 */
record ViewQuery(int engine, ConnectionQuery query) {
    private static final int MAX_CHARS = 2_000;
    private static final int MAX_LIMIT = 1_000;

    /** @throws IllegalArgumentException if it is none */
    static ViewQuery parse(String text, int engines) {
        if (text.length() > MAX_CHARS) {
            throw new IllegalArgumentException("A query of " + text.length() + " characters; the most is " + MAX_CHARS);
        }
        final Map<String, String> given = new HashMap<>();
        for (String pair : text.split("&", -1)) {
            final int equals = pair.indexOf('=');
            if (equals > 0) {
                given.put(
                        pair.substring(0, equals),
                        URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        final int engine = engine(given.getOrDefault("engine", "0"), engines);
        final int limit = Integer.parseInt(given.getOrDefault("limit", "20"));
        if (limit > MAX_LIMIT) {
            throw new IllegalArgumentException("So many connections are not told of at once: " + limit);
        }
        return new ViewQuery(
                engine,
                new ConnectionQuery(
                        ConnectionOrder.valueOf(given.getOrDefault("order", "BYTES_IN")),
                        !given.getOrDefault("descending", "true").equals("false"),
                        given.getOrDefault("filter", ""),
                        Integer.parseInt(given.getOrDefault("offset", "0")),
                        limit));
    }

    /** @throws IllegalArgumentException if there is none */
    static int engine(String text, int engines) {
        final int engine = Integer.parseInt(text);
        if (engine < 0 || engine >= engines) {
            throw new IllegalArgumentException("There is no engine " + engine);
        }
        return engine;
    }
}
