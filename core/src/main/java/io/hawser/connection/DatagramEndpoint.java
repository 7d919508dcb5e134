// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Reader;
import io.hawser.loop.EventLoop;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.PeerAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A UDP socket on a loop.
 *
 * <p><b>Thread:</b> what sends, joins and pauses is for the loop's thread, which is the one that calls the handler; from elsewhere go
 * through {@link #execute}. The other methods may be called from any thread.
 *
 * <p><b>Sending:</b> what is sent waits until the end of the loop's turn, and goes out in one batch. How much may wait is bounded by
 * {@link DatagramOptions.Builder#maxQueued}: over it a datagram is refused, which the result tells and {@link DatagramStats#refused()}
 * counts; {@link DatagramHandler#onWritable} follows when there is room.
 */
public interface DatagramEndpoint extends AutoCloseable {
    /**
     * Sends one datagram to the peer of a connected endpoint: all that is readable in {@code payload}, which has consumed it then. Not
     * copied if it lies in one block.
     *
     * @return false if it was refused, and nothing was consumed
     * @throws IllegalArgumentException if it is longer than a datagram can be
     * @throws IllegalStateException if the endpoint is not connected, or this is not its loop
     */
    boolean send(Reader payload);

    /** As {@link #send(Reader)}, of a copy of {@code payload}. */
    boolean send(byte[] payload);

    /**
     * As {@link #send(Reader)}, to anybody.
     *
     * @throws IllegalArgumentException if it is longer than a datagram can be, or {@code to} is IPv6 and the endpoint IPv4
     * @throws IllegalStateException if the endpoint is connected, or this is not its loop
     */
    boolean send(Reader payload, PeerAddress to);

    /** As {@link #send(Reader, PeerAddress)}, of a copy of {@code payload}. */
    boolean send(byte[] payload, PeerAddress to);

    /**
     * Receives what is sent to {@code group} and comes in by {@code networkInterface}.
     *
     * @throws IOException if the system refuses: no multicast address, wrong family, or joined before
     */
    void join(InetAddress group, NetworkInterface networkInterface) throws IOException;

    /**
     * Ends a {@link #join}.
     *
     * @throws IOException if it was not joined
     */
    void leave(InetAddress group, NetworkInterface networkInterface) throws IOException;

    /** Stops receiving until {@link #resume()}; what comes meanwhile waits in the kernel, and what does not fit there is lost. */
    void pause();

    /** Receives again. */
    void resume();

    /** Sends what the kernel takes at once, and closes. A second call does nothing. Any thread. */
    @Override
    void close();

    /** Completes after {@link DatagramHandler#onClose}. */
    CompletableFuture<Void> closeFuture();

    /** Whether it is open. */
    boolean isOpen();

    /** The address that is really bound, with the port that the system picked. */
    InetSocketAddress localAddress();

    /** The peer; empty if it is not connected. */
    Optional<InetSocketAddress> remoteAddress();

    /** What it has done so far; after the close what it had done until then. Completes on the loop. */
    CompletableFuture<DatagramStats> stats();

    /** How it was set up. */
    DatagramOptions options();

    /**
     * Runs {@code task} on the loop's thread.
     *
     * @throws java.util.concurrent.RejectedExecutionException if too many tasks wait, or the loop has been stopped
     */
    void execute(Runnable task);

    /** The loop to which it belongs. */
    EventLoop loop();

    /** The engine to which it belongs. */
    Engine engine();
}
