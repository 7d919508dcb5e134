// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What went wrong, counted by its kind, with the first case of each. Any thread; nothing here is on the path of a message that goes well. */
final class LoadErrors {
    /** @param first what the first case was */
    record Kind(long count, String first) {}

    private final Map<String, Kind> kinds = new LinkedHashMap<>();

    /** Counts one more of {@code kind}. */
    synchronized void add(String kind, String detail) {
        kinds.merge(kind, new Kind(1, detail), (old, _) -> new Kind(old.count() + 1, old.first()));
    }

    /** Kinds in the order in which they came up. */
    synchronized Map<String, Kind> kinds() {
        return new LinkedHashMap<>(kinds);
    }

    /** The first that went wrong. */
    synchronized Optional<String> first() {
        return kinds.values().stream().map(Kind::first).findFirst();
    }

    synchronized boolean isEmpty() {
        return kinds.isEmpty();
    }
}
