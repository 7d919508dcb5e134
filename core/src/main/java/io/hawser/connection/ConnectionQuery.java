// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.Comparator;
import java.util.Objects;

/**
 * Which connections {@link Engine#connections} is to tell of. Immutable; start from {@link #FIRST} and change with the {@code with…} methods.
 *
 * @param order by what they are sorted
 * @param descending whether the greatest come first
 * @param filter which {@link ConnectionSnapshot#matches}; empty for all
 * @param offset how many of them to leave out, 0 or more
 * @param limit how many to tell of, 1 or more; {@code offset + limit} is at most {@link #MAX_PLACE}
 */
public record ConnectionQuery(ConnectionOrder order, boolean descending, String filter, int offset, int limit) {
    /** So far one can page; what lies behind is found with a filter, or in the other direction. */
    public static final int MAX_PLACE = 10_000;

    /** The 100 oldest, by their numbers. */
    public static final ConnectionQuery FIRST = new ConnectionQuery(ConnectionOrder.ID, false, "", 0, 100);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if one is not kept
     */
    public ConnectionQuery {
        Objects.requireNonNull(order, "order");
        Objects.requireNonNull(filter, "filter");
        if (offset < 0 || limit < 1 || offset > MAX_PLACE - limit) {
            throw new IllegalArgumentException("offset must be 0 or more, limit 1 or more, and both together at most "
                    + MAX_PLACE + ": " + offset + ", " + limit);
        }
    }

    /** As this, sorted in another way. */
    public ConnectionQuery withOrder(ConnectionOrder by, boolean greatestFirst) {
        return new ConnectionQuery(by, greatestFirst, filter, offset, limit);
    }

    /** As this, of those that match {@code text}. */
    public ConnectionQuery withFilter(String text) {
        return new ConnectionQuery(order, descending, text, offset, limit);
    }

    /** As this, another page. */
    public ConnectionQuery withPage(int first, int count) {
        return new ConnectionQuery(order, descending, filter, first, count);
    }

    /** In which order they come. */
    Comparator<ConnectionSnapshot> comparator() {
        return descending ? order.comparator().reversed() : order.comparator();
    }
}
