// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.hawser.linux.CallState;
import io.hawser.linux.Errno;
import io.hawser.linux.SockAddrDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.AcceptedSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.OptionalInt;

/** A connected socket as a bare file descriptor, on its way to a loop. */
public final class AcceptedDescriptor implements AcceptedSocket {
    private static final int UNKNOWN_FLAGS = -1;

    private final int fd;
    private final boolean tcp;
    private final int statusFlags;
    private boolean owned = true;

    /**
     * Takes ownership of {@code fd}.
     *
     * @param statusFlags {@code O_NONBLOCK} or 0, whichever it has
     */
    public AcceptedDescriptor(int fd, boolean tcp, int statusFlags) {
        this.fd = fd;
        this.tcp = tcp;
        this.statusFlags = statusFlags;
    }

    /**
     * Takes ownership of a descriptor that is not of Hawser's making.
     *
     * @throws IllegalArgumentException if it is no connected stream socket, TCP or unix; the descriptor is the caller's still
     */
    public static AcceptedDescriptor adopt(int fd) {
        final int domain = option(fd, Sockets.SO_DOMAIN);
        final int type = option(fd, Sockets.SO_TYPE);
        final boolean inet = domain == Sockets.AF_INET || domain == Sockets.AF_INET6;
        if (type != Sockets.SOCK_STREAM || !(inet || domain == Sockets.AF_UNIX)) {
            throw new IllegalArgumentException("Descriptor " + fd + " is no stream socket, TCP or unix");
        }
        try (Arena arena = Arena.ofConfined()) {
            final var address = new SockAddrDescriptor(arena);
            address.clear();
            final int result = Sockets.getpeername(new CallState(), fd, address.address(), address.lengthAddress());
            if (result < 0) {
                throw new IllegalArgumentException("Descriptor " + fd + ": " + Errno.describe(-result));
            }
        }
        return new AcceptedDescriptor(fd, inet, UNKNOWN_FLAGS);
    }

    private static int option(int fd, int option) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment value = arena.allocate(2L * Integer.BYTES, Integer.BYTES);
            value.set(JAVA_INT, Integer.BYTES, Integer.BYTES);
            final int result = Sockets.getsockopt(
                    new CallState(), fd, Sockets.SOL_SOCKET, option, value.address(), value.address() + Integer.BYTES);
            if (result < 0) {
                throw new IllegalArgumentException("Descriptor " + fd + ": " + Errno.describe(-result));
            }
            return value.get(JAVA_INT, 0);
        }
    }

    /**
     * {@code accepted} as what it must be for a transport over descriptors.
     *
     * @throws UnsupportedOperationException if it is something else; it is closed then
     */
    public static AcceptedDescriptor of(AcceptedSocket accepted, String transport) {
        if (accepted instanceof AcceptedDescriptor descriptor) {
            return descriptor;
        }
        accepted.close();
        throw new UnsupportedOperationException(
                "The " + transport + " transport attaches file descriptors, and this is none: " + accepted);
    }

    /** Whether it is a TCP socket; otherwise it is a unix one. */
    public boolean isTcp() {
        return tcp;
    }

    /** {@code O_NONBLOCK} or 0; anything else if that is not known. */
    int statusFlags() {
        return statusFlags;
    }

    /** Gives the descriptor to the caller, who closes it from now on. */
    public int take() {
        requireOwned();
        owned = false;
        return fd;
    }

    private void requireOwned() {
        if (!owned) {
            throw new IllegalStateException("This socket was attached, taken or closed before");
        }
    }

    @Override
    public OptionalInt takeDescriptor() {
        return OptionalInt.of(take());
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        requireOwned();
        try (Arena arena = Arena.ofConfined()) {
            final var address = new SockAddrDescriptor(arena);
            address.clear();
            final int result = Sockets.getpeername(new CallState(), fd, address.address(), address.lengthAddress());
            return result < 0 ? Optional.empty() : address.read();
        }
    }

    @Override
    public void close() {
        if (owned) {
            owned = false;
            Sockets.close(new CallState(), fd);
        }
    }

    @Override
    public String toString() {
        return "descriptor " + fd;
    }
}
