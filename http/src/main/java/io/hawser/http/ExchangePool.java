// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Exchanges that nobody uses now, a few of them; others are made. Any thread, without a lock: loops share it with the threads that they carry. */
final class ExchangePool {
    private static final int PLACES = 64;
    private static final int TRIES = 4;

    private final AtomicReferenceArray<@Nullable Exchange> places = new AtomicReferenceArray<>(PLACES);

    Exchange take(HttpLimits limits) {
        final int first = first();
        for (int i = 0; i < TRIES; i++) {
            final int place = (first + i) & (PLACES - 1);
            if (places.getPlain(place) != null) {
                final Exchange kept = places.getAndSet(place, null);
                if (kept != null) {
                    return kept;
                }
            }
        }
        return new Exchange(limits);
    }

    void give(Exchange exchange) {
        final int first = first();
        for (int i = 0; i < TRIES; i++) {
            final int place = (first + i) & (PLACES - 1);
            if (places.getPlain(place) == null && places.compareAndSet(place, null, exchange)) {
                return;
            }
        }
    }

    private static int first() {
        return (int) ((Thread.currentThread().threadId() * 0x9E3779B9L) >>> 16);
    }
}
