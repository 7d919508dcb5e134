// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.log.Log;

/**
 * Serves connections in plain blocking code, each on a virtual thread of its own while it is busy.
 *
 * <p><b>When:</b> {@link #handle} is called when bytes have come, and again when it has returned and bytes are left or come later; never
 * twice at once for one connection. It may serve one message and return, or serve all of them in a loop until a read says that the peer
 * has closed. An idle connection whose handler has returned holds no thread.
 *
 * <p><b>How:</b> a read waits until the bytes are there, a write until there is room. When the handler returns or waits for bytes, what it
 * wrote is sent.
 *
 * <p>Another thread may {@linkplain Connection#close() close} the connection meanwhile: what was flushed is sent, a read that waits ends.
 *
 * <p><b>Ends:</b> a read that the peer's FIN leaves short throws {@link io.hawser.buffer.NotEnoughBytesException}, one that the end of the
 * connection leaves short {@link ConnectionClosedException}; a handler may let both pass, and the connection closes in the ordinary way.
 * Anything else that it throws goes to {@link #onError}, and closes the connection with {@link CloseCause.Kind#ERROR}.
 */
@FunctionalInterface
public interface BlockingHandler {
    /**
     * The connection is made, and may be refused, as {@link ConnectionHandler#prepare} says. On the loop's thread, so it must not block.
     *
     * @return whether to go on
     */
    default boolean prepare(Connection connection) throws Exception {
        return true;
    }

    /** Bytes have come. On a virtual thread; may block. */
    void handle(Connection connection) throws Exception;

    /** {@link #handle} threw. On the same thread. By default the exception is logged. */
    default void onError(Connection connection, Throwable error) {
        Log.log(System.Logger.Level.WARNING, "The handler of " + connection + " failed", error);
    }

    /** The connection is closed and gone. On the loop's thread, so it must not block; a call of {@link #handle} may still be running. */
    default void onClose(Connection connection, CloseCause cause) {}
}
