// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Lets SIGTERM and Ctrl-C end a command in the ordinary way, with the exit code that it gives, instead of the JVM's 143 or 130. Any
 * thread.
 *
 * <p>The JVM answers both signals by running its shutdown hooks. The hook of this class asks the command to end, waits for its exit
 * code, lets the other hooks end (Flight Recorder writes its file in one), and halts with that code. Who takes too long is not waited
 * for.
 */
final class Stop {
    private static final long COMMAND_SECONDS = 20;
    private static final long OTHER_HOOKS_SECONDS = 10;

    private final CompletableFuture<Void> requested = new CompletableFuture<>();
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    private final Thread main = Thread.currentThread();
    private final Thread hook = new Thread(this::shutDown, "hawser-stop");

    /** One that only {@link #request} sets off. */
    Stop() {}

    /** One that signals set off as well. The process must end by {@link #exit}, called by the same thread as this. */
    static Stop onSignals() {
        final Stop stop = new Stop();
        Runtime.getRuntime().addShutdownHook(stop.hook);
        return stop;
    }

    private void shutDown() {
        request();
        int code;
        try {
            code = exitCode.get(COMMAND_SECONDS, TimeUnit.SECONDS);
            awaitOtherHooks();
        } catch (InterruptedException | ExecutionException | TimeoutException _) {
            code = 1;
        }
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(code);
    }

    /** Hooks are threads; those of Hawser that still run are daemons. */
    private void awaitOtherHooks() throws InterruptedException {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(OTHER_HOOKS_SECONDS);
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread != main && thread != hook && !thread.isDaemon()) {
                thread.join(Duration.ofNanos(Math.max(1, deadlineNs - System.nanoTime())));
            }
        }
    }

    /** Asks the command to end. */
    void request() {
        requested.complete(null);
    }

    /** Whether the command has been asked to end. */
    boolean isRequested() {
        return requested.isDone();
    }

    /** Waits until the command is asked to end. */
    void await() throws InterruptedException {
        final var unused = awaitOr(new CompletableFuture<Void>(), Long.MAX_VALUE);
    }

    /**
     * Waits until the command is asked to end, or the time is over.
     *
     * @return whether it has been asked
     */
    boolean await(long timeNs) throws InterruptedException {
        return awaitOr(new CompletableFuture<Void>(), timeNs) && isRequested();
    }

    /**
     * Waits until the command is asked to end, or {@code other} is done, in whichever way, or the time is over.
     *
     * @return false if the time is over
     */
    boolean awaitOr(CompletableFuture<?> other, long timeNs) throws InterruptedException {
        final CountDownLatch either = new CountDownLatch(1);
        final var unused = requested.whenComplete((_, _) -> either.countDown());
        final var unusedToo = other.whenComplete((_, _) -> either.countDown());
        return either.await(timeNs, TimeUnit.NANOSECONDS);
    }

    /** Ends the process, whether a signal ends it already or not. */
    void exit(int code) {
        exitCode.complete(code);
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // A signal was faster, and the hook halts the process; the next call does not return.
        }
        System.exit(code);
    }
}
