// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.log.Log;

/**
 * Is called with what happens on UDP sockets.
 *
 * <p><b>Thread:</b> that of the endpoint's loop, so a handler must not block. One handler may serve several endpoints on several loops at
 * once.
 *
 * <p><b>Order:</b> {@code onOpen}, then any of {@code onDatagram}, {@code onWritable} and {@code onError}, and exactly one {@code onClose},
 * last.
 *
 * <p><b>Failure:</b> nothing but {@link DatagramEndpoint#close()} and the end of its server or engine closes an endpoint. A datagram for
 * which the handler throws is dropped, or one peer could take the service from all others.
 */
@FunctionalInterface
public interface DatagramHandler {
    /** The socket is bound; nothing has been received. Here groups are joined. An exception closes it. */
    default void onOpen(DatagramEndpoint endpoint) throws Exception {}

    /** A datagram has come. It, its sender's address and its memory end their lives when this returns; a slice outlives it. */
    void onDatagram(DatagramEndpoint endpoint, Datagram datagram) throws Exception;

    /** No more than half of what may wait to be sent waits, after a send had been refused. */
    default void onWritable(DatagramEndpoint endpoint) throws Exception {}

    /**
     * A method of this handler threw, or the network reported an error: {@link java.net.PortUnreachableException} on a connected endpoint
     * whose peer does not listen, or an {@link java.io.IOException} for a datagram that could not be sent. By default it is logged. The
     * endpoint goes on.
     */
    default void onError(DatagramEndpoint endpoint, Throwable error) {
        Log.log(System.Logger.Level.WARNING, "Error on " + endpoint, error);
    }

    /** The endpoint is closed and gone. */
    default void onClose(DatagramEndpoint endpoint, CloseCause cause) {}
}
