// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.jfr.SlowHandlerEvent;

/** A handler whose calls are timed, while a recording asks for slow ones. One for each call, which costs only who records. The loop's thread. */
final class WatchedHandler implements ConnectionHandler {
    private final ConnectionHandler handler;

    private WatchedHandler(ConnectionHandler handler) {
        this.handler = handler;
    }

    /** {@code handler}, timed if that is asked for. */
    static ConnectionHandler of(ConnectionHandler handler) {
        return SlowHandlerEvent.isWanted() ? new WatchedHandler(handler) : handler;
    }

    private void ended(SlowHandlerEvent event, String method, Connection connection) {
        if (event.isSlow()) {
            event.commit(connection.loop().name(), handler.getClass(), method, connection.id());
        }
    }

    @Override
    public void onOpen(Connection connection) throws Exception {
        final SlowHandlerEvent event = SlowHandlerEvent.started();
        try {
            handler.onOpen(connection);
        } finally {
            ended(event, "onOpen", connection);
        }
    }

    @Override
    public void onData(Connection connection) throws Exception {
        final SlowHandlerEvent event = SlowHandlerEvent.started();
        try {
            handler.onData(connection);
        } finally {
            ended(event, "onData", connection);
        }
    }

    @Override
    public void onWritable(Connection connection) throws Exception {
        final SlowHandlerEvent event = SlowHandlerEvent.started();
        try {
            handler.onWritable(connection);
        } finally {
            ended(event, "onWritable", connection);
        }
    }

    @Override
    public void onEnd(Connection connection) throws Exception {
        final SlowHandlerEvent event = SlowHandlerEvent.started();
        try {
            handler.onEnd(connection);
        } finally {
            ended(event, "onEnd", connection);
        }
    }
}
