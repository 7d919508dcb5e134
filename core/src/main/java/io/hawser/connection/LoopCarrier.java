// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import io.hawser.loop.LoopTask;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Carries one virtual thread on the thread of a loop: what the thread does until it parks is a task of the loop.
 *
 * <p><b>Thread:</b> any may hand it a continuation, which the JDK does once for each time that the thread is to go on; the loop's runs it.
 */
final class LoopCarrier extends LoopTask implements Executor {
    private final EventLoop loop;
    /** Whom it carries; set before that is started. */
    private @Nullable Thread carried;
    /** Written by who unparks, which queues this after it; a virtual thread is never scheduled twice at a time. */
    private @Nullable Runnable continuation;

    LoopCarrier(EventLoop loop) {
        this.loop = loop;
    }

    void carry(Thread thread) {
        carried = thread;
    }

    @Override
    public void execute(Runnable task) {
        continuation = task;
        // A loop that has ended carries nobody: it has closed its connections before, which wakes who waits for them.
        loop.executeAlways(this);
    }

    @Override
    public void run() {
        final Runnable next = continuation;
        final Thread thread = carried;
        if (next != null && thread != null) {
            loop.carry(thread, next);
        }
    }
}
