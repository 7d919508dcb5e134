// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import io.hawser.stage.Stage;
import io.hawser.stage.StageContext;
import io.hawser.stage.StageFactory;
import io.hawser.transport.StreamSink;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/**
 * Has connections that proxies make begin with a PROXY header of either version, and takes the client's addresses from it: a stage for the
 * connections of a server, before all others, TLS too.
 *
 * <pre>{@code
 * var receiver = ProxyReceiver.required(AddressRanges.parse("10.0.0.0/8"));
 * var options = ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withStages(List.of(receiver)));
 * }</pre>
 *
 * <p>Who is trusted is decided by the address of the socket alone; what is sent never makes a difference, since anybody can send a header.
 * Unix peers are trusted: who may connect is said by the permissions of the socket's file.
 *
 * <p>The handler hears of a connection when its header has come. A connection without one that is due, with one that is malformed or too long, or
 * that comes too late, is closed before, and counted here.
 *
 * <p><b>Thread:</b> any.
 */
public final class ProxyReceiver implements StageFactory {
    /** How long the header may take, unless it is set: proxies send it at once. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

    /** How many bytes a header of version 2 may have, unless that is set. */
    public static final int DEFAULT_MAX_BYTES = 4096;

    private static final int MIN_MAX_BYTES = 536;

    private final boolean required;
    private final AddressRanges trusted;
    private final Duration timeout;
    private final int maxBytes;
    private final LongAdder headers = new LongAdder();
    private final LongAdder untrusted = new LongAdder();
    private final LongAdder malformed = new LongAdder();
    private final LongAdder late = new LongAdder();

    private ProxyReceiver(boolean required, AddressRanges trusted, Duration timeout, int maxBytes) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("The timeout must be positive: " + timeout);
        }
        if (maxBytes < MIN_MAX_BYTES) {
            throw new IllegalArgumentException(
                    "A header may need " + MIN_MAX_BYTES + " bytes, so that is what must be allowed: " + maxBytes);
        }
        this.required = required;
        this.trusted = trusted;
        this.timeout = timeout;
        this.maxBytes = maxBytes;
    }

    /**
     * Every connection has to begin with a header, and to come from {@code trusted}: others are closed.
     *
     * @param trusted {@link AddressRanges#ANY} only if nobody but proxies can reach the server
     */
    public static ProxyReceiver required(AddressRanges trusted) {
        return new ProxyReceiver(true, trusted, DEFAULT_TIMEOUT, DEFAULT_MAX_BYTES);
    }

    /**
     * Connections from {@code trusted} have to begin with a header. Of all others none is expected, and what they send is data, were it a header.
     * So no client that can connect by itself can say that it is another one.
     */
    public static ProxyReceiver optional(AddressRanges trusted) {
        return new ProxyReceiver(false, trusted, DEFAULT_TIMEOUT, DEFAULT_MAX_BYTES);
    }

    /** As this, with another time that the header may take; its counts begin anew. */
    public ProxyReceiver withTimeout(Duration limit) {
        return new ProxyReceiver(required, trusted, limit, maxBytes);
    }

    /** As this, with another bound on headers of version 2, at least 536 bytes; its counts begin anew. */
    public ProxyReceiver withMaxBytes(int bytes) {
        return new ProxyReceiver(required, trusted, timeout, bytes);
    }

    @Override
    public Stage stage(StageContext context, StreamSink above) {
        return new ProxyReceiverStage(this, context.loop(), above);
    }

    long timeoutNs() {
        return timeout.toNanos();
    }

    int maxBytes() {
        return maxBytes;
    }

    /** Whether a header is due from {@code peer}. */
    boolean expectsHeader(Optional<SocketAddress> peer) throws ProxyProtocolException {
        if (!(peer.orElse(null) instanceof InetSocketAddress inet) || trusted.contains(inet)) {
            return true;
        }
        if (required) {
            untrusted.increment();
            throw new ProxyProtocolException(inet + " is not trusted to send a PROXY header");
        }
        return false;
    }

    void countHeader() {
        headers.increment();
    }

    void countMalformed() {
        malformed.increment();
    }

    void countLate() {
        late.increment();
    }

    /** How many connections have begun with a header. */
    public long headers() {
        return headers.sum();
    }

    /** How many connections were closed since they did not come from who is trusted. */
    public long untrusted() {
        return untrusted.sum();
    }

    /** How many connections were closed since they began with no header, or with one that is malformed, too long, or cut short. */
    public long malformed() {
        return malformed.sum();
    }

    /** How many connections were closed since their header had not come in time. */
    public long late() {
        return late.sum();
    }

    @Override
    public String toString() {
        return (required ? "PROXY header required, from " : "PROXY header from ") + trusted;
    }
}
