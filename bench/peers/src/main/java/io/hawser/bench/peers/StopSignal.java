// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Lets SIGTERM and Ctrl-C end the process with the exit code 0 instead of the JVM's 143 or 130. */
final class StopSignal {
    private static final long OTHER_HOOKS_SECONDS = 10;

    private StopSignal() {}

    /**
     * Runs the task when the JVM is told to end, lets the other hooks end (Flight Recorder writes its file in one), and ends the
     * process: with the code 0, or 1 if the task has failed. Call from the main thread, which must not end the process itself.
     */
    static void onShutdown(Runnable task) {
        final Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(task, main), "stop"));
    }

    private static void end(Runnable task, Thread main) {
        int code = 1;
        try {
            task.run();
            awaitOtherHooks(main);
            code = 0;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            Runtime.getRuntime().halt(code);
        }
    }

    /** Hooks are threads. */
    private static void awaitOtherHooks(Thread main) throws InterruptedException {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(OTHER_HOOKS_SECONDS);
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread != main && thread != Thread.currentThread() && !thread.isDaemon()) {
                thread.join(Duration.ofNanos(Math.max(1, deadlineNs - System.nanoTime())));
            }
        }
    }
}
