// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets SIGTERM and Ctrl-C end a command in the ordinary way, with the exit code that it gives, instead of the JVM's 143 or 130. Any
 * thread.
 *
 * <p>The JVM answers both signals by running its shutdown hooks. The hook of this class asks the command to end, waits for its exit
 * code, and halts with that. A command that takes too long is not waited for.
 */
final class Stop {
    private static final long PATIENCE_SECONDS = 20;

    private final CountDownLatch requested = new CountDownLatch(1);
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    /** One that only {@link #request} sets off. */
    Stop() {}

    /** One that signals set off as well. The process must end by {@link #exit}. */
    static Stop onSignals() {
        final Stop stop = new Stop();
        Runtime.getRuntime().addShutdownHook(new Thread(stop::shutDown, "hawser-stop"));
        return stop;
    }

    private void shutDown() {
        request();
        int code;
        try {
            code = exitCode.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception _) {
            code = 1;
        }
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(code);
    }

    /** Asks the command to end. */
    void request() {
        requested.countDown();
    }

    /** Whether the command has been asked to end. */
    boolean isRequested() {
        return requested.getCount() == 0;
    }

    /** Waits until the command is asked to end. */
    void await() throws InterruptedException {
        requested.await();
    }

    /**
     * Waits until the command is asked to end, or the time is over.
     *
     * @return whether it has been asked
     */
    boolean await(long timeNs) throws InterruptedException {
        return requested.await(timeNs, TimeUnit.NANOSECONDS);
    }

    /** Ends the process, whether a signal ends it already or not. */
    void exit(int code) {
        exitCode.complete(code);
        System.exit(code);
    }
}
