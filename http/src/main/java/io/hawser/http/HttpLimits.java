// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * The bounds of a server, on top of those of its engine, {@link io.hawser.connection.Limits}. Immutable; start from {@link #DEFAULT} and change with
 * the {@code with…} methods.
 *
 * <p>Pipelined requests are not counted: they are read one at a time, the next when the last is answered. What waits is bounded by
 * {@link io.hawser.connection.Limits#inboundBytes()}, and the answers by {@link io.hawser.connection.Limits#outboundHighBytes()}; over either the
 * peer is held back by its TCP window.
 *
 * @param requestLineBytes the length of the request line; over it 414. Default 8 KiB
 * @param headerBytes the length of a head in all, of the trailers, and of the extensions of the chunks of one body; over it 431. Default 32 KiB
 * @param headerCount the number of header fields, and of trailer fields; over it 431. Default 100
 * @param bodyBytes the length of a request's body; over it 413. Default 64 MiB
 * @param bufferedBodyBytes as {@code bodyBytes}, for handlers in the loop, which get the body whole. Default 1 MiB
 * @param drainBytes how much of a body that its handler has not read is read and thrown away; if more is left the connection is closed. Default 256 KiB
 * @param headerTimeout how long a head may take in all, from its first byte to its last; over it 408. Default 10 s
 * @param bodyTimeout how long a body may be waited for in all, besides the time that {@code bodyBytesPerSecond} gives it; over it 408. Default 20 s
 * @param bodyBytesPerSecond every so many bytes of a body give it another second. Default 1,000
 * @param idleTimeout how long a connection may wait for a request, the first or another one; over it it is closed. Default 60 s
 * @param writeTimeout how long a peer may take nothing of what is pending, or with {@code writeBytesPerSecond}, by how much it may fall behind that;
 *     over it the connection is reset, whatever the answer is made of, also after its handler has returned, and while a close sends what is left.
 *     {@link io.hawser.connection.LeastRate} says how it is computed; what the kernel has taken is no longer pending. After an upgrade it goes on
 *     for a peer that takes nothing. Default 60 s
 * @param writeBytesPerSecond every so many bytes of what is pending that a peer takes make good for another second; 0 if any byte makes good for all.
 *     Default 250
 * @param requestsPerConnection how many requests a connection is good for; the answer to the last one says {@code Connection: close}. Default none,
 *     {@link Integer#MAX_VALUE}
 * @param connections how many connections the server has at once; more get 503 with Retry-After. Default 65,536
 * @param concurrentRequests how many requests are with the handler at once; more get 503 with Retry-After. Default 16,384
 */
public record HttpLimits(
        int requestLineBytes,
        int headerBytes,
        int headerCount,
        long bodyBytes,
        int bufferedBodyBytes,
        int drainBytes,
        Duration headerTimeout,
        Duration bodyTimeout,
        int bodyBytesPerSecond,
        Duration idleTimeout,
        Duration writeTimeout,
        int writeBytesPerSecond,
        int requestsPerConnection,
        int connections,
        int concurrentRequests) {
    /** The defaults as given above. */
    public static final HttpLimits DEFAULT = new HttpLimits(
            8 << 10,
            32 << 10,
            100,
            64L << 20,
            1 << 20,
            256 << 10,
            Duration.ofSeconds(10),
            Duration.ofSeconds(20),
            1_000,
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            250,
            Integer.MAX_VALUE,
            65_536,
            16_384);

    private static final int MAX_HEAD_BYTES = 1 << 20;

    /** Checks the ranges: all are positive, but bodies, draining and the rate of writes may be 0; heads have 1 MiB at most. */
    public HttpLimits {
        requireRange("requestLineBytes", requestLineBytes, 16, MAX_HEAD_BYTES);
        requireRange("headerBytes", headerBytes, requestLineBytes, MAX_HEAD_BYTES);
        requireRange("headerCount", headerCount, 1, 10_000);
        requireRange("bodyBytes", bodyBytes, 0, Long.MAX_VALUE);
        requireRange("bufferedBodyBytes", bufferedBodyBytes, 0, Integer.MAX_VALUE);
        requireRange("drainBytes", drainBytes, 0, Integer.MAX_VALUE);
        requirePositive("headerTimeout", headerTimeout);
        requirePositive("bodyTimeout", bodyTimeout);
        requireRange("bodyBytesPerSecond", bodyBytesPerSecond, 1, Integer.MAX_VALUE);
        requirePositive("idleTimeout", idleTimeout);
        requirePositive("writeTimeout", writeTimeout);
        requireRange("writeBytesPerSecond", writeBytesPerSecond, 0, Integer.MAX_VALUE);
        requireRange("requestsPerConnection", requestsPerConnection, 1, Integer.MAX_VALUE);
        requireRange("connections", connections, 1, Integer.MAX_VALUE);
        requireRange("concurrentRequests", concurrentRequests, 1, Integer.MAX_VALUE);
    }

    private static void requireRange(String name, long value, long from, long to) {
        if (value < from || value > to) {
            throw new IllegalArgumentException(name + " must be " + from + " to " + to + ": " + value);
        }
    }

    private static void requirePositive(String name, Duration value) {
        if (!value.isPositive()) {
            throw new IllegalArgumentException(name + " must be positive: " + value);
        }
    }

    /** As this, with another bound on the request line. */
    public HttpLimits withRequestLineBytes(int value) {
        return with(change -> change.requestLineBytes = value);
    }

    /** As this, with another bound on the header section. */
    public HttpLimits withHeaderBytes(int value) {
        return with(change -> change.headerBytes = value);
    }

    /** As this, with another bound on the header fields. */
    public HttpLimits withHeaderCount(int value) {
        return with(change -> change.headerCount = value);
    }

    /** As this, with another bound on a body. */
    public HttpLimits withBodyBytes(long value) {
        return with(change -> change.bodyBytes = value);
    }

    /** As this, with another bound on what a handler in the loop gets. */
    public HttpLimits withBufferedBodyBytes(int value) {
        return with(change -> change.bufferedBodyBytes = value);
    }

    /** As this, with another bound on what is thrown away. */
    public HttpLimits withDrainBytes(int value) {
        return with(change -> change.drainBytes = value);
    }

    /** As this, with another time for a head. */
    public HttpLimits withHeaderTimeout(Duration value) {
        return with(change -> change.headerTimeout = value);
    }

    /** As this, with another time for a body. */
    public HttpLimits withBodyTimeout(Duration value) {
        return with(change -> change.bodyTimeout = value);
    }

    /** As this, with another rate of a body. */
    public HttpLimits withBodyBytesPerSecond(int value) {
        return with(change -> change.bodyBytesPerSecond = value);
    }

    /** As this, with another time between requests. */
    public HttpLimits withIdleTimeout(Duration value) {
        return with(change -> change.idleTimeout = value);
    }

    /** As this, with another time for a peer that takes nothing. */
    public HttpLimits withWriteTimeout(Duration value) {
        return with(change -> change.writeTimeout = value);
    }

    /** As this, with another rate of what is written. */
    public HttpLimits withWriteBytesPerSecond(int value) {
        return with(change -> change.writeBytesPerSecond = value);
    }

    /** As this, with another number of requests for a connection. */
    public HttpLimits withRequestsPerConnection(int value) {
        return with(change -> change.requestsPerConnection = value);
    }

    /** As this, with another number of connections. */
    public HttpLimits withConnections(int value) {
        return with(change -> change.connections = value);
    }

    /** As this, with another number of requests at a time. */
    public HttpLimits withConcurrentRequests(int value) {
        return with(change -> change.concurrentRequests = value);
    }

    private HttpLimits with(Consumer<Change> what) {
        final Change change = new Change(this);
        what.accept(change);
        return change.made();
    }

    /** A copy of which something is set. */
    private static final class Change {
        private int requestLineBytes;
        private int headerBytes;
        private int headerCount;
        private long bodyBytes;
        private int bufferedBodyBytes;
        private int drainBytes;
        private Duration headerTimeout;
        private Duration bodyTimeout;
        private int bodyBytesPerSecond;
        private Duration idleTimeout;
        private Duration writeTimeout;
        private int writeBytesPerSecond;
        private int requestsPerConnection;
        private int connections;
        private int concurrentRequests;

        Change(HttpLimits from) {
            this.requestLineBytes = from.requestLineBytes;
            this.headerBytes = from.headerBytes;
            this.headerCount = from.headerCount;
            this.bodyBytes = from.bodyBytes;
            this.bufferedBodyBytes = from.bufferedBodyBytes;
            this.drainBytes = from.drainBytes;
            this.headerTimeout = from.headerTimeout;
            this.bodyTimeout = from.bodyTimeout;
            this.bodyBytesPerSecond = from.bodyBytesPerSecond;
            this.idleTimeout = from.idleTimeout;
            this.writeTimeout = from.writeTimeout;
            this.writeBytesPerSecond = from.writeBytesPerSecond;
            this.requestsPerConnection = from.requestsPerConnection;
            this.connections = from.connections;
            this.concurrentRequests = from.concurrentRequests;
        }

        HttpLimits made() {
            return new HttpLimits(
                    requestLineBytes,
                    headerBytes,
                    headerCount,
                    bodyBytes,
                    bufferedBodyBytes,
                    drainBytes,
                    headerTimeout,
                    bodyTimeout,
                    bodyBytesPerSecond,
                    idleTimeout,
                    writeTimeout,
                    writeBytesPerSecond,
                    requestsPerConnection,
                    connections,
                    concurrentRequests);
        }
    }
}
