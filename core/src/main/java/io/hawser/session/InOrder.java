// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.Optional;
import java.util.function.Predicate;

/** Responses come in the order of their requests: what {@link OrderedCalls} keeps. Any thread. */
final class InOrder<M> implements Correlation<M> {
    private final Predicate<? super M> isResponse;

    InOrder(Predicate<? super M> isResponse) {
        this.isResponse = isResponse;
    }

    boolean isResponse(M message) {
        return isResponse.test(message);
    }

    @Override
    public Object requestKey(M request) {
        return "next";
    }

    @Override
    public Optional<?> responseKey(M message) {
        return isResponse(message) ? Optional.of("next") : Optional.empty();
    }
}
