// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

/** How the messages of an {@link EchoClient} go on the wire; what comes back it hands to the client. The thread of the connection's loop. */
interface EchoWire {
    /**
     * Sends a message: {@code size} bytes of the {@link Payload} from {@code position} on.
     *
     * @throws RuntimeException if it cannot be sent
     */
    void send(int position, int size);

    /** Closes the connection with what is pending. */
    void close();

    /** Closes it at once. */
    void abort();
}
