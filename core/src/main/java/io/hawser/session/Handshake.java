// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.Connection;
import java.time.Duration;
import java.util.Optional;

/**
 * What the two sides of one connection say before its session opens: they agree on something, and the session's codec comes of it. A
 * {@link Codec} has one made for each connection; the listener hears nothing before both sides agree.
 *
 * <p><b>Thread:</b> the connection's loop.
 *
 * <p><b>Failure:</b> what a method throws ends the connection, after what was written to it is sent; a client counts it as a failed try.
 *
 * @param <M> the type of messages
 */
public interface Handshake<M> {
    /** The connection is made, and nothing has come: who speaks first does so now. By default waits for the peer. */
    default void begins(Connection connection) throws Exception {}

    /**
     * Bytes have come, which {@link Connection#reader()} has, together with those that were left before.
     *
     * @param context what the codec is told of its session
     * @return the session's codec, as soon as both sides agree: what is left in the reader is the session's then. Empty if more has to come;
     *     who leaves much unread is not protected against a peer that goes on sending but by {@link io.hawser.connection.Limits#inboundBytes()}
     * @throws Exception if there is nothing to agree on
     */
    Optional<Codec<M>> received(Connection connection, CodecContext context) throws Exception;

    /** How long it may take in all; positive. Asked once, before {@link #begins}. */
    Duration timeout();
}
