// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.log.Log;

/**
 * Is called with what happens on connections.
 *
 * <p><b>Thread:</b> that of the connection's loop, so a handler must not block; one handler may serve many connections on several
 * loops at once, so what it keeps for one belongs into {@link Connection#attach}.
 *
 * <p><b>Order:</b> {@code prepare}, and if it agrees {@code onOpen}, then any of {@code onData} and {@code onWritable}, then at most one {@code onEnd}, at most one
 * {@code onShutdown}, at most one {@code onError}, and exactly one {@code onClose}, last.
 *
 * <p><b>Failure:</b> what a method throws goes to {@code onError} and closes the connection; other connections notice nothing.
 */
@FunctionalInterface
public interface ConnectionHandler {
    /**
     * The connection is made, and may be refused; here is the place for timeouts and the attachment. A refused connection is closed at
     * once, and nothing else is called for it: no {@code onOpen}, no {@code onClose}; its dial fails. If this throws, {@code onError} is
     * told and the connection is refused.
     *
     * @return whether to go on
     */
    default boolean prepare(Connection connection) throws Exception {
        return true;
    }

    /** The connection is made; nothing has been received. It may write, pause, or close at once. */
    default void onOpen(Connection connection) throws Exception {}

    /**
     * Bytes have come. What is left in the reader stays there, and this is called again when more has come. Memory that the reader
     * handed out ends its life when this returns; what must live longer is taken as a slice.
     */
    void onData(Connection connection) throws Exception;

    /** The kernel has taken so much that no more than {@link Limits#outboundLowBytes()} are pending, after there were too many. */
    default void onWritable(Connection connection) throws Exception {}

    /**
     * The peer sent FIN: nothing more will come. The connection can still be written to; by default it sends what is pending and
     * closes.
     */
    default void onEnd(Connection connection) throws Exception {
        connection.close();
    }

    /** A method of this handler threw. By default the exception is logged. The connection is closed after this. */
    default void onError(Connection connection, Throwable error) {
        Log.log(System.Logger.Level.WARNING, "The handler of " + connection + " failed", error);
    }

    /**
     * Whether it has still to answer something that came, and {@code connection} has no unread bytes that tell. An engine that stops waits for
     * it, until its deadline. By default not.
     */
    default boolean isBusy(Connection connection) {
        return false;
    }

    /**
     * The engine shuts down, the connection is not {@link #isBusy busy}, and it is closed after this: what is written here is sent before. By
     * default nothing is done.
     */
    default void onShutdown(Connection connection) {}

    /** The connection is closed and gone; it can neither be read nor written. */
    default void onClose(Connection connection, CloseCause cause) {}
}
