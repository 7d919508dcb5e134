// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import io.hawser.buffer.Block;
import java.io.IOException;

/**
 * Who is told what happens on a {@link DatagramPort}. Called on the loop's thread; must not throw.
 *
 * <p><b>Order:</b> any number of the others, then {@code closed}, once, last, and only after the owner has closed the port. No failure
 * ends a port.
 */
public interface DatagramSink {
    /**
     * A datagram came, which may be empty.
     *
     * @param payload the sink's from now on
     * @param sender valid until this returns; {@link PeerAddress#copy} keeps it
     * @param truncated it was longer than {@link DatagramOptions#maxDatagramBytes()}, and the rest is lost
     */
    void received(Block payload, PeerAddress sender, boolean truncated);

    /** The queue that {@link DatagramPort#send} could not empty is empty now. */
    void drained();

    /**
     * The network or the system reported an error: a datagram that was sent found nobody ({@link java.net.PortUnreachableException}, on a
     * connected port), or one could not be sent and was taken out of the queue. The port goes on.
     */
    void failed(IOException cause);

    /** The port is closed, nothing is in flight any more. */
    void closed();
}
