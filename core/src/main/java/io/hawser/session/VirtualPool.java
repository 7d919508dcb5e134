// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.concurrent.CompletableFuture;

/** A virtual thread for each task: one lane for all. */
final class VirtualPool implements TaskPool, TaskLane {
    private final Tasks recipe;
    private final PoolPlaces places;

    VirtualPool(Tasks recipe) {
        this.recipe = recipe;
        this.places = new PoolPlaces(recipe.capacity(), true);
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
        Thread.ofVirtual().name(recipe.name()).start(() -> places.run(task, nowNs));
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
        return places.close();
    }

    @Override
    public String toString() {
        return recipe.toString();
    }
}
