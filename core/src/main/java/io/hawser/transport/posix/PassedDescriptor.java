// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.hawser.linux.CallState;
import io.hawser.linux.Descriptors;
import io.hawser.linux.LinuxException;
import io.hawser.linux.SockAddrDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.PassedSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;

/** A passed socket as a bare file descriptor. */
public final class PassedDescriptor implements PassedSocket {
    private static final int NO_OPTION = -1;

    private final int fd;
    private boolean owned = true;

    /** Takes ownership of {@code fd}. */
    public PassedDescriptor(int fd) {
        this.fd = fd;
    }

    /**
     * A descriptor of its own for the socket {@code fd}.
     *
     * @throws IOException if the process is out of descriptors
     */
    public static PassedDescriptor duplicate(CallState state, int fd) throws IOException {
        return new PassedDescriptor(LinuxException.check("fcntl F_DUPFD_CLOEXEC", Descriptors.duplicate(state, fd)));
    }

    /**
     * The descriptor, which is the caller's from now on.
     *
     * @throws IllegalArgumentException if {@code passed} is of another kind of transport
     */
    public static int take(PassedSocket passed) {
        final PassedDescriptor own = own(passed);
        own.requireOwned();
        own.owned = false;
        return own.fd;
    }

    /**
     * The address of a listening stream socket.
     *
     * @throws IOException if it is something else; it is closed then
     */
    public static SocketAddress requireListener(PassedSocket passed) throws IOException {
        final Kind kind = passed.kind();
        final Optional<SocketAddress> bound = passed.localAddress();
        if (bound.isEmpty() || (kind != Kind.TCP && kind != Kind.UNIX)) {
            passed.close();
            throw new IOException("No listening stream socket, but " + kind);
        }
        return bound.get();
    }

    /**
     * The address of a UDP socket.
     *
     * @throws IOException if it is something else; it is closed then
     */
    public static InetSocketAddress requireDatagram(PassedSocket passed) throws IOException {
        if (passed.kind() != Kind.UDP || !(passed.localAddress().orElse(null) instanceof InetSocketAddress bound)) {
            passed.close();
            throw new IOException("No UDP socket");
        }
        return bound;
    }

    private static PassedDescriptor own(PassedSocket passed) {
        if (passed instanceof PassedDescriptor own) {
            return own;
        }
        passed.close();
        throw new IllegalArgumentException("Another kind of transport made this: " + passed);
    }

    /** The descriptor, which stays with this. */
    static int peek(PassedSocket passed) {
        final PassedDescriptor own = own(passed);
        own.requireOwned();
        return own.fd;
    }

    private void requireOwned() {
        if (!owned) {
            throw new IllegalStateException("This passed socket was taken or closed before");
        }
    }

    @Override
    public Kind kind() {
        requireOwned();
        final int type = option(Sockets.SO_TYPE);
        final boolean listening = option(Sockets.SO_ACCEPTCONN) == 1;
        final int domain = option(Sockets.SO_DOMAIN);
        final int protocol = option(Sockets.SO_PROTOCOL);
        if (domain == Sockets.AF_UNIX) {
            return type == Sockets.SOCK_STREAM && listening ? Kind.UNIX : Kind.OTHER;
        }
        if (domain != Sockets.AF_INET && domain != Sockets.AF_INET6) {
            return Kind.OTHER;
        }
        if (type == Sockets.SOCK_STREAM && protocol == Sockets.IPPROTO_TCP && listening) {
            return Kind.TCP;
        }
        return type == Sockets.SOCK_DGRAM && protocol == Sockets.IPPROTO_UDP ? Kind.UDP : Kind.OTHER;
    }

    /** The value of an option of SOL_SOCKET; {@value #NO_OPTION} if there is none, as of what is no socket. */
    private int option(int option) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment value = arena.allocate(2L * Integer.BYTES, 4);
            value.set(JAVA_INT, Integer.BYTES, Integer.BYTES);
            final long address = value.address();
            final int result = Sockets.getsockopt(
                    new CallState(), fd, Sockets.SOL_SOCKET, option, address, address + Integer.BYTES);
            return result < 0 ? NO_OPTION : value.get(JAVA_INT, 0);
        }
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        requireOwned();
        try (Arena arena = Arena.ofConfined()) {
            final var address = new SockAddrDescriptor(arena);
            address.clear();
            final int result = Sockets.getsockname(new CallState(), fd, address.address(), address.lengthAddress());
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
}
