// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.net.SocketAddress;
import java.util.Optional;

/**
 * A connection that was accepted and belongs to no loop yet. It may be handed to another thread, and is used by one at a time.
 */
public interface AcceptedSocket extends AutoCloseable {
    /** The peer's address; empty for an unnamed unix socket, or when the peer is gone already. */
    Optional<SocketAddress> remoteAddress();

    /** Closes it instead of attaching it. */
    @Override
    void close();
}
