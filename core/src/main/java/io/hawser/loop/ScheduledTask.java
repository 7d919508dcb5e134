// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

/** A task that a loop will run later, once or again and again. Any thread may cancel it. */
public final class ScheduledTask {
    private final EventLoop loop;
    private final Timer timer;
    private final Runnable task;
    private final boolean periodic;
    private volatile boolean over;

    ScheduledTask(EventLoop loop, Runnable task, boolean periodic) {
        this.loop = loop;
        this.task = task;
        this.periodic = periodic;
        this.timer = new Timer(this::fire);
    }

    private void fire() {
        synchronized (this) {
            if (over) {
                return;
            }
            over = !periodic;
        }
        task.run();
    }

    /** The loop's thread. */
    void arm(long firstDeadlineNs, long periodNs) {
        if (over) {
            return;
        }
        if (periodic) {
            loop.wheel().schedulePeriodic(timer, firstDeadlineNs, periodNs);
        } else {
            loop.wheel().schedule(timer, firstDeadlineNs);
        }
    }

    /**
     * Sees to it that the task does not start any more.
     *
     * @return false if it had been cancelled before, or, run once, has run or is running
     */
    public boolean cancel() {
        synchronized (this) {
            if (over) {
                return false;
            }
            over = true;
        }
        // The flag alone keeps it from running; taking it out of the wheel only saves the memory.
        if (loop.inLoop()) {
            loop.wheel().cancel(timer);
        } else {
            loop.executeAlways(() -> loop.wheel().cancel(timer));
        }
        return true;
    }
}
