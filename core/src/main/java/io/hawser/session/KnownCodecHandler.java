// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import java.util.function.Function;

/** Makes one connection a session of an endpoint, with a codec of its own; the rest is the endpoint's. */
final class KnownCodecHandler<M> implements ConnectionHandler {
    private final SessionEndpoint<M> endpoint;
    private final Function<CodecContext, Codec<M>> codec;

    KnownCodecHandler(SessionEndpoint<M> endpoint, Function<CodecContext, Codec<M>> codec) {
        this.endpoint = endpoint;
        this.codec = codec;
    }

    @Override
    public boolean prepare(Connection connection) {
        return endpoint.prepare(connection);
    }

    @Override
    public void onOpen(Connection connection) {
        endpoint.open(connection, codec.apply(endpoint.context(connection)));
    }

    @Override
    public void onData(Connection connection) {
        endpoint.onData(connection);
    }

    @Override
    public void onWritable(Connection connection) {
        endpoint.onWritable(connection);
    }

    @Override
    public void onEnd(Connection connection) {
        endpoint.onEnd(connection);
    }

    @Override
    public void onShutdown(Connection connection) {
        endpoint.onShutdown(connection);
    }

    @Override
    public void onError(Connection connection, Throwable error) {
        endpoint.onError(connection, error);
    }

    @Override
    public boolean isBusy(Connection connection) {
        return endpoint.isBusy(connection);
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        endpoint.onClose(connection, cause);
    }
}
