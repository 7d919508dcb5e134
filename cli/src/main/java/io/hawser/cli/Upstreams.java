// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The servers behind a proxy, and in which order to try them. Any thread. */
final class Upstreams {
    private final List<Upstream> all;
    private final Balance balance;
    private final AtomicInteger next = new AtomicInteger();

    Upstreams(List<Upstream> all, Balance balance) {
        this.all = List.copyOf(all);
        this.balance = balance;
    }

    List<Upstream> all() {
        return all;
    }

    /**
     * Which to try, one after another: all that are healthy, then the others, since a check may be behind the times.
     *
     * @param sourceHash of the client's address
     */
    List<Upstream> inOrder(int sourceHash) {
        final int first = balance == Balance.SOURCE ? spread(sourceHash) : next.getAndIncrement();
        final List<Upstream> order = new ArrayList<>(all.size());
        for (int i = 0; i < all.size(); i++) {
            order.add(all.get(Math.floorMod(first + i, all.size())));
        }
        final Comparator<Upstream> healthyFirst = Comparator.comparing(upstream -> !upstream.isHealthy());
        // Both sorts are stable: equals stay in the order of their turn.
        order.sort(balance == Balance.LEAST ? healthyFirst.thenComparingInt(Upstream::connections) : healthyFirst);
        return order;
    }

    /** Addresses of one network differ in few bits. */
    private static int spread(int hash) {
        final int mixed = hash * 0x9E3779B9;
        return mixed ^ (mixed >>> 16);
    }
}
