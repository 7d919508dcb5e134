// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.loop.EventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;

/** Tasks of loops: what was accepted is run, once, on the loop, in the order of the offers. */
final class TaskChecks {
    private final Ledger ledger;
    private final Map<EventLoop, Count> counts = new HashMap<>();
    private int accepted;
    private int run;

    /** Of the tasks offered to one loop from outside. */
    private static final class Count {
        long offered;
        long lastRun = -1;
    }

    TaskChecks(Ledger ledger) {
        this.ledger = ledger;
    }

    void execute(EventLoop loop, Runnable task) {
        final Runnable checked = checked(loop, task);
        try {
            loop.execute(checked);
            accepted++;
        } catch (RejectedExecutionException _) {
            // Too many wait, or the loop has ended.
        }
    }

    void executeAlways(EventLoop loop, Runnable task) {
        if (loop.executeAlways(checked(loop, task))) {
            accepted++;
        }
    }

    private Runnable checked(EventLoop loop, Runnable task) {
        final Count count = counts.computeIfAbsent(loop, _ -> new Count());
        final long number = count.offered++;
        return () -> {
            run++;
            ledger.check(loop.inLoop(), loop.name(), "a task ran on a foreign thread");
            ledger.check(number > count.lastRun, loop.name(), "a task ran out of order, or twice");
            count.lastRun = number;
            task.run();
        };
    }

    void checkNoneLost() {
        ledger.check(run == accepted, "tasks", "of " + accepted + " tasks " + run + " were run");
    }
}
