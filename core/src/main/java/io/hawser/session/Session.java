// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.loop.EventLoop;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One peer with which messages are exchanged.
 *
 * <p><b>Thread:</b> any, unless a method says otherwise.
 *
 * <p><b>Order:</b> messages that one thread sends arrive in the order of its calls, and none is torn by another thread's.
 *
 * @param <M> the type of messages
 */
public interface Session<M> extends AutoCloseable {
    /** A number that no other session of the engine has or had. */
    long id();

    /** What to call it in logs; at first {@code session} and its {@link #id}. */
    String name();

    /** Names it. */
    void rename(String name);

    /**
     * Sends a message, without waiting: it leaves with all others at the end of the loop's turn. It is encoded before this returns, so it may be
     * changed and used again.
     *
     * @return the bytes that it has become
     * @throws SendFailedException if the session is closed, too much is pending already, or the message cannot be encoded or is too long;
     *     nothing of it is sent
     */
    long send(M message);

    /**
     * Sends a message, and waits until the kernel has taken it; also for room, where too much is pending.
     *
     * @param timeout positive; it holds for this call only
     * @throws SendFailedException {@link SendFailedException.Reason#BLOCKED} if there was no room in time, and nothing is sent;
     *     {@link SendFailedException.Reason#TIMED_OUT} if it is queued and the peer has not made room for all of it in time: it leaves when the peer
     *     reads again, unless the session is closed; or as {@link #send(Object)}
     * @throws IllegalStateException if called on a loop, which must not wait
     */
    Sent send(M message, Duration timeout);

    /**
     * As {@link #send(Object)}.
     *
     * @return completes on the session's loop when the kernel has taken the message; with a {@link SendFailedException} if it was not sent
     */
    CompletableFuture<Sent> sendAsync(M message);

    /**
     * Sends a request and waits for its response; see {@link Correlation}.
     *
     * @param timeout positive
     * @throws CallFailedException if there is no response in time, or the session ends before
     * @throws SendFailedException as {@link #send(Object)}
     * @throws IllegalStateException if called on a loop, which must not wait; or if the endpoint has no correlation
     */
    M call(M request, Duration timeout);

    /**
     * As {@link #call}, without waiting.
     *
     * @return completes on the session's loop; with what {@link #call} throws
     * @throws IllegalStateException if the endpoint has no correlation
     */
    CompletableFuture<M> callAsync(M request, Duration timeout);

    /** How many calls wait for their responses; with {@link Correlation#inOrder}, those that have timed out included, until their responses come. */
    int pendingCalls();

    /** The bytes that were sent and that the kernel has not taken yet. */
    long pendingBytes();

    /** Keeps {@code value}; it replaces the last one of that key. */
    <T> void set(AttributeKey<T> key, T value);

    /** What was last kept. */
    <T> Optional<T> get(AttributeKey<T> key);

    /** Forgets what was kept, and returns it. */
    <T> Optional<T> remove(AttributeKey<T> key);

    /**
     * Sets the period of {@link EventListener#onCron}, which does not drift.
     *
     * @param period zero for none
     * @throws IllegalArgumentException if it is negative
     */
    void cron(Duration period);

    /**
     * Sets after how long without a byte from the peer the session is closed, with {@link CloseCause.Kind#TIMED_OUT}.
     *
     * @param timeout zero for none
     * @throws IllegalArgumentException if it is negative
     */
    void idleTimeout(Duration timeout);

    /** What it has done so far. */
    SessionStats stats();

    /** The address of this side; empty for an unnamed unix socket. */
    Optional<SocketAddress> localAddress();

    /** The address of the peer, also after the close; empty for an unnamed unix socket, and for a UDP socket that talks with anybody. */
    Optional<SocketAddress> remoteAddress();

    /** Whether it is open: neither closed, nor being closed, nor ended by the peer. */
    boolean isOpen();

    /** Sends what is pending, and closes. What has come and is being handled may still be answered by nobody. A second call does nothing. */
    @Override
    void close();

    /** Closes at once; what is pending is lost. */
    void abort();

    /** Completes after {@link EventListener#onClose}. */
    CompletableFuture<CloseCause> closeFuture();

    /** The connection below; empty for UDP. Its handler is this session's: its reader and attachment are not to be touched. */
    Optional<Connection> connection();

    /** The loop to which it belongs. */
    EventLoop loop();
}
