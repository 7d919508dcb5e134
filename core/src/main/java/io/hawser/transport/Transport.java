// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/**
 * One loop's way to the operating system.
 *
 * <p><b>Thread:</b> the loop's, which also opened it; {@link #wakeup()} any.
 *
 * <p><b>A turn of the loop</b> calls {@link #dispatch()} to take what has completed, does its other work, and calls
 * {@link #await} to hand prepared operations to the kernel and to wait. Sinks are called from {@code dispatch} only, but
 * for {@link StreamSink#closed()}, which may come from within {@link StreamSocket#close()}, all that follows {@link StreamSocket#detach}, which
 * may come from within that, and those of {@link DatagramSink}, of which {@code closed} and {@code failed} may come from within
 * {@link DatagramPort#close()} and {@link DatagramPort#send}.
 */
public interface Transport extends AutoCloseable {
    /** The transport's name: {@code io_uring}, {@code epoll}, {@code nio}, …. */
    String name();

    /**
     * Takes what has completed and calls the sinks, at most once round: work that a busy peer keeps adding waits for the
     * next turn.
     *
     * @return how many completions were taken
     */
    int dispatch();

    /**
     * Hands prepared operations to the kernel, then waits until something has completed, {@link #wakeup()} is called, or the
     * time has passed.
     *
     * @param timeoutNs nanoseconds; 0 does not wait, {@link Long#MAX_VALUE} waits for ever. A wait may end early.
     */
    void await(long timeoutNs);

    /** Ends the current or the next {@link #await}. Any thread; after {@link #close()} it does nothing. */
    void wakeup();

    /**
     * Binds a listening socket, which accepts nothing before {@link ListenSocket#accept} is called.
     *
     * @throws java.net.BindException if the address is taken, not of this machine, or forbidden
     * @throws IOException for any other failure
     */
    ListenSocket listen(SocketAddress address, SocketOptions options, AcceptSink sink) throws IOException;

    /**
     * Listens on a socket that another process has bound. It accepts nothing before {@link ListenSocket#accept} is called, and changes
     * nothing of the socket till then. Whatever the outcome, the transport owns {@code passed} from now on.
     *
     * @throws IOException if it is no listening socket, the operating system refuses to register it, or this transport has no means
     */
    default ListenSocket listen(PassedSocket passed, AcceptSink sink) throws IOException {
        passed.close();
        throw new IOException(
                "The " + name() + " transport cannot listen on a socket of another process; io_uring and epoll can");
    }

    /**
     * Takes over a connection that a transport of the same kind accepted or detached, on whatever loop, or that its provider adopted.
     * Whatever the outcome, the transport owns {@code accepted} from now on.
     *
     * @throws IOException if the operating system refuses to register it; the socket is closed then
     * @throws UnsupportedOperationException if it comes from a transport of another kind; the socket is closed then
     * @throws IllegalStateException if it was attached, taken or closed before
     */
    StreamSocket attach(AcceptedSocket accepted, SocketOptions options, StreamSink sink) throws IOException;

    /**
     * Starts to connect. One of {@link StreamSink#connected()} and {@link StreamSink#failed} follows, not before this method
     * has returned.
     *
     * @throws IOException if not even a socket could be made
     */
    StreamSocket connect(SocketAddress remote, SocketOptions options, StreamSink sink) throws IOException;

    /**
     * Has the calling thread, the loop's, run on one CPU from now on.
     *
     * @param cpu from 0
     * @throws IOException if there is no such CPU, the process may not use it, or this transport has no means
     */
    default void pin(int cpu) throws IOException {
        throw new IOException("The " + name() + " transport cannot pin threads to CPUs; io_uring and epoll can");
    }

    /**
     * Binds a UDP socket that talks with anybody. It receives nothing before {@link DatagramPort#receive} is called.
     *
     * @throws java.net.BindException if the address is taken, not of this machine, or forbidden
     * @throws IOException for any other failure
     * @throws UnsupportedOperationException if this transport has no datagrams
     */
    default DatagramPort bindDatagram(InetSocketAddress local, DatagramOptions options, DatagramSink sink)
            throws IOException {
        throw new UnsupportedOperationException("The transport " + name() + " has no datagrams");
    }

    /**
     * As {@link #bindDatagram(InetSocketAddress, DatagramOptions, DatagramSink)} with a socket that another process has bound; it keeps the
     * options that it has. Whatever the outcome, the transport owns {@code passed} from now on.
     *
     * @throws IOException if it is no UDP socket, the operating system refuses to register it, or this transport has no means
     */
    default DatagramPort bindDatagram(PassedSocket passed, DatagramOptions options, DatagramSink sink)
            throws IOException {
        passed.close();
        throw new IOException(
                "The " + name() + " transport cannot use a socket of another process; io_uring and epoll can");
    }

    /**
     * A UDP socket that talks with {@code remote} alone, which is told of ICMP errors. Nothing is sent by connecting.
     *
     * @throws IOException if there is no route, or the system is out of descriptors
     * @throws UnsupportedOperationException if this transport has no datagrams
     */
    default DatagramPort connectDatagram(InetSocketAddress remote, DatagramOptions options, DatagramSink sink)
            throws IOException {
        throw new UnsupportedOperationException("The transport " + name() + " has no datagrams");
    }

    /** Gives everything back. All sockets must have been closed before. */
    @Override
    void close();
}
