// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.log.Log;
import io.hawser.loop.Timer;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Optional;

/** A connection whose {@link Handshake} is under way: what is attached to it until it has a session. The loop's thread. */
final class Opening<M> {
    private final SessionEndpoint<M> endpoint;
    private final Connection connection;
    private final Handshake<M> handshake;
    private final Duration timeout;
    private final Timer timer = new Timer(this::timedOut);
    private boolean over;

    Opening(SessionEndpoint<M> endpoint, Connection connection, Handshake<M> handshake) {
        this.endpoint = endpoint;
        this.connection = connection;
        this.handshake = handshake;
        this.timeout = handshake.timeout();
    }

    void begin() {
        connection.loop().wheel().schedule(timer, connection.loop().nowNs() + timeout.toNanos());
        try {
            handshake.begins(connection);
        } catch (Exception e) {
            fail(e);
        }
    }

    void received() {
        if (over) {
            connection.reader().skip(connection.reader().readableBytes());
            return;
        }
        final Optional<Codec<M>> agreed;
        try {
            agreed = handshake.received(connection, endpoint.context(connection));
        } catch (Exception e) {
            fail(e);
            return;
        }
        if (agreed.isPresent() && !over) {
            end();
            endpoint.open(connection, agreed.get());
        }
    }

    void inputEnded() {
        fail(new EOFException("The peer closed the connection during the handshake"));
    }

    private void timedOut() {
        fail(new SocketTimeoutException("The handshake has taken longer than " + timeout));
    }

    /** The handler of the connection threw. */
    void failed(Throwable error) {
        fail(error);
    }

    void gone(CloseCause cause) {
        fail(cause.error().orElseGet(() -> new IOException("The connection ended during the handshake: " + cause)));
    }

    private void fail(Throwable error) {
        if (over) {
            return;
        }
        end();
        Log.log(System.Logger.Level.DEBUG, "No session comes of " + connection, error);
        endpoint.notOpened(error);
        connection.close();
    }

    private void end() {
        over = true;
        connection.loop().wheel().cancel(timer);
    }
}
