// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.loop.EventLoop;
import java.net.SocketAddress;
import java.util.Optional;

/**
 * A connected stream: TCP or unix.
 *
 * <p><b>Thread:</b> it belongs to one loop for life. {@link #reader()} and {@link #writer()} are for the loop's thread, which is the one
 * that calls the handler; from elsewhere go through {@link #execute}. The other methods may be called from any thread.
 */
public interface Connection extends AutoCloseable {
    /** A number that no other connection of the engine has or had. */
    long id();

    /**
     * What has been received and not read.
     *
     * @throws IllegalStateException if called from another thread than the loop's
     */
    Reader reader();

    /**
     * Where to write. What is written leaves at the end of the loop's turn, in the order in which it was written.
     *
     * @throws ConnectionClosedException if the connection is closed
     * @throws IllegalStateException if called from another thread than the loop's
     */
    Writer writer();

    /** Sends what is pending, then FIN, waits for the peer's FIN for a while, and closes. A second call does nothing. */
    @Override
    void close();

    /** Closes at once with a reset; what is pending is lost. */
    void abort();

    /** Sends what is pending, then FIN. Reading goes on; writing fails from now on. */
    void shutdownOutput();

    /** Stops receiving until {@link #resume()}: the peer is held back by its TCP window. */
    void pause();

    /** Receives again. What came before the pause took effect is delivered now. */
    void resume();

    /** Whether it is open: made, not being closed, and no end or error of the peer has been seen. */
    boolean isOpen();

    /** The bytes written and not taken by the kernel yet. */
    long pendingBytes();

    /** The address of this side; empty for an unnamed unix socket, or after the close. The loop's thread only. */
    Optional<SocketAddress> localAddress();

    /** The address of the peer, also after the close; empty for an unnamed unix socket. */
    Optional<SocketAddress> remoteAddress();

    /** Keeps {@code value} with the connection, for its handler; it replaces the last one. */
    void attach(Object value);

    /** What was last attached. */
    Optional<Object> attachment();

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
