// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;

/**
 * A UDP socket. The loop's thread only.
 *
 * <p>After {@link #close()} only {@link DatagramSink#closed()} is called, once.
 */
public interface DatagramPort {
    /**
     * Starts or pauses receiving; off at first. What comes meanwhile waits in the kernel, as much as SO_RCVBUF takes; datagrams that the
     * transport had taken before may still be delivered.
     */
    void receive(boolean on);

    /**
     * Sends from the head of {@code outbound} and takes out what was sent, and what can't be sent, which {@link DatagramSink#failed}
     * tells of. A port has one queue for life. Datagrams may be added to it at any time; whoever adds one to an empty queue calls this.
     *
     * @return whether the queue is empty now; if not, {@link DatagramSink#drained()} follows, and this need not be called before
     */
    boolean send(DatagramQueue outbound);

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

    /**
     * How many datagrams came and were lost, since there was no memory or no time to receive them: SO_MEMINFO's count of drops on Linux,
     * read from the kernel; with NIO only those that were thrown away for want of a block.
     */
    long dropped();

    /**
     * A duplicate for another process. Both share what waits in the kernel.
     *
     * @throws IOException if the process is out of descriptors, or the transport has no means
     */
    default PassedSocket duplicate() throws IOException {
        throw new IOException("This transport cannot pass sockets to another process; io_uring and epoll can");
    }

    /** The address that is really bound, with the port that the system picked. */
    InetSocketAddress localAddress();

    /** Closes the socket; what is in the queue stays there. A second call does nothing. */
    void close();
}
