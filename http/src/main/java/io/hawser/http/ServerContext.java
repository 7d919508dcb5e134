// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.LeastRate;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** What the connections of one server have in common. Any thread. */
final class ServerContext {
    private final HttpHandler handler;
    private final HttpLimits limits;
    private final LeastRate leastRate;
    private final boolean secure;
    /** The Server field, a whole line, or nothing. */
    private final byte[] serverLine;

    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger requests = new AtomicInteger();
    private final ExchangePool pool = new ExchangePool();
    private volatile boolean closing;

    /** @param leastRate how slowly peers may take answers */
    ServerContext(
            HttpHandler handler, HttpLimits limits, LeastRate leastRate, boolean secure, Optional<String> serverName) {
        this.handler = handler;
        this.limits = limits;
        this.leastRate = leastRate;
        this.secure = secure;
        this.serverLine =
                serverName.map(name -> "Server: " + name + "\r\n").orElse("").getBytes(StandardCharsets.ISO_8859_1);
    }

    HttpHandler handler() {
        return handler;
    }

    HttpLimits limits() {
        return limits;
    }

    LeastRate leastRate() {
        return leastRate;
    }

    boolean isSecure() {
        return secure;
    }

    ExchangePool pool() {
        return pool;
    }

    byte[] serverLine() {
        return serverLine;
    }

    boolean isClosing() {
        return closing;
    }

    /** Connections end with the answers that are being given. */
    void closing() {
        closing = true;
    }

    /** Counts a connection; whether there may be as many. */
    boolean connectionOpened() {
        return connections.incrementAndGet() <= limits.connections();
    }

    void connectionClosed() {
        connections.decrementAndGet();
    }

    int connectionCount() {
        return connections.get();
    }

    /** Whether another request may be given to the handler. */
    boolean mayBegin() {
        return requests.get() < limits.concurrentRequests();
    }

    /** Counts a connection of which requests are with the handler; whether there may be as many. */
    boolean requestBegun() {
        return requests.incrementAndGet() <= limits.concurrentRequests();
    }

    void requestEnded() {
        requests.decrementAndGet();
    }
}
