// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BlockPool;
import java.util.LinkedHashMap;
import java.util.Map;

/** How often each bound of {@link Limits} was hit since the engine was started. Any thread; the values are a moment old. */
public final class LimitCounters {
    private final BlockPool pool;
    final LimitCounter connections = new LimitCounter("connections");
    final LimitCounter connectionsPerSource = new LimitCounter("connectionsPerSource");
    final LimitCounter acceptsPerSecond = new LimitCounter("acceptsPerSecond");
    final LimitCounter handshakes = new LimitCounter("handshakes");
    final LimitCounter inbound = new LimitCounter("inboundBytes");
    final LimitCounter outbound = new LimitCounter("outboundBytes");

    LimitCounters(BlockPool pool) {
        this.pool = pool;
    }

    /** All of them, by their names in {@link Limits}. */
    public Map<String, Long> all() {
        final Map<String, Long> hit = new LinkedHashMap<>();
        hit.put("connections", connections());
        hit.put("connectionsPerSource", connectionsPerSource());
        hit.put("acceptsPerSecond", acceptsPerSecond());
        hit.put("handshakes", handshakes());
        hit.put("inboundBytes", inboundBytes());
        hit.put("outboundBytes", outboundBytes());
        hit.put("bufferMemoryBytes", bufferMemoryBytes());
        return hit;
    }

    /** Accepted connections that were closed at once since the engine was full, and dials and adoptions that failed for it. */
    public long connections() {
        return connections.sum();
    }

    /** Accepted connections that were closed at once since their source address had too many. */
    public long connectionsPerSource() {
        return connectionsPerSource.sum();
    }

    /** Pauses of accepting since a server accepted too fast. */
    public long acceptsPerSecond() {
        return acceptsPerSecond.sum();
    }

    /** Accepted connections that were closed before their handshake since as many others were under way as may be. */
    public long handshakes() {
        return handshakes.sum();
    }

    /** Connections that were closed since their handlers left too much unread. */
    public long inboundBytes() {
        return inbound.sum();
    }

    /** Writes that were refused since too much was pending. */
    public long outboundBytes() {
        return outbound.sum();
    }

    /** Times that no buffer memory could be had: a receive had to wait, or a write failed. */
    public long bufferMemoryBytes() {
        return pool.refusals();
    }
}
