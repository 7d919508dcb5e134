// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.net.InetSocketAddress;

/** A peer that serves. */
interface PeerServer extends AutoCloseable {
    /** Where it listens. */
    InetSocketAddress address();

    /** Listens no more, and ends all threads; its port is free when this returns. Connections may end only with the process. May be called once, by any thread. */
    @Override
    void close();
}
