// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.net.SocketAddress;

/** A listening socket. The loop's thread only. */
public interface ListenSocket {
    /** Starts or pauses accepting; off at first. Connections that come meanwhile wait in the backlog. */
    void accept(boolean on);

    /** The address that is really bound, with the port that the system picked. */
    SocketAddress localAddress();

    /** Closes the socket; connections accepted too late are closed by the transport. A second call does nothing. */
    void close();
}
