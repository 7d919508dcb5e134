// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The blocking style, as a handler of the loop: it passes what happens on to the {@link BlockingConnection} that is attached to each
 * connection. The loop's thread.
 */
final class BlockingEndpoint implements ConnectionHandler {
    private final @Nullable BlockingHandler handler;
    private final VirtualThreads threads;

    /** @param handler serves what comes; none for dialled connections, whose caller reads */
    BlockingEndpoint(@Nullable BlockingHandler handler, VirtualThreads threads) {
        this.handler = handler;
        this.threads = threads;
    }

    /** Waits for a dial with a handler of this class. */
    static Connection connect(CompletableFuture<Connection> dial) throws IOException {
        try {
            return of(dial.join());
        } catch (CompletionException e) {
            switch (Objects.requireNonNullElse(e.getCause(), e)) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                default -> throw e;
            }
        }
    }

    /** What stands for {@code connection} in the blocking style. */
    static BlockingConnection of(Connection connection) {
        return connection.attachment(BlockingConnection.class);
    }

    /** What a blocking handler is called; one that dials needs none. */
    String handlerName() {
        return handler == null ? "blocking" : HandlerName.of(handler);
    }

    /** Whether a thread is at work for it, or has part of a message. */
    @Override
    public boolean isBusy(Connection connection) {
        return of(connection).isBusy();
    }

    /** What was passed on and not read. The loop's thread, when the connection is detached. */
    static byte[] takeUnread(StreamConnection connection) {
        return of(connection).takeUnread();
    }

    @Override
    public boolean prepare(Connection connection) throws Exception {
        final var blocking = new BlockingConnection((StreamConnection) connection, handler, threads);
        connection.attach(blocking);
        boolean agreed = false;
        try {
            agreed = handler == null || handler.prepare(blocking);
            return agreed;
        } finally {
            if (!agreed) {
                blocking.refused();
            }
        }
    }

    @Override
    public void onError(Connection connection, Throwable error) {
        if (handler == null) {
            ConnectionHandler.super.onError(connection, error);
        } else {
            handler.onError(of(connection), error);
        }
    }

    @Override
    public void onData(Connection connection) {
        of(connection).onData();
    }

    @Override
    public void onWritable(Connection connection) {
        of(connection).onWritable();
    }

    @Override
    public void onEnd(Connection connection) {
        of(connection).onEnd();
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        of(connection).onClose(cause);
    }
}
