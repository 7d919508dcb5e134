// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Slice;
import io.hawser.buffer.Writer;
import io.hawser.loop.EventLoop;
import io.hawser.tls.TlsSession;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A connected stream: TCP or unix.
 *
 * <p><b>Thread:</b> it belongs to one loop for life. {@link #reader()} and {@link #writer()} are for the loop's thread, which is the one
 * that calls the handler; from elsewhere go through {@link #execute}. The other methods may be called from any thread.
 */
public interface Connection extends AutoCloseable {
    /** A number that no other connection of the engine has or had. */
    long id();

    /**
     * What has been received and not read.
     *
     * @throws IllegalStateException if called from another thread than the loop's
     */
    Reader reader();

    /**
     * Where to write. What is written leaves at the end of the loop's turn, in the order in which it was written.
     *
     * @throws ConnectionClosedException if the connection is closed
     * @throws IllegalStateException if called from another thread than the loop's
     */
    Writer writer();

    /**
     * Sends a message from whatever thread. Messages of one thread are sent in the order of its calls, and none is torn by another one; so
     * may a handler and other threads write to one connection. Many messages leave with one flush.
     *
     * <p>What waits is bounded by {@link Limits#outboundBytes()}, together with what is pending in {@link #writer()}: over it nothing is
     * queued and the result fails with {@link io.hawser.buffer.BufferFullException}, and with {@link OverflowPolicy#CLOSE} the connection
     * is closed.
     *
     * @param message copied before this returns
     * @return completes when the kernel has taken the message; fails with {@link ConnectionClosedException} if the connection, or its
     *     sending side, is closed before. On the loop's thread, so what depends on it must not block
     */
    CompletableFuture<Void> send(byte[] message);

    /**
     * As {@link #send(byte[])}.
     *
     * @param message what remains in it is copied, and consumed, before this returns
     */
    CompletableFuture<Void> send(ByteBuffer message);

    /**
     * As {@link #send(byte[])}, without a copy.
     *
     * @param message belongs to the connection from now on, whatever the outcome
     */
    CompletableFuture<Void> send(Slice message);

    /**
     * Sends part of a file: what was written before goes before it, what is written afterwards goes after it. From whatever thread; of one thread it
     * keeps its place among the messages of {@link #send(byte[])}. The kernel takes the bytes from the file by itself where the transport
     * and what lies above it allow it, and else they are read and sent piece by piece; never is more than a piece in memory. What the disk has to deliver
     * first holds the loop up.
     *
     * <p>What waits is bounded: each file that waits counts as 16 KiB towards {@link Limits#outboundBytes()}, and over it the result fails as that
     * of {@link #send(byte[])}. Towards {@link Limits#outboundHighBytes()} and in {@link #pendingBytes()} it counts with all that is left of it,
     * so while much is left nothing is received, unless {@link ConnectionOptions#receiveWhileCongested} asks for it.
     *
     * <p>If the file turns out to be shorter than {@code offset + count}, or cannot be read, the connection is reset: the peer was promised more, and
     * nothing is filled in. Bytes that are changed meanwhile are sent as they are then. A {@link #close()} sends it first; there
     * {@link ConnectionOptions#closeTimeout} is how long the peer may take nothing of it.
     *
     * <p>In the blocking style it is for the thread that reads and writes, and waits where a write would; there the write timeout says how long the peer
     * may take nothing of the file, before the connection is reset.
     *
     * @param file may be closed as soon as this returns
     * @param offset where in the file to begin, from 0
     * @param count how many bytes to send; 0 only keeps the order
     * @return completes when the kernel has taken all; fails with {@link ConnectionClosedException} if the connection, or its sending side, is closed
     *     before, and with {@link java.nio.channels.ClosedChannelException} if the file is. On the loop's thread, so what depends on it must not
     *     block
     * @throws IllegalArgumentException if {@code offset} or {@code count} is negative, or their sum no {@code long}
     */
    CompletableFuture<Void> sendFile(FileSource file, long offset, long count);

    /**
     * As {@link #send(byte[])}, for a message of whatever length: it is taken piece by piece as the kernel takes it, and keeps its place. Never is
     * more than a piece of it copied, and it counts as a file of {@link #sendFile} does: towards {@link Limits#outboundBytes()} as 16 KiB, towards
     * {@link Limits#outboundHighBytes()} and in {@link #pendingBytes()} with all that is left of it. Timeouts and a {@link #close()} treat it as a
     * file, too, and so does the blocking style.
     *
     * @param message not to be changed until the result completes
     */
    CompletableFuture<Void> sendLarge(byte[] message);

    /**
     * As {@link #sendLarge(byte[])}; the memory of what is sent is given back piece by piece.
     *
     * @param message belongs to the connection from now on, whatever the outcome
     */
    CompletableFuture<Void> sendLarge(Slice message);

    /**
     * Has the handler's {@code onData} called soon, although nothing may have come, so that it looks at what another thread has left for
     * it; while reading is paused, after {@link #resume()}. After the peer's end it does nothing, and so in the blocking style.
     */
    void wake();

    /** Sends what is pending, then FIN, waits for the peer's FIN for a while, and closes. A second call does nothing. */
    @Override
    void close();

    /** Closes at once with a reset; what is pending is lost. */
    void abort();

    /**
     * Takes the socket out of the engine: for {@link Engine#adopt(DetachedConnection, ConnectionOptions, ConnectionHandler)}, or to be used
     * without one. Receiving stops, and what is pending, messages of {@link #send(byte[])} included, is sent; then this ends with
     * {@link CloseCause.Kind#DETACHED}, and after {@code onClose} the result is there, with the bytes that were received and that the
     * handler had not read by then. The peer notices nothing.
     *
     * <p>From the call on, writes fail and the handler is called with no more data or end; {@link #close()} does nothing, {@link #abort()}
     * still resets. If the peer takes too little for all to be sent within {@link ConnectionOptions#closeTimeout}, the connection is reset.
     * The end of the peer's side that has come is found by the next owner again. What {@link #shutdownOutput()} ended stays ended: nothing
     * can be written to the connection that adopts the socket.
     *
     * <p>In the blocking style it is for the thread that reads and writes: the handler's own, or the caller's of a dial. That thread may
     * wait for the result; reading and writing fail from the call on, and a reader that was got before must not be used any more.
     *
     * @return completes on the loop's thread, so what depends on it must not block; whoever gets it has to end it. It fails with
     *     {@link ConnectionClosedException} if the connection is closed, being closed or detached already, not open yet, or ends while it
     *     is being detached, by a reset of the peer or by the end of the engine, say
     * @throws IllegalStateException in the blocking style, if called on a loop, or on another thread than the handler's
     * @see #tls() a connection with TLS cannot be detached: the result fails with {@link UnsupportedOperationException}, and it goes on
     */
    CompletableFuture<DetachedConnection> detach();

    /**
     * Has {@code next} serve the connection from now on: when two sides have agreed on another protocol. Its {@code prepare} and
     * {@code onOpen} are called soon, and then {@code onData} with what has been received and not read. The last handler hears nothing more of
     * the connection, but for its end if that has come already; what it has written is sent. Timeouts and what is attached stay.
     *
     * <p>In the blocking style it is for the handler's own thread; reading and writing fail from the call on, and a reader that was got before
     * must not be used any more.
     *
     * @throws IllegalStateException in the blocking style, if called on another thread than the handler's
     */
    void handOver(ConnectionHandler next);

    /** Sends what is pending, then FIN. Reading goes on; writing fails from now on. */
    void shutdownOutput();

    /** Stops receiving until {@link #resume()}: the peer is held back by its TCP window. */
    void pause();

    /** Receives again. What came before the pause took effect is delivered now. */
    void resume();

    /** Whether it is open: made, not being closed, and no end or error of the peer has been seen. */
    boolean isOpen();

    /**
     * Asks the operating system whether the peer is there still: it has neither closed nor reset, as far as is known on this machine. For
     * pools, before a connection is used again. It consumes nothing, and bytes that wait to be read do not hide the end behind them.
     *
     * <p>On the connection's loop the answer is there at once; any other thread waits for the loop.
     *
     * @throws IllegalStateException if called on the thread of another loop, which must not wait
     */
    boolean isActive();

    /**
     * Has {@code callback} called once when the connection is closed and gone, before the handler's {@code onClose}; the last that was
     * added comes first. On the loop's thread, so it must not block. On a closed connection it is called soon. What it throws is logged.
     */
    void onClose(Consumer<CloseCause> callback);

    /**
     * The bytes written and not taken by the kernel yet, those of {@link #sendFile} and {@link #sendLarge} included, of which each counts as 16 KiB at
     * least.
     */
    long pendingBytes();

    /**
     * The address of this side; empty for an unnamed unix socket, or after the close. Behind a {@link io.hawser.proxy.ProxyReceiver}, where the
     * client has connected to. The loop's thread only.
     */
    Optional<SocketAddress> localAddress();

    /**
     * The address of the peer, also after the close; empty for an unnamed unix socket. Behind a {@link io.hawser.proxy.ProxyReceiver}, that of the
     * client.
     */
    Optional<SocketAddress> remoteAddress();

    /** What was agreed on by TLS; empty where none is spoken. From {@link ConnectionHandler#prepare} on, also after the close. */
    Optional<TlsSession> tls();

    /**
     * What the stages between the socket and the connection know of it: a {@link io.hawser.proxy.ProxyHeader} that it began with, say.
     *
     * @param kind the type of what is asked for
     */
    <T> Optional<T> find(Class<T> kind);

    /** Keeps {@code value} with the connection, for its handler; it replaces the last one. */
    void attach(Object value);

    /** What was last attached. */
    Optional<Object> attachment();

    /**
     * What was last attached, for a handler that attaches something to each of its connections.
     *
     * @param kind what it is
     * @throws IllegalStateException if nothing was attached
     * @throws ClassCastException if it is something else
     */
    <T> T attachment(Class<T> kind);

    /**
     * Sets how long the connection may be silent while it is read: neither paused, nor held back by too much that is pending, nor ended by
     * the peer's FIN. Then it is closed with {@link CloseCause.Kind#TIMED_OUT}. In the blocking style it says how long one read may wait
     * instead, which ends in a {@link ReadTimeoutException}; there it applies to reads that begin after the call.
     *
     * @param timeout zero for none
     * @throws IllegalArgumentException if it is negative
     */
    void readTimeout(Duration timeout);

    /**
     * Sets how long the kernel may take nothing of what is pending, since the peer takes nothing. Then the connection is reset, with
     * {@link CloseCause.Kind#TIMED_OUT}. In the blocking style it says how long one write or flush may wait for room instead, which ends
     * in a {@link WriteTimeoutException}; there it applies to writes that begin after the call.
     *
     * @param timeout zero for none
     * @throws IllegalArgumentException if it is negative
     */
    void writeTimeout(Duration timeout);

    /**
     * Sets how long there may be neither a byte received nor one sent. Then the connection is closed with
     * {@link CloseCause.Kind#TIMED_OUT}, whatever the style, and whatever a handler is busy with.
     *
     * @param timeout zero for none
     * @throws IllegalArgumentException if it is negative
     */
    void idleTimeout(Duration timeout);

    /**
     * Sets how slowly the peer may take what is pending; at first as slowly as it likes. Who is slower is reset, with
     * {@link CloseCause.Kind#TIMED_OUT}, whatever the style: a thread that waits for room then finds the connection closed. It goes on while a
     * {@link #close()} sends what is pending, in place of the {@link ConnectionOptions#closeTimeout}, which begins to count when all is sent.
     *
     * @param rate {@link LeastRate#NONE} for none
     */
    void leastRate(LeastRate rate);

    /** How slowly the peer may take what is pending; {@link LeastRate#NONE} for as slowly as it likes. */
    LeastRate leastRate();

    /** The read timeout; zero for none. */
    Duration readTimeout();

    /** The write timeout; zero for none. */
    Duration writeTimeout();

    /** The idle timeout; zero for none. */
    Duration idleTimeout();

    /**
     * Runs {@code task} on the loop's thread.
     *
     * @throws java.util.concurrent.RejectedExecutionException if too many tasks wait, or the loop has been stopped
     */
    void execute(Runnable task);

    /** The loop to which it belongs. */
    EventLoop loop();

    /** The engine to which it belongs. */
    Engine engine();
}
