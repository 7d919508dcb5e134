// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/**
 * Lends what compresses answers, for one answer at a time: the state of zlib is 256 KiB of native memory, and takes its time to make. Only so many are
 * lent at once, since a slow peer keeps one for as long as its answer takes; a few of those that come back are kept.
 *
 * <p><b>Thread:</b> any, without a lock.
 */
final class DeflaterPool implements AutoCloseable {
    private final int level;
    private final int most;
    private final AtomicInteger lent = new AtomicInteger();
    private final AtomicReferenceArray<@Nullable Deflater> gzip = places();
    private final AtomicReferenceArray<@Nullable Deflater> zlib = places();
    private volatile boolean closed;

    /** @param most how many are lent at once */
    DeflaterPool(int level, int most) {
        this.level = level;
        this.most = most;
    }

    private static AtomicReferenceArray<@Nullable Deflater> places() {
        return new AtomicReferenceArray<>(Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 4, 64));
    }

    private AtomicReferenceArray<@Nullable Deflater> idle(Compression.Coding coding) {
        return coding == Compression.Coding.GZIP ? gzip : zlib;
    }

    /** One that is the caller's until {@link #give}, as new; null if too many are lent. */
    @Nullable
    Deflater take(Compression.Coding coding) {
        if (lent.incrementAndGet() > most) {
            lent.decrementAndGet();
            return null;
        }
        final AtomicReferenceArray<@Nullable Deflater> idle = idle(coding);
        for (int i = 0; i < idle.length(); i++) {
            final Deflater kept = idle.get(i);
            if (kept != null && idle.compareAndSet(i, kept, null)) {
                return kept;
            }
        }
        boolean made = false;
        try {
            final Deflater deflater = new Deflater(level, coding == Compression.Coding.GZIP);
            made = true;
            return deflater;
        } finally {
            if (!made) {
                // No memory.
                lent.decrementAndGet();
            }
        }
    }

    /** Takes one back, whatever state it is in; once for each that was lent. */
    void give(Deflater deflater, Compression.Coding coding) {
        // Forgets the content of the answer, too.
        deflater.reset();
        if (!keep(deflater, idle(coding))) {
            deflater.end();
        }
        lent.decrementAndGet();
        if (closed) {
            // Whoever has closed may have looked here before.
            endIdle();
        }
    }

    private static boolean keep(Deflater deflater, AtomicReferenceArray<@Nullable Deflater> idle) {
        for (int i = 0; i < idle.length(); i++) {
            if (idle.get(i) == null && idle.compareAndSet(i, null, deflater)) {
                return true;
            }
        }
        return false;
    }

    /** How many are lent. */
    int lentCount() {
        return lent.get();
    }

    /** How many are kept. */
    int idleCount() {
        int count = 0;
        for (int i = 0; i < gzip.length(); i++) {
            count += (gzip.get(i) == null ? 0 : 1) + (zlib.get(i) == null ? 0 : 1);
        }
        return count;
    }

    /** Ends those that are kept, and those that are lent when they come back. */
    @Override
    public void close() {
        closed = true;
        endIdle();
    }

    private void endIdle() {
        for (int i = 0; i < gzip.length(); i++) {
            end(gzip.getAndSet(i, null));
            end(zlib.getAndSet(i, null));
        }
    }

    private static void end(@Nullable Deflater deflater) {
        if (deflater != null) {
            deflater.end();
        }
    }
}
