// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import org.jspecify.annotations.Nullable;

/** Messages as nothing but their bytes, one behind the other. */
final class StreamWire implements EchoWire, ConnectionHandler {
    private final EchoClient client;
    private @Nullable Connection connection;

    StreamWire(EchoClient client) {
        this.client = client;
    }

    private Connection connection() {
        if (connection == null) {
            throw new IllegalStateException("Not open");
        }
        return connection;
    }

    @Override
    public void send(int position, int size) {
        Payload.write(connection().writer(), position, size);
    }

    @Override
    public void close() {
        connection().close();
    }

    @Override
    public void abort() {
        connection().abort();
    }

    @Override
    public void onOpen(Connection opened) {
        connection = opened;
        client.opened(opened.loop(), this);
    }

    @Override
    public void onData(Connection open) {
        client.received(open.reader());
    }

    @Override
    public void onError(Connection failing, Throwable error) {
        client.failedHere(error);
    }

    @Override
    public void onClose(Connection closed, CloseCause cause) {
        client.closed(cause);
    }
}
