// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** No pool: listeners run on the session's loop. */
final class InlineTasks implements TaskPool, TaskLane {
    static final InlineTasks INSTANCE = new InlineTasks();

    private InlineTasks() {}

    @Override
    public TaskLane newLane() {
        return this;
    }

    @Override
    public boolean isInline() {
        return true;
    }

    @Override
    public RejectionPolicy rejectionPolicy() {
        return RejectionPolicy.CALLER_RUNS;
    }

    @Override
    public TaskStats stats() {
        return new TaskStats(0, 0, 0, 0, Duration.ZERO, Duration.ZERO);
    }

    @Override
    public boolean offer(Runnable task) {
        task.run();
        return true;
    }

    @Override
    public void force(Runnable task) {
        task.run();
    }

    @Override
    public void onRoom(Runnable ready) {
        ready.run();
    }

    @Override
    public void passOn() {}

    @Override
    public CompletableFuture<Void> closeAsync() {
        return CompletableFuture.completedFuture(null);
    }
}
