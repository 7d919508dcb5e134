// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.stage.StageFactory;
import io.hawser.tls.Tls;
import io.hawser.transport.SocketOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How the connections of one endpoint behave. Immutable; start from {@link #DEFAULT} and change with the {@code with…} methods.
 *
 * <p>The timeouts for reading, writing and idling are those with which a connection begins; {@link Connection} says what each means and
 * changes them. {@link Duration#ZERO} is none.
 *
 * @param socket options of the sockets
 * @param overflow what happens when too much is written
 * @param dialTimeout how long a dial may take in all, over all addresses that the name stands for; positive. Default 10 s
 * @param closeTimeout how long a close may take to send what is pending and to see the peer's FIN, before the connection is reset, and how long
 *     a {@link Connection#detach} may take to send it; positive. Default 5 s
 * @param receiveWhileCongested whether receiving goes on while more than {@link Limits#outboundHighBytes()} are pending. Off, the
 *     default, is for who answers what it receives: a peer that does not read the answers is not read either. On is for who writes of
 *     its own accord, such as a proxy or a client with much in flight: two sides that both wait for the other to read wait for ever. Its
 *     handler keeps what is pending within bounds by {@link Connection#pendingBytes()} and {@link ConnectionHandler#onWritable}
 * @param readTimeout {@link Connection#readTimeout(Duration)}; default none
 * @param writeTimeout {@link Connection#writeTimeout(Duration)}; default none
 * @param idleTimeout {@link Connection#idleTimeout(Duration)}; default none
 * @param stages what stands between the socket and the connection, the one next to the socket first; TLS comes after them. Default nothing
 * @param tls what TLS is spoken with; default none, but where an address says {@code tls}. It is for one side: to listen {@link Tls#server()}, to
 *     dial {@link Tls#client()}
 */
public record ConnectionOptions(
        SocketOptions socket,
        OverflowPolicy overflow,
        Duration dialTimeout,
        Duration closeTimeout,
        boolean receiveWhileCongested,
        Duration readTimeout,
        Duration writeTimeout,
        Duration idleTimeout,
        List<StageFactory> stages,
        Optional<Tls> tls) {
    /** The defaults as given above; {@link OverflowPolicy#FAIL}. */
    public static final ConnectionOptions DEFAULT = new ConnectionOptions(
            SocketOptions.DEFAULT,
            OverflowPolicy.FAIL,
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            false,
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO,
            List.of(),
            Optional.empty());

    /** Checks the ranges. */
    public ConnectionOptions {
        requirePositive("dialTimeout", dialTimeout);
        requirePositive("closeTimeout", closeTimeout);
        requireNotNegative("readTimeout", readTimeout);
        requireNotNegative("writeTimeout", writeTimeout);
        requireNotNegative("idleTimeout", idleTimeout);
        stages = List.copyOf(stages);
    }

    private static void requirePositive(String name, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + " must be positive: " + duration);
        }
    }

    private static void requireNotNegative(String name, Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative: " + duration);
        }
    }

    /** As this, with other socket options. */
    public ConnectionOptions withSocket(SocketOptions options) {
        return with(change -> change.socket = options);
    }

    /** As this, with another overflow policy. */
    public ConnectionOptions withOverflow(OverflowPolicy policy) {
        return with(change -> change.overflow = policy);
    }

    /** As this, with another timeout for dialling. */
    public ConnectionOptions withDialTimeout(Duration timeout) {
        return with(change -> change.dialTimeout = timeout);
    }

    /** As this, with another timeout for closing. */
    public ConnectionOptions withCloseTimeout(Duration timeout) {
        return with(change -> change.closeTimeout = timeout);
    }

    /** As this, with receiving going on while too much is pending, or not. */
    public ConnectionOptions withReceiveWhileCongested(boolean on) {
        return with(change -> change.receiveWhileCongested = on);
    }

    /** As this, with another timeout for reading; zero for none. */
    public ConnectionOptions withReadTimeout(Duration timeout) {
        return with(change -> change.readTimeout = timeout);
    }

    /** As this, with another timeout for writing; zero for none. */
    public ConnectionOptions withWriteTimeout(Duration timeout) {
        return with(change -> change.writeTimeout = timeout);
    }

    /** As this, with another timeout for idling; zero for none. */
    public ConnectionOptions withIdleTimeout(Duration timeout) {
        return with(change -> change.idleTimeout = timeout);
    }

    /** As this, with other stages, the one next to the socket first. */
    public ConnectionOptions withStages(List<StageFactory> factories) {
        return with(change -> change.stages = factories);
    }

    /** As this, with TLS. */
    public ConnectionOptions withTls(Tls settings) {
        return with(change -> change.tls = Optional.of(settings));
    }

    private ConnectionOptions with(Consumer<Change> what) {
        final Change change = new Change(this);
        what.accept(change);
        return change.made();
    }

    /** A copy of which something is set. */
    private static final class Change {
        private SocketOptions socket;
        private OverflowPolicy overflow;
        private Duration dialTimeout;
        private Duration closeTimeout;
        private boolean receiveWhileCongested;
        private Duration readTimeout;
        private Duration writeTimeout;
        private Duration idleTimeout;
        private List<StageFactory> stages;
        private Optional<Tls> tls;

        Change(ConnectionOptions from) {
            this.socket = from.socket;
            this.overflow = from.overflow;
            this.dialTimeout = from.dialTimeout;
            this.closeTimeout = from.closeTimeout;
            this.receiveWhileCongested = from.receiveWhileCongested;
            this.readTimeout = from.readTimeout;
            this.writeTimeout = from.writeTimeout;
            this.idleTimeout = from.idleTimeout;
            this.stages = from.stages;
            this.tls = from.tls;
        }

        ConnectionOptions made() {
            return new ConnectionOptions(
                    socket,
                    overflow,
                    dialTimeout,
                    closeTimeout,
                    receiveWhileCongested,
                    readTimeout,
                    writeTimeout,
                    idleTimeout,
                    stages,
                    tls);
        }
    }
}
