// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.net.InetSocketAddress;

/**
 * A message with the peer that it came from, or is to go to: what sessions of {@link SessionServer#datagrams} exchange.
 *
 * @param message the message
 * @param peer whose it is; resolved
 * @param <M> the type of messages
 */
public record Addressed<M>(M message, InetSocketAddress peer) {
    /** Another message, to the same peer. */
    public Addressed<M> reply(M answer) {
        return new Addressed<>(answer, peer);
    }
}
