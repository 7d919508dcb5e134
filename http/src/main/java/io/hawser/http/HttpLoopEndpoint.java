// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;

/** HTTP in the loop, as a handler of connections. The loop's thread. */
final class HttpLoopEndpoint implements ConnectionHandler {
    private final ServerContext context;

    HttpLoopEndpoint(ServerContext context) {
        this.context = context;
    }

    private static LoopHttp of(Connection connection) {
        return connection.attachment(LoopHttp.class);
    }

    @Override
    public boolean prepare(Connection connection) {
        connection.attach(new LoopHttp(context, connection));
        return true;
    }

    @Override
    public void onData(Connection connection) {
        of(connection).goOn();
    }

    @Override
    public void onWritable(Connection connection) {
        of(connection).goOn();
    }

    @Override
    public void onEnd(Connection connection) {
        of(connection).onEnd();
    }

    @Override
    public boolean isBusy(Connection connection) {
        return of(connection).isAwaiting();
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        of(connection).onClose();
    }
}
