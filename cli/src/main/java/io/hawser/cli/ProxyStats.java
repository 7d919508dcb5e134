// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.concurrent.atomic.LongAdder;

/** What a proxy has done. Any thread. */
final class ProxyStats {
    private final LongAdder accepted = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    void accepted() {
        accepted.increment();
    }

    void forwarded(long count) {
        bytes.add(count);
    }

    /** Connections that were accepted. */
    long acceptedConnections() {
        return accepted.sum();
    }

    /** Bytes in both directions. */
    long forwardedBytes() {
        return bytes.sum();
    }
}
