// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How something stands that runs on an engine and counts for itself, such as the sessions of a server with their task pool;
 * {@link Engine#addService} has it seen.
 *
 * @param kind what it is, such as {@code sessions}
 * @param name which one, such as its address
 * @param figures by name, in the order in which they are to be read; a name that ends in {@code Ns} is a time in nanoseconds
 */
public record ServiceSnapshot(String kind, String name, Map<String, Long> figures) {
    /** Copies the map, and keeps its order. */
    public ServiceSnapshot {
        figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    }
}
