// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BlockPool;
import io.hawser.log.Log;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The detached connections of an engine that nobody has adopted, taken or closed yet. Any thread. */
final class Detachments {
    private final Set<DetachedConnection> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    void add(DetachedConnection detached) {
        open.add(detached);
        if (closed) {
            // It was put back behind the engine's end.
            detached.close();
        }
    }

    void remove(DetachedConnection detached) {
        open.remove(detached);
    }

    /**
     * Closes all that are left, and those that are still to come; the engine ends.
     *
     * @throws IllegalStateException in checked mode, if there are any: the places where they were detached are suppressed exceptions
     */
    void closeAll() {
        closed = true;
        final List<DetachedConnection> forgotten = new ArrayList<>();
        for (DetachedConnection each : open) {
            if (each.closeIfOpen()) {
                forgotten.add(each);
            }
        }
        if (forgotten.isEmpty()) {
            return;
        }
        final String what = forgotten.size() + " detached connections were neither adopted nor closed";
        if (BlockPool.isChecked()) {
            final var failure = new IllegalStateException(what);
            forgotten.forEach(each -> each.detachedAt().ifPresent(failure::addSuppressed));
            throw failure;
        }
        Log.log(System.Logger.Level.WARNING, what + "; they are closed with their engine");
    }
}
