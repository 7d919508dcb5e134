// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The threads of an engine that serve blocking connections, which may outlive these. Any thread. Without a lock: loops share this with the virtual
 * threads that they carry.
 */
final class ServingThreads {
    private final AtomicInteger running = new AtomicInteger();
    /** Somebody waits until none runs. */
    private final AtomicReference<@Nullable CompletableFuture<Void>> waiting = new AtomicReference<>();

    void started() {
        running.incrementAndGet();
    }

    void ended() {
        if (running.decrementAndGet() == 0) {
            tell();
        }
    }

    private void tell() {
        final CompletableFuture<Void> none = waiting.getAndSet(null);
        if (none != null) {
            none.complete(null);
        }
    }

    /** Completes when none runs. */
    CompletableFuture<Void> none() {
        final CompletableFuture<Void> mine = new CompletableFuture<>();
        final CompletableFuture<Void> earlier = waiting.compareAndExchange(null, mine);
        final CompletableFuture<Void> none = earlier == null ? mine : earlier;
        // The last may have ended before there was anybody to tell.
        if (running.get() == 0) {
            tell();
            none.complete(null);
        }
        return none;
    }
}
