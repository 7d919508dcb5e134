// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.BlockSource;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * {@link TlsSettings} as a library has taken them in, with the cache and the ticket keys of its sessions: a reload makes another one. Any
 * thread. It is not closed: what it holds goes when the last engine made from it and the {@code Tls} have let go of it.
 */
interface TlsContext {
    /** The library and its version, such as {@code JDK 25.0.1} or {@code OpenSSL 3.5.1}. */
    String library();

    /**
     * Makes one side of a connection. The loop's thread.
     *
     * @param peer whom a client has dialled; of a server empty
     * @param blocks the loop's, for what the engine keeps while it waits for the rest of a record
     */
    TlsEngine engine(Optional<TlsPeer> peer, BlockSource blocks) throws SSLException;
}
