// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.PoolSnapshot;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How an engine stands. Counts are since its start, so the difference of two snapshots, over that of their {@link #upTime}, tells rates.
 * The figures are a moment old, and not of one and the same moment.
 *
 * @param name the start of its threads' names
 * @param transport what its loops run on
 * @param state what it is at
 * @param upTime the time since its start
 * @param connections how many connections it has
 * @param maxConnections how many it may have
 * @param addresses where it listens, and what its UDP servers are bound to
 * @param loops its loops; one that only accepts comes last
 * @param memory the memory of its buffers
 * @param limitsHit how often each limit was hit, by its name in {@link Limits}
 * @param closes how many connections ended in each way
 * @param services what runs on it and counts for itself
 */
public record EngineSnapshot(
        String name,
        String transport,
        EngineState state,
        Duration upTime,
        int connections,
        int maxConnections,
        List<Address> addresses,
        List<LoopSnapshot> loops,
        PoolSnapshot memory,
        Map<String, Long> limitsHit,
        Map<CloseCause.Kind, Long> closes,
        List<ServiceSnapshot> services) {
    /** Copies lists and maps. */
    public EngineSnapshot {
        addresses = List.copyOf(addresses);
        loops = List.copyOf(loops);
        limitsHit = Collections.unmodifiableMap(new LinkedHashMap<>(limitsHit));
        closes = Collections.unmodifiableMap(new EnumMap<>(closes));
        services = List.copyOf(services);
    }
}
