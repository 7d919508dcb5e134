// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.concurrent.ConcurrentHashMap;

/** How many accepted connections each source has. Any thread. Sources without one take no memory. */
final class SourceCounts {
    private final ConcurrentHashMap<SourceAddress, Integer> counts = new ConcurrentHashMap<>();
    private final int limit;

    SourceCounts(int limit) {
        this.limit = limit;
    }

    /** Whether there is anything to count. */
    boolean isLimited() {
        return limit != Integer.MAX_VALUE;
    }

    /** Counts one more; false if there are too many. */
    boolean tryAdd(SourceAddress source) {
        final boolean[] added = new boolean[1];
        counts.compute(source, (_, count) -> {
            final int now = count == null ? 0 : count;
            added[0] = now < limit;
            return added[0] ? Integer.valueOf(now + 1) : count;
        });
        return added[0];
    }

    void remove(SourceAddress source) {
        counts.computeIfPresent(source, (_, count) -> count == 1 ? null : count - 1);
    }

    /** How many sources have connections. */
    int sources() {
        return counts.size();
    }
}
