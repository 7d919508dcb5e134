// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BlockPool;
import io.hawser.transport.AcceptedSocket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A connected socket that {@link Connection#detach} took out of its engine, with the bytes that were received and not read.
 *
 * <p><b>Ends</b> in one of four ways, once: {@link Engine#adopt(DetachedConnection, ConnectionOptions, ConnectionHandler)}, of whatever
 * engine with a transport of the same kind, and its siblings; {@link #takeChannel()}; {@link #takeDescriptor()}; or {@link #close()}. One
 * that has not ended when the engine that it was detached from is closed, is closed by that; in checked mode the close fails and names the
 * place where the connection was detached.
 *
 * <p><b>Thread:</b> any.
 */
public final class DetachedConnection implements AutoCloseable {
    private final Engine engine;
    private final AtomicReference<@Nullable AcceptedSocket> socket;
    private final byte[] unread;
    private final Optional<SocketAddress> remote;
    private final boolean dialled;
    private final boolean outputEnded;
    private final String name;
    private final Optional<Throwable> detachedAt;

    /**
     * @param unread the handle's from now on
     * @param dialled whether this side connected
     * @param outputEnded whether FIN has been sent
     * @param name what to call it in messages
     */
    DetachedConnection(
            Engine engine,
            AcceptedSocket socket,
            byte[] unread,
            Optional<SocketAddress> remote,
            boolean dialled,
            boolean outputEnded,
            String name,
            Optional<Throwable> detachedAt) {
        this.engine = engine;
        this.socket = new AtomicReference<>(socket);
        this.unread = unread;
        this.remote = remote;
        this.dialled = dialled;
        this.outputEnded = outputEnded;
        this.name = name;
        this.detachedAt = detachedAt;
    }

    /** Where a connection is detached from here, which only the checked mode wants to know. */
    static Optional<Throwable> place() {
        return BlockPool.isChecked()
                ? Optional.of(new Throwable("detached here by " + Thread.currentThread()))
                : Optional.empty();
    }

    /** The address of the peer; empty for an unnamed unix socket. */
    public Optional<SocketAddress> remoteAddress() {
        return remote;
    }

    /** The name of the transport that the socket comes from: {@code io_uring}, {@code epoll}, {@code nio}. */
    public String transport() {
        return engine.transport();
    }

    /**
     * The bytes that were received and not read: they come before all that is still to be received from the socket. Whoever takes the
     * socket by {@link #takeChannel()} or {@link #takeDescriptor()} has to read these first; an engine that adopts the connection delivers
     * them by itself.
     *
     * @return a read-only buffer of its own, from the first byte to the last; also after the end of this
     */
    public ByteBuffer unread() {
        return ByteBuffer.wrap(unread).asReadOnlyBuffer();
    }

    /** Whether it still has its socket: it was neither adopted, nor taken, nor closed. */
    public boolean isOpen() {
        return socket.get() != null;
    }

    /**
     * Gives the socket to the caller as a channel of the JDK. It is in non-blocking mode, and registered with no selector.
     *
     * @throws UnsupportedOperationException if the transport is not {@code nio}: the JDK makes no channel of a file descriptor
     * @throws IllegalStateException if it was adopted, taken or closed before
     */
    public SocketChannel takeChannel() {
        final AcceptedSocket taken = take();
        final Optional<SocketChannel> channel = taken.takeChannel();
        if (channel.isEmpty()) {
            putBack(taken);
            throw new UnsupportedOperationException(
                    "The " + transport() + " transport has file descriptors, of which the"
                            + " JDK makes no channels; takeDescriptor(), or use an engine over nio");
        }
        return channel.get();
    }

    /**
     * Gives the socket to the caller as a file descriptor, who has to close it. It is in non-blocking mode if it comes from epoll, in
     * blocking mode if it comes from io_uring, and closed on exec(3).
     *
     * @throws UnsupportedOperationException if the transport has no descriptors, as {@code nio}, of whose channels the JDK does not tell them
     * @throws IllegalStateException if it was adopted, taken or closed before
     */
    public int takeDescriptor() {
        final AcceptedSocket taken = take();
        final OptionalInt descriptor = taken.takeDescriptor();
        if (descriptor.isEmpty()) {
            putBack(taken);
            throw new UnsupportedOperationException(
                    "The " + transport() + " transport does not know the descriptors of its"
                            + " sockets; takeChannel(), or use an engine over io_uring or epoll");
        }
        return descriptor.getAsInt();
    }

    /** Closes the socket. After it was adopted or taken this does nothing. */
    @Override
    public void close() {
        closeIfOpen();
    }

    /** Whether there was something to close. */
    boolean closeIfOpen() {
        final AcceptedSocket open = socket.getAndSet(null);
        if (open == null) {
            return false;
        }
        engine.detachments().remove(this);
        open.close();
        return true;
    }

    /**
     * The socket, which is the caller's from now on.
     *
     * @throws IllegalStateException if it was adopted, taken or closed before
     */
    AcceptedSocket take() {
        final AcceptedSocket open = socket.getAndSet(null);
        if (open == null) {
            throw new IllegalStateException(this + " was adopted, taken or closed before");
        }
        engine.detachments().remove(this);
        return open;
    }

    private void putBack(AcceptedSocket taken) {
        socket.set(taken);
        engine.detachments().add(this);
    }

    boolean isDialled() {
        return dialled;
    }

    boolean isOutputEnded() {
        return outputEnded;
    }

    /** {@link #unread()}, not to be changed. */
    byte[] unreadBytes() {
        return unread;
    }

    /** Checked mode: where the connection was detached. */
    Optional<Throwable> detachedAt() {
        return detachedAt;
    }

    @Override
    public String toString() {
        return "detached " + name;
    }
}
