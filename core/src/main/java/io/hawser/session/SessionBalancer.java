// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Picks a session of a client. Any thread, several at once.
 *
 * @param <M> the type of messages
 */
@FunctionalInterface
public interface SessionBalancer<M> {
    /**
     * Picks one.
     *
     * @param open those that are open, at least one, in the order of their slots; since the list was made one may have begun to close, which
     *     {@link Session#isOpen} tells
     * @return one of them
     */
    Session<M> pick(List<Session<M>> open);

    /** One after the other. The default, and the cheapest. Made anew for each client. */
    static <M> SessionBalancer<M> roundRobin() {
        final AtomicInteger turn = new AtomicInteger();
        return open -> {
            final int count = open.size();
            final int first = Math.floorMod(turn.getAndIncrement(), count);
            for (int i = 0; i < count; i++) {
                final Session<M> session = open.get((first + i) % count);
                if (session.isOpen()) {
                    return session;
                }
            }
            return open.get(first);
        };
    }

    /**
     * The one with the fewest {@link Session#pendingCalls}; of equals the one with the fewest {@link Session#pendingBytes}; of equals one after
     * the other. Looks at all. Made anew for each client.
     */
    static <M> SessionBalancer<M> leastPending() {
        final AtomicInteger turn = new AtomicInteger();
        return open -> {
            final int count = open.size();
            final int first = Math.floorMod(turn.getAndIncrement(), count);
            Session<M> best = open.get(first);
            int bestCalls = Integer.MAX_VALUE;
            long bestBytes = Long.MAX_VALUE;
            for (int i = 0; i < count; i++) {
                final Session<M> session = open.get((first + i) % count);
                final int calls = session.pendingCalls();
                if (calls <= bestCalls && session.isOpen()) {
                    final long bytes = session.pendingBytes();
                    if (calls < bestCalls || bytes < bestBytes) {
                        best = session;
                        bestCalls = calls;
                        bestBytes = bytes;
                    }
                }
            }
            return best;
        };
    }
}
