// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.jfr.LimitHitEvent;
import io.hawser.jfr.Recording;
import java.util.concurrent.atomic.LongAdder;

/** How often one limit was hit. Any thread. */
final class LimitCounter {
    private final String name;
    private final LongAdder count = new LongAdder();

    /** @param name of the limit in {@link Limits} */
    LimitCounter(String name) {
        this.name = name;
    }

    void increment() {
        count.increment();
        if (Recording.isOn()) {
            LimitHitEvent.record(name);
        }
    }

    long sum() {
        return count.sum();
    }
}
