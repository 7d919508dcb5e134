// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which response belongs to which request. Any thread, several at once.
 *
 * @param <M> the type of messages
 */
public interface Correlation<M> {
    /**
     * What the response to {@code request} will be known by.
     *
     * @return unequal to that of any request of the session that still waits
     */
    Object requestKey(M request);

    /** What {@code message} is the response to; empty if it is none, and the listener's. */
    Optional<?> responseKey(M message);

    /**
     * For protocols without numbers, whose responses come in the order of the requests, such as that of Redis. Calls of any threads take their places in
     * the order in which their requests are sent. One that has timed out keeps its place until its response has come, which is dropped then and
     * counted in {@link SessionStats#lateResponses}; so a late response is never taken for the next one's. While no call waits, messages are
     * the listener's.
     *
     * <p>What is sent otherwise than by a call must have no response.
     */
    static <M> Correlation<M> inOrder() {
        return inOrder(_ -> true);
    }

    /**
     * As {@link #inOrder()}, where messages come in between that are no responses.
     *
     * @param isResponse tells them apart; what it refuses is the listener's
     */
    static <M> Correlation<M> inOrder(Predicate<? super M> isResponse) {
        return new InOrder<>(isResponse);
    }
}
