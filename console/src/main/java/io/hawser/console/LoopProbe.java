// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.loop.EventLoop;
import java.util.concurrent.atomic.AtomicBoolean;

/** How long a task waits until a loop runs it: so long does everything wait. Any thread. */
final class LoopProbe {
    private final EventLoop loop;
    private final AtomicBoolean underWay = new AtomicBoolean();
    private volatile long askedNs;
    private volatile long lagNs;

    LoopProbe(EventLoop loop) {
        this.loop = loop;
    }

    /** Asks, unless that is under way; what the last answer was, or how long the present one is due. */
    long ask() {
        if (underWay.compareAndSet(false, true)) {
            askedNs = System.nanoTime();
            final boolean asked = loop.executeAlways(() -> {
                lagNs = System.nanoTime() - askedNs;
                underWay.set(false);
            });
            if (!asked) {
                underWay.set(false);
            }
            return lagNs;
        }
        return Math.max(lagNs, System.nanoTime() - askedNs);
    }
}
