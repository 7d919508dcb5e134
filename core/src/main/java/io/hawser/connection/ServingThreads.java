// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The threads of an engine that serve blocking connections, which may outlive these. Any thread. */
final class ServingThreads {
    private int running;
    /** Somebody waits until none runs. */
    private @Nullable CompletableFuture<Void> none;

    synchronized void started() {
        running++;
    }

    void ended() {
        final CompletableFuture<Void> waiting;
        synchronized (this) {
            running--;
            if (running > 0 || none == null) {
                return;
            }
            waiting = none;
            none = null;
        }
        waiting.complete(null);
    }

    /** Completes when none runs. */
    synchronized CompletableFuture<Void> none() {
        if (running == 0) {
            return CompletableFuture.completedFuture(null);
        }
        if (none == null) {
            none = new CompletableFuture<>();
        }
        return none;
    }
}
