// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.hawser.linux.CallState;
import io.hawser.linux.Errno;
import io.hawser.linux.LinuxException;
import io.hawser.linux.SockAddrDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.SocketOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Makes sockets and sets them up. Belongs to one loop and is used on its thread. */
public final class PosixSockets {
    private static final byte[] NO_ADDRESS = {};

    private final CallState state;
    private final int typeFlags;
    private final SockAddrDescriptor address;
    private final MemorySegment value;

    /**
     * @param typeFlags added to the type of new sockets: {@code SOCK_NONBLOCK} for epoll; none for io_uring, which reports
     *     EAGAIN on non-blocking sockets instead of waiting
     */
    public PosixSockets(CallState state, int typeFlags, Arena arena) {
        this.state = state;
        this.typeFlags = typeFlags | Sockets.SOCK_CLOEXEC;
        this.address = new SockAddrDescriptor(arena);
        this.value = arena.allocate(16, 8);
        SocketErrors.load();
    }

    /** The file status flags of its sockets: {@code O_NONBLOCK} or 0 ({@code SOCK_NONBLOCK} is the same bit, socket(2)). */
    public int statusFlags() {
        return typeFlags & Sockets.SOCK_NONBLOCK;
    }

    /**
     * Takes a connected socket over and sets it up.
     *
     * @throws IOException if an option cannot be set; the socket is closed then
     */
    public int take(AcceptedDescriptor accepted, SocketOptions options) throws IOException {
        final boolean foreign = accepted.statusFlags() != statusFlags();
        final int fd = accepted.take();
        try {
            if (foreign) {
                LinuxException.check("fcntl F_SETFL", Sockets.setStatusFlags(state, fd, statusFlags()));
            }
            setStreamOptions(fd, accepted.isTcp(), options);
            return fd;
        } catch (IOException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    /** The flags that accepted sockets get, too. */
    public int acceptFlags() {
        return typeFlags;
    }

    /** A socket that listens at {@code local}. */
    public int listen(SocketAddress local, SocketOptions options) throws IOException {
        final boolean unix = local instanceof UnixDomainSocketAddress;
        final int fd = socket(local);
        try {
            if (!unix && options.reuseAddress()) {
                set(fd, Sockets.SOL_SOCKET, Sockets.SO_REUSEADDR, 1, "SO_REUSEADDR");
            }
            if (!unix && options.reusePort()) {
                set(fd, Sockets.SOL_SOCKET, Sockets.SO_REUSEPORT, 1, "SO_REUSEPORT");
            }
            if (SockAddrDescriptor.family(local) == Sockets.AF_INET6) {
                set(fd, Sockets.IPPROTO_IPV6, Sockets.IPV6_V6ONLY, options.v6Only() ? 1 : 0, "IPV6_V6ONLY");
            }
            // Buffer sizes are inherited by accepted sockets, and must be known before the window scale is agreed on.
            setBuffers(fd, options);
            if (!unix) {
                setDevice(fd, options);
            }
            if (!unix && options.fastOpenQueue() > 0) {
                set(fd, Sockets.IPPROTO_TCP, Sockets.TCP_FASTOPEN, options.fastOpenQueue(), "TCP_FASTOPEN");
            }
            encode(local);
            final int bound = Sockets.bind(state, fd, address.address(), address.length());
            if (bound < 0) {
                throw SocketErrors.bind(local, -bound);
            }
            final int listening = Sockets.listen(state, fd, options.backlog());
            if (listening < 0) {
                throw SocketErrors.bind(local, -listening);
            }
            return fd;
        } catch (IOException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    /** A socket of the family of {@code remote}, with the options set that must be there before the connect. */
    public int dialling(SocketAddress remote, SocketOptions options) throws IOException {
        final boolean tcp = !(remote instanceof UnixDomainSocketAddress);
        final int fd = socket(remote);
        try {
            setBuffers(fd, options);
            setStreamOptions(fd, tcp, options);
            if (tcp) {
                setDevice(fd, options);
            }
            if (tcp && options.fastOpenConnect()) {
                set(fd, Sockets.IPPROTO_TCP, Sockets.TCP_FASTOPEN_CONNECT, 1, "TCP_FASTOPEN_CONNECT");
            }
            return fd;
        } catch (IOException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    /** Sets what a connected socket is to have. */
    public void setStreamOptions(int fd, boolean tcp, SocketOptions options) throws IOException {
        if (tcp && options.noDelay()) {
            set(fd, Sockets.IPPROTO_TCP, Sockets.TCP_NODELAY, 1, "TCP_NODELAY");
        }
        if (tcp && options.keepAlive()) {
            set(fd, Sockets.SOL_SOCKET, Sockets.SO_KEEPALIVE, 1, "SO_KEEPALIVE");
            setUnlessZero(fd, Sockets.TCP_KEEPIDLE, options.keepAliveIdleSeconds(), "TCP_KEEPIDLE");
            setUnlessZero(fd, Sockets.TCP_KEEPINTVL, options.keepAliveIntervalSeconds(), "TCP_KEEPINTVL");
            setUnlessZero(fd, Sockets.TCP_KEEPCNT, options.keepAliveCount(), "TCP_KEEPCNT");
        }
        if (tcp) {
            setUnlessZero(fd, Sockets.TCP_USER_TIMEOUT, options.userTimeoutMs(), "TCP_USER_TIMEOUT");
            setLinger(fd, options.lingerSeconds());
        }
    }

    private void setUnlessZero(int fd, int tcpOption, int optionValue, String name) throws IOException {
        if (optionValue != 0) {
            set(fd, Sockets.IPPROTO_TCP, tcpOption, optionValue, name);
        }
    }

    private void setLinger(int fd, int seconds) throws IOException {
        if (seconds != SocketOptions.NO_LINGER) {
            value.set(JAVA_INT, 0, 1);
            value.set(JAVA_INT, 4, seconds);
            LinuxException.check(
                    "setsockopt SO_LINGER",
                    Sockets.setsockopt(state, fd, Sockets.SOL_SOCKET, Sockets.SO_LINGER, value.address(), 8));
        }
    }

    private void setDevice(int fd, SocketOptions options) throws IOException {
        if (!options.device().isEmpty()) {
            value.setString(0, options.device());
            final int length = options.device().getBytes(StandardCharsets.UTF_8).length;
            LinuxException.check(
                    "setsockopt SO_BINDTODEVICE " + options.device(),
                    Sockets.setsockopt(
                            state, fd, Sockets.SOL_SOCKET, Sockets.SO_BINDTODEVICE, value.address(), length));
        }
    }

    /** Makes the next close discard what is unsent and answer with RST (socket(7), SO_LINGER with a time of zero). */
    public void setReset(int fd) {
        // struct linger { int onoff; int seconds; }
        value.set(JAVA_INT, 0, 1);
        value.set(JAVA_INT, 4, 0);
        // A socket that is gone already needs no reset, so the result does not matter.
        Sockets.setsockopt(state, fd, Sockets.SOL_SOCKET, Sockets.SO_LINGER, value.address(), 8);
    }

    /** Whether the peer of a connected stream has neither shut its side down nor gone (poll(2)). Nothing is consumed. */
    public boolean isPeerPresent(int fd) {
        // struct pollfd { int fd; short events; short revents; }
        value.set(JAVA_INT, 0, fd);
        value.set(JAVA_SHORT, 4, (short) Sockets.POLLRDHUP);
        value.set(JAVA_SHORT, 6, (short) 0);
        return Sockets.poll(state, value.address(), 1) <= 0;
    }

    /** The pending error of a socket (SO_ERROR), as a positive errno, or 0. */
    public int pendingError(int fd) {
        value.set(JAVA_INT, 0, 0);
        value.set(JAVA_INT, 4, Integer.BYTES);
        final int result = Sockets.getsockopt(
                state, fd, Sockets.SOL_SOCKET, Sockets.SO_ERROR, value.address(), value.address() + Integer.BYTES);
        return result < 0 ? -result : value.get(JAVA_INT, 0);
    }

    /**
     * The sockaddr of {@code remote} in this object's memory, which the next call overwrites.
     *
     * @throws SocketException if it is a unix path that is too long for one
     */
    public SockAddrDescriptor encode(SocketAddress remote) throws SocketException {
        try {
            address.write(remote);
        } catch (IllegalArgumentException e) {
            final var failure = new SocketException(e.getMessage());
            failure.initCause(e);
            throw failure;
        }
        return address;
    }

    /** The address that {@code fd} is bound to. */
    public Optional<SocketAddress> localAddress(int fd) {
        address.clear();
        return Sockets.getsockname(state, fd, address.address(), address.lengthAddress()) < 0
                ? Optional.empty()
                : address.read();
    }

    /** The address that {@code fd} is connected to, for {@link SockAddrDescriptor#decode}; empty when the peer has gone. */
    public byte[] remoteAddress(int fd) {
        address.clear();
        return Sockets.getpeername(state, fd, address.address(), address.lengthAddress()) < 0
                ? NO_ADDRESS
                : address.bytes();
    }

    private int socket(SocketAddress address) throws IOException {
        return LinuxException.check(
                "socket for " + address,
                Sockets.socket(state, SockAddrDescriptor.family(address), Sockets.SOCK_STREAM | typeFlags, 0));
    }

    private void setBuffers(int fd, SocketOptions options) throws IOException {
        if (options.sendBufferBytes() > 0) {
            set(fd, Sockets.SOL_SOCKET, Sockets.SO_SNDBUF, options.sendBufferBytes(), "SO_SNDBUF");
        }
        if (options.receiveBufferBytes() > 0) {
            set(fd, Sockets.SOL_SOCKET, Sockets.SO_RCVBUF, options.receiveBufferBytes(), "SO_RCVBUF");
        }
    }

    void set(int fd, int level, int option, int optionValue, String name) throws IOException {
        value.set(JAVA_INT, 0, optionValue);
        final int result = Sockets.setsockopt(state, fd, level, option, value.address(), Integer.BYTES);
        if (result < 0) {
            throw new SocketException(name + "=" + optionValue + ": " + Errno.describe(-result));
        }
    }
}
