// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.concurrent.CompletableFuture;

/** Workers that take any task: one lane for all. */
final class WorkerPool implements TaskPool, TaskLane {
    private final Tasks recipe;
    private final PoolPlaces places;
    private final Workers workers;

    WorkerPool(Tasks recipe) {
        this.recipe = recipe;
        this.places = new PoolPlaces(recipe.capacity(), false);
        this.workers = new Workers(recipe.name(), recipe.workers(), recipe.queues());
    }

    @Override
    public TaskLane newLane() {
        return this;
    }

    @Override
    public boolean offer(Runnable task) {
        if (!places.take()) {
            return false;
        }
        execute(task);
        return true;
    }

    @Override
    public void force(Runnable task) {
        if (places.takeAlways()) {
            execute(task);
        } else {
            task.run();
        }
    }

    private void execute(Runnable task) {
        final long nowNs = System.nanoTime();
        workers.execute(() -> places.run(task, nowNs));
    }

    @Override
    public void onRoom(Runnable ready) {
        places.onRoom(ready);
    }

    @Override
    public void passOn() {
        places.tellOfRoom();
    }

    @Override
    public boolean isInline() {
        return false;
    }

    @Override
    public RejectionPolicy rejectionPolicy() {
        return recipe.policy();
    }

    @Override
    public TaskStats stats() {
        return places.stats();
    }

    @Override
    public CompletableFuture<Void> closeAsync() {
        return places.close().thenRun(workers::end);
    }

    @Override
    public String toString() {
        return recipe.toString();
    }
}
