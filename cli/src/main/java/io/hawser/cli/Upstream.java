// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;
import java.util.concurrent.atomic.AtomicInteger;

/** A server behind a proxy. Any thread. */
final class Upstream {
    private final Address address;
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private volatile boolean healthy = true;

    Upstream(Address address) {
        this.address = address;
    }

    Address address() {
        return address;
    }

    int connections() {
        return connections.get();
    }

    void connected() {
        connections.incrementAndGet();
    }

    void disconnected() {
        connections.decrementAndGet();
    }

    boolean isHealthy() {
        return healthy;
    }

    /** It could be reached; whether that is news. */
    boolean reached() {
        failures.set(0);
        final boolean news = !healthy;
        healthy = true;
        return news;
    }

    /**
     * It could not be reached; whether that makes it unhealthy now.
     *
     * @param tolerated how many times in a row that may happen
     */
    boolean missed(int tolerated) {
        if (failures.incrementAndGet() <= tolerated || !healthy) {
            return false;
        }
        healthy = false;
        return true;
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
