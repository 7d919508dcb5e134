// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A request that was sent, and its response to come. Any thread. */
final class PendingCall<M> extends CompletableFuture<M> {
    private final CallTable<M> table;
    private final long deadlineNs;
    private final Duration timeout;
    /** What the response is known by, where something is. Written before the call is shared. */
    @Nullable
    Object key;

    PendingCall(CallTable<M> table, long deadlineNs, Duration timeout) {
        this.table = table;
        this.deadlineNs = deadlineNs;
        this.timeout = timeout;
    }

    long deadlineNs() {
        return deadlineNs;
    }

    Duration timeout() {
        return timeout;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        if (isDone()) {
            return isCancelled();
        }
        table.ended(this);
        return super.cancel(mayInterruptIfRunning);
    }

    /** What is derived from it is no call. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }
}
