// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.concurrent.TimeUnit;

/** The threads of an engine that serve blocking connections, which may outlive these. Any thread. */
final class ServingThreads {
    private int running;

    synchronized void started() {
        running++;
    }

    synchronized void ended() {
        running--;
        notifyAll();
    }

    /** Waits until none runs, for {@code timeoutNs} at most; whether none does. */
    synchronized boolean awaitNone(long timeoutNs) {
        final long deadlineNs = System.nanoTime() + timeoutNs;
        try {
            while (running > 0) {
                final long leftNs = deadlineNs - System.nanoTime();
                if (leftNs <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(this, leftNs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return true;
    }
}
