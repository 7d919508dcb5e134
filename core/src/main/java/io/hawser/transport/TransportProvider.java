// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.IOException;

/** Makes transports of one kind. Immutable; any thread. */
public interface TransportProvider {
    /** The name by which users choose it: {@code io_uring}, {@code epoll}, {@code nio}. */
    String name();

    /**
     * Opens a transport on the calling thread, which must be the loop's.
     *
     * @throws TransportUnavailableException if this kind cannot run here (kernel too old, forbidden, not this system)
     * @throws IOException if the operating system has no resources left
     */
    Transport open(TransportConfig config) throws IOException;

    /**
     * How its transports send listening sockets to another process.
     *
     * @throws IOException if they have no means; the message says who has
     */
    default SocketPassing passing() throws IOException {
        throw new IOException(
                "The " + name() + " transport cannot pass sockets to another process; io_uring and epoll can");
    }
}
