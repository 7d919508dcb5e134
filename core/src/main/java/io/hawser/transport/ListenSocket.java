// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.IOException;
import java.net.SocketAddress;

/** A listening socket. The loop's thread only. */
public interface ListenSocket {
    /** Starts or pauses accepting; off at first. Connections that come meanwhile wait in the backlog. */
    void accept(boolean on);

    /**
     * Pauses accepting, as {@code accept(false)} does, and says when it is paused: from then on no connection is taken from the backlog.
     *
     * @param paused called once, within this call or a later dispatch; not at all if the socket is closed or accepts again before
     */
    void pause(Runnable paused);

    /**
     * A duplicate for another process. Both share the backlog, so a connection in it is not lost when one of the two is closed. As they
     * share the mode of the socket too, only one of the two may accept at a time.
     *
     * @throws IOException if the process is out of descriptors, or the transport has no means
     */
    default PassedSocket duplicate() throws IOException {
        throw new IOException("This transport cannot pass sockets to another process; io_uring and epoll can");
    }

    /** The address that is really bound, with the port that the system picked. */
    SocketAddress localAddress();

    /** Closes the socket; connections accepted too late are closed by the transport. A second call does nothing. */
    void close();
}
