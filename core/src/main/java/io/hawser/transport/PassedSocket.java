// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.net.SocketAddress;
import java.util.Optional;

/**
 * A descriptor outside of every loop: a duplicate of a bound socket, to be sent to another process, or whatever another process has sent.
 * It belongs to who holds it, and is used by one thread at a time; after the first {@link #close()} nothing may be asked of it.
 */
public interface PassedSocket extends AutoCloseable {
    /** What a descriptor stands for. */
    enum Kind {
        /** A listening TCP socket. */
        TCP,
        /** A listening unix stream socket. */
        UNIX,
        /** A UDP socket. */
        UDP,
        /** Anything else: a file, a pipe, a connection, a closed descriptor. */
        OTHER
    }

    /** What it is, as the kernel says. */
    Kind kind();

    /** The address that it is bound to; empty if it has none. */
    Optional<SocketAddress> localAddress();

    /** Closes this descriptor; the socket lives on where others have one for it. A second call does nothing. */
    @Override
    void close();
}
