// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The driver of ordinary engines. Stateless; any thread. */
final class ThreadDriver implements LoopDriver {
    static final ThreadDriver INSTANCE = new ThreadDriver();

    private ThreadDriver() {}

    @Override
    public void start(Life loop) {
        new LoopThread(loop).start();
    }

    @Override
    public void execute(String name, Runnable task) {
        Thread.ofVirtual().name(name).start(task);
    }

    @Override
    public boolean await(CompletableFuture<?> future, long timeoutNs) throws InterruptedException {
        final var done = new CountDownLatch(1);
        final var unused = future.whenComplete((_, _) -> done.countDown());
        return done.await(timeoutNs, TimeUnit.NANOSECONDS);
    }

    @Override
    public void await(CompletableFuture<?> future) {
        future.handle((_, _) -> Boolean.TRUE).join();
    }
}
