// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waiting with a deadline. */
final class Waits {
    private Waits() {}

    /**
     * Waits until {@code future} is done, however.
     *
     * @return false if it is not within {@code ns} nanoseconds, or the thread is interrupted, which stays so
     */
    static boolean until(CompletableFuture<?> future, long ns) {
        if (future.isDone()) {
            return true;
        }
        try {
            future.get(ns, TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException | CancellationException _) {
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
