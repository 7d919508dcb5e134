// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A connection that belongs to no loop: it was accepted and is not attached yet, or was detached, or adopted. It may be handed to another
 * thread, and is used by one at a time.
 */
public interface AcceptedSocket extends AutoCloseable {
    /** The peer's address; empty for an unnamed unix socket, or when the peer is gone already. */
    Optional<SocketAddress> remoteAddress();

    /**
     * Gives the socket to the caller as a file descriptor, which is the caller's to close.
     *
     * @return empty if it is none; then nothing has changed
     * @throws IllegalStateException if it was attached, taken or closed before
     */
    default OptionalInt takeDescriptor() {
        return OptionalInt.empty();
    }

    /**
     * Gives the socket to the caller as a channel of the JDK, which is the caller's to close. It is in non-blocking mode, and registered
     * with no selector.
     *
     * @return empty if it is none; then nothing has changed
     * @throws IllegalStateException if it was attached, taken or closed before
     */
    default Optional<SocketChannel> takeChannel() {
        return Optional.empty();
    }

    /** Closes it instead of attaching it. */
    @Override
    void close();
}
