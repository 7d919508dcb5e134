// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.transport.sim.SimNetwork;
import io.hawser.transport.sim.SimRandom;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The books of a scenario: all connections that handlers have seen, who has written what, and what was wrong. */
final class Ledger {
    private final SimNetwork network;
    private final List<Tracked> connections = new ArrayList<>();
    private final Map<SocketAddress, Tracked> dialled = new LinkedHashMap<>();
    private final Map<SocketAddress, Tracked> accepted = new LinkedHashMap<>();
    private final Map<Long, Tracked> streams = new LinkedHashMap<>();
    private final Set<Long> foreignStreams = new HashSet<>();
    private final List<String> failures = new ArrayList<>();
    /** Memory that was lent to writers and has not come back. */
    private int lent;

    Ledger(SimNetwork network) {
        this.network = network;
    }

    /** A rule was broken. Not thrown: the engine would take it for a failure of the handler. */
    void fail(String who, String what) {
        network.trace(who, "FAILED: " + what, 0);
        failures.add(who + ": " + what);
    }

    long nowNs() {
        return network.nowNs();
    }

    void check(boolean holds, String who, String rule) {
        if (!holds) {
            fail(who, rule);
        }
    }

    List<String> failures() {
        return failures;
    }

    List<Tracked> connections() {
        return connections;
    }

    /** Finds the other end by the address of the one that dialled. */
    void opened(Tracked tracked) {
        connections.add(tracked);
        streams.put(tracked.key, tracked);
        final var address = tracked.dialled ? tracked.connection.localAddress() : tracked.connection.remoteAddress();
        if (address.isPresent()) {
            (tracked.dialled ? dialled : accepted).put(address.get(), tracked);
            final Tracked peer = (tracked.dialled ? accepted : dialled).get(address.get());
            if (peer != null) {
                tracked.peer = peer;
                peer.peer = tracked;
            }
        }
    }

    /** The key of a stream that nobody here keeps books of. */
    long stream() {
        final long key = SimRandom.mix(-1 - foreignStreams.size());
        foreignStreams.add(key);
        return key;
    }

    /** Whether {@link #stream} has given {@code key} out. */
    boolean isForeign(long key) {
        return foreignStreams.contains(key);
    }

    /** Who dialled from {@code address}; null if nobody did. */
    Tracked dialledFrom(SocketAddress address) {
        return dialled.get(address);
    }

    /** Who began stream {@code key}; null if nobody did. */
    Tracked origin(long key) {
        return streams.get(key);
    }

    void lend() {
        lent++;
    }

    void giveBack() {
        lent--;
    }

    int lent() {
        return lent;
    }
}
