// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * Calls whose responses come in the order of the requests. A call that is over keeps its place until its response has come, or that would be taken for
 * the next one's.
 */
final class OrderedCalls<M> extends CallTable<M> {
    private final InOrder<M> correlation;
    private final ConcurrentLinkedDeque<PendingCall<M>> places = new ConcurrentLinkedDeque<>();
    /** Held while a call is noted and its request takes its place on the wire, so that both orders are one. Responses do not need it. */
    private final Object order = new Object();

    OrderedCalls(AbstractSession<M> session, InOrder<M> correlation) {
        super(session);
        this.correlation = correlation;
    }

    @Override
    void send(M request, PendingCall<M> call) {
        synchronized (order) {
            // Noted first: the response may be there before the call returns.
            places.addLast(call);
            boolean sent = false;
            try {
                session().sendInOrder(request);
                sent = true;
            } finally {
                if (!sent && places.removeLastOccurrence(call)) {
                    left();
                }
            }
        }
    }

    @Override
    @Nullable
    PendingCall<M> take(M message) {
        if (places.isEmpty() || !correlation.isResponse(message)) {
            return null;
        }
        final PendingCall<M> first = places.pollFirst();
        if (first != null) {
            left();
        }
        return first;
    }

    @Override
    Iterable<PendingCall<M>> calls() {
        return places;
    }

    @Override
    void ended(PendingCall<M> call) {
        if (isClosed() && places.remove(call)) {
            left();
        }
    }

    @Override
    void clear() {
        while (places.pollFirst() != null) {
            left();
        }
    }
}
