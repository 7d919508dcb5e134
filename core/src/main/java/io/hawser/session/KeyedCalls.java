// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Calls whose responses say to which request they belong. */
final class KeyedCalls<M> extends CallTable<M> {
    private final Correlation<M> correlation;
    private final Map<Object, PendingCall<M>> calls = new ConcurrentHashMap<>();

    KeyedCalls(AbstractSession<M> session, Correlation<M> correlation) {
        super(session);
        this.correlation = correlation;
    }

    @Override
    void send(M request, PendingCall<M> call) {
        boolean noted = false;
        try {
            final Object key = correlation.requestKey(request);
            call.key = key;
            noted = calls.putIfAbsent(key, call) == null;
            if (!noted) {
                throw new IllegalStateException("A request with the key " + key + " waits already on " + session());
            }
        } finally {
            if (!noted) {
                left();
            }
        }
        boolean sent = false;
        try {
            session().send(request);
            sent = true;
        } finally {
            if (!sent) {
                ended(call);
            }
        }
    }

    @Override
    @Nullable
    PendingCall<M> take(M message) {
        final Optional<?> key = correlation.responseKey(message);
        if (key.isEmpty()) {
            return null;
        }
        final PendingCall<M> call = calls.remove(key.get());
        if (call == null) {
            return nobody();
        }
        left();
        return call;
    }

    @Override
    Iterable<PendingCall<M>> calls() {
        return calls.values();
    }

    @Override
    void ended(PendingCall<M> call) {
        if (calls.remove(Objects.requireNonNull(call.key), call)) {
            left();
        }
    }

    @Override
    void clear() {
        calls.values().forEach(this::ended);
    }
}
