// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Compressors and decompressors of an endpoint, for sessions that need one for a message only: each is 300 or 40 KiB, and sessions are many. Kept while
 * there are sessions. Any thread.
 */
final class ZlibPool {
    private static final AtomicInteger LIVE = new AtomicInteger();
    private static final int KEPT = Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 4, 64);

    private final AtomicReferenceArray<@Nullable Deflater> deflaters = new AtomicReferenceArray<>(KEPT);
    private final AtomicReferenceArray<@Nullable Inflater> inflaters = new AtomicReferenceArray<>(KEPT);
    private final AtomicInteger sessions = new AtomicInteger();

    /** How many have been made and not ended, in all pools. */
    static int live() {
        return LIVE.get();
    }

    void sessionBegins() {
        sessions.getAndIncrement();
    }

    void sessionEnds() {
        if (sessions.decrementAndGet() == 0) {
            drain();
        }
    }

    private void drain() {
        for (int i = 0; i < KEPT; i++) {
            final Deflater deflater = deflaters.getAndSet(i, null);
            if (deflater != null) {
                end(deflater);
            }
            final Inflater inflater = inflaters.getAndSet(i, null);
            if (inflater != null) {
                end(inflater);
            }
        }
    }

    private static <T> @Nullable T take(AtomicReferenceArray<@Nullable T> from) {
        for (int i = 0; i < KEPT; i++) {
            final T kept = from.get(i);
            if (kept != null && from.compareAndSet(i, kept, null)) {
                return kept;
            }
        }
        return null;
    }

    private static <T> boolean give(AtomicReferenceArray<@Nullable T> to, T unused) {
        for (int i = 0; i < KEPT; i++) {
            if (to.get(i) == null && to.compareAndSet(i, null, unused)) {
                return true;
            }
        }
        return false;
    }

    Deflater deflater(int level) {
        final Deflater kept = take(deflaters);
        if (kept != null) {
            return kept;
        }
        final Deflater made = new Deflater(level, true);
        LIVE.getAndIncrement();
        return made;
    }

    /** What it has seen is forgotten. */
    void give(Deflater deflater) {
        deflater.reset();
        if (!give(deflaters, deflater)) {
            end(deflater);
        } else if (sessions.get() == 0) {
            // The last session has ended meanwhile, and may have looked here before.
            drain();
        }
    }

    Inflater inflater() {
        final Inflater kept = take(inflaters);
        if (kept != null) {
            return kept;
        }
        final Inflater made = new Inflater(true);
        LIVE.getAndIncrement();
        return made;
    }

    /** What it has seen is forgotten. */
    void give(Inflater inflater) {
        inflater.reset();
        if (!give(inflaters, inflater)) {
            end(inflater);
        } else if (sessions.get() == 0) {
            drain();
        }
    }

    private static void end(Deflater deflater) {
        deflater.end();
        LIVE.getAndDecrement();
    }

    private static void end(Inflater inflater) {
        inflater.end();
        LIVE.getAndDecrement();
    }
}
