// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.log.Log;

/**
 * Is told what happens on sessions. One serves all sessions of an endpoint; what it keeps for one is an attribute of the session.
 *
 * <p><b>Order</b>, for each session: {@code onOpen}; then any of {@code onMessage}, {@code onCron}, {@code onWritable} and {@code onError}; and
 * exactly one {@code onClose}, last, when all that ran before it has returned. A clean end, of either side, is {@code onClose} alone; a failure
 * is one {@code onError}, then {@code onClose}.
 *
 * <p><b>Thread:</b> {@code onOpen} and {@code onWritable} run on the session's loop, and all the others where the endpoint's {@link TaskPool} runs
 * them: by default on the loop too, where none may block. Only a pool that keeps no order calls {@code onMessage} several times at once for one
 * session.
 *
 * <p><b>Failure:</b> what a method throws goes to {@code onError} and closes that session; other sessions notice nothing.
 *
 * @param <M> the type of messages
 */
@FunctionalInterface
public interface EventListener<M> {
    /**
     * The session is made, and may be refused; here is the place for its name, attributes and timeouts, and for a first message.
     *
     * @return whether to go on; a refused session is closed, and nothing else is called for it
     */
    default boolean onOpen(Session<M> session) throws Exception {
        return true;
    }

    /** A message has come. */
    void onMessage(Session<M> session, M message) throws Exception;

    /** The session's period has passed once more; see {@link Session#cron}. One that is still waiting to run is not queued twice. */
    default void onCron(Session<M> session) throws Exception {}

    /** After too much had been pending, the peer has taken so much of it that there is room again. */
    default void onWritable(Session<M> session) throws Exception {}

    /**
     * Something failed: what came is no message ({@link MalformedMessageException}) or too long ({@link MessageTooLongException}), a task was
     * rejected ({@link java.util.concurrent.RejectedExecutionException}; the session goes on), the connection was reset or timed out, or a method
     * of this listener threw. By default it is logged. A last message may be sent from here, where the session is still open.
     */
    default void onError(Session<M> session, Throwable error) {
        Log.log(System.Logger.Level.WARNING, "Error on " + session, error);
    }

    /** The session is closed and gone; nothing can be sent any more. */
    default void onClose(Session<M> session, CloseCause cause) {}
}
