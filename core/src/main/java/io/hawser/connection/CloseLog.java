// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.PeerAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The last closes of one loop, and how many there were of each kind. What a close takes is there from the beginning, so that nothing is
 * allocated for it, and nothing of a closed connection is kept alive.
 *
 * <p><b>Thread:</b> the loop's; the counts may be read by any.
 */
final class CloseLog {
    /** How many closes are remembered. */
    static final int SIZE = 64;

    private final Entry[] entries = new Entry[SIZE];
    private final Map<CloseCause.Kind, AtomicLong> counts = new EnumMap<>(CloseCause.Kind.class);
    private long written;

    CloseLog() {
        for (CloseCause.Kind kind : CloseCause.Kind.values()) {
            counts.put(kind, new AtomicLong());
        }
        for (int i = 0; i < SIZE; i++) {
            entries[i] = new Entry();
        }
    }

    private static final class Entry {
        private final PeerAddress peer = new PeerAddress();
        private boolean inet;
        private long id;
        private boolean dialled;
        private CloseCause.Kind kind = CloseCause.Kind.LOCAL;
        private String message = "";
        private long bytesIn;
        private long bytesOut;
        private long livedNs;
        private long closedNs;

        ClosedConnection toRecord(String loop, long nowNs) {
            return new ClosedConnection(
                    id,
                    loop,
                    inet ? peer.toString() : "",
                    dialled,
                    kind,
                    message,
                    bytesIn,
                    bytesOut,
                    Duration.ofNanos(livedNs),
                    Duration.ofNanos(Math.max(0, nowNs - closedNs)));
        }
    }

    /** Remembers the end of {@code connection}, whose buffers still tell what went through them. */
    void closed(StreamConnection connection, CloseCause cause, long livedNs, long nowNs) {
        final AtomicLong count = counter(cause.kind());
        count.setOpaque(count.getPlain() + 1);
        final Entry entry = entries[(int) (written++ % SIZE)];
        entry.id = connection.id();
        entry.inet = connection.copyRemote(entry.peer);
        entry.dialled = connection.isDialled();
        entry.kind = cause.kind();
        entry.message = message(cause.error().orElse(null));
        entry.bytesIn = connection.bytesIn();
        entry.bytesOut = connection.bytesOut();
        entry.livedNs = livedNs;
        entry.closedNs = nowNs;
    }

    /** Of the failure only its text is kept: what else hangs on it may be large. */
    static String message(@Nullable Throwable error) {
        return error == null
                ? ""
                : Objects.requireNonNullElse(
                        error.getMessage(), error.getClass().getName());
    }

    /** What is remembered, the latest first. */
    List<ClosedConnection> entries(String loop, long nowNs) {
        final int count = (int) Math.min(written, SIZE);
        final List<ClosedConnection> latest = new ArrayList<>(count);
        for (int i = 1; i <= count; i++) {
            latest.add(entries[(int) ((written - i) % SIZE)].toRecord(loop, nowNs));
        }
        return latest;
    }

    /** How many closes there were of {@code kind}. Any thread. */
    long count(CloseCause.Kind kind) {
        return counter(kind).getOpaque();
    }

    private AtomicLong counter(CloseCause.Kind kind) {
        return Objects.requireNonNull(counts.get(kind));
    }
}
