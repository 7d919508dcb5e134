// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The connections of one loop that may be on the page of a query: as many as its last place, the first of their order. */
final class ConnectionScan extends ConnectionWalk<ConnectionScan.Found> {
    /** What one loop has to offer. */
    record Found(long total, long matching, List<ConnectionSnapshot> candidates) {}

    private final ConnectionQuery query;
    private final Comparator<ConnectionSnapshot> comparator;
    private final int wanted;
    /** The last of the order first. */
    private final PriorityQueue<ConnectionSnapshot> best;

    private long total;
    private long matching;

    ConnectionScan(LoopConnections home, ConnectionQuery query) {
        super(home);
        this.query = query;
        this.comparator = query.comparator();
        this.wanted = query.offset() + query.limit();
        this.best = new PriorityQueue<>(comparator.reversed());
    }

    @Override
    boolean visit(StreamConnection connection, long ageNs) {
        total++;
        final ConnectionSnapshot snapshot = connection.snapshot(ageNs);
        if (snapshot.matches(query.filter())) {
            matching++;
            best.add(snapshot);
            if (best.size() > wanted) {
                best.remove();
            }
        }
        return true;
    }

    @Override
    Found found() {
        return new Found(total, matching, List.copyOf(best));
    }

    /** The page of all loops together. */
    static ConnectionPage page(ConnectionQuery query, List<Found> found) {
        final List<ConnectionSnapshot> candidates = new ArrayList<>();
        long total = 0;
        long matching = 0;
        for (Found one : found) {
            total += one.total();
            matching += one.matching();
            candidates.addAll(one.candidates());
        }
        candidates.sort(query.comparator());
        return new ConnectionPage(
                total,
                matching,
                candidates.stream().skip(query.offset()).limit(query.limit()).toList());
    }
}
