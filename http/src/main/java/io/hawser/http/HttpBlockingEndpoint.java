// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.BlockingHandler;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;

/** HTTP on virtual threads, as a handler of connections. */
final class HttpBlockingEndpoint implements BlockingHandler {
    private final ServerContext context;

    HttpBlockingEndpoint(ServerContext context) {
        this.context = context;
    }

    private static BlockingHttp of(Connection connection) {
        return connection.attachment(BlockingHttp.class);
    }

    @Override
    public boolean prepare(Connection connection) {
        connection.attach(new BlockingHttp(context, connection));
        return true;
    }

    @Override
    public void handle(Connection connection) {
        of(connection).serve();
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        of(connection).onClose();
    }
}
