// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import java.lang.invoke.MethodHandle;

/**
 * Socket calls (socket(2) and the pages it names).
 *
 * <p>Any thread, with a {@link CallState} of its own. Addresses are native; the memory behind them must outlive the call.
 */
public final class Sockets {
    public static final int AF_UNIX = 1;
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;

    public static final int SOCK_STREAM = 1;
    public static final int SOCK_DGRAM = 2;
    public static final int SOCK_NONBLOCK = 0x800;
    public static final int SOCK_CLOEXEC = 0x80000;

    /** fcntl(2), {@code asm-generic/fcntl.h}. */
    public static final int F_SETFL = 4;

    public static final int SOL_SOCKET = 1;
    public static final int SO_REUSEADDR = 2;
    public static final int SO_TYPE = 3;
    public static final int SO_ERROR = 4;
    public static final int SO_BROADCAST = 6;
    public static final int SO_SNDBUF = 7;
    public static final int SO_RCVBUF = 8;
    public static final int SO_KEEPALIVE = 9;
    public static final int SO_LINGER = 13;
    public static final int SO_REUSEPORT = 15;
    public static final int SO_PEERCRED = 17;
    public static final int SO_BINDTODEVICE = 25;
    public static final int SO_ACCEPTCONN = 30;
    public static final int SO_PROTOCOL = 38;
    public static final int SO_DOMAIN = 39;
    public static final int SO_MEMINFO = 55;
    /** Index of the count of dropped datagrams in what {@code SO_MEMINFO} gives ({@code SK_MEMINFO_DROPS}, 32 bits each). */
    public static final int MEMINFO_DROPS = 8;
    /** How many numbers {@code SO_MEMINFO} gives. */
    public static final int MEMINFO_VARS = 9;

    public static final int IPPROTO_IP = 0;
    public static final int IP_MULTICAST_IF = 32;
    public static final int IP_MULTICAST_TTL = 33;
    public static final int IP_MULTICAST_LOOP = 34;
    public static final int IP_ADD_MEMBERSHIP = 35;
    public static final int IP_DROP_MEMBERSHIP = 36;
    public static final int IP_MULTICAST_ALL = 49;

    public static final int IPPROTO_TCP = 6;
    public static final int TCP_NODELAY = 1;
    public static final int TCP_KEEPIDLE = 4;
    public static final int TCP_KEEPINTVL = 5;
    public static final int TCP_KEEPCNT = 6;
    public static final int TCP_USER_TIMEOUT = 18;
    public static final int TCP_FASTOPEN = 23;
    public static final int TCP_FASTOPEN_CONNECT = 30;

    public static final int IPPROTO_IPV6 = 41;
    public static final int IPV6_MULTICAST_IF = 17;
    public static final int IPV6_MULTICAST_HOPS = 18;
    public static final int IPV6_MULTICAST_LOOP = 19;
    public static final int IPV6_JOIN_GROUP = 20;
    public static final int IPV6_LEAVE_GROUP = 21;
    public static final int IPV6_V6ONLY = 26;

    public static final int IPPROTO_UDP = 17;
    public static final int UDP_SEGMENT = 103;
    public static final int UDP_GRO = 104;

    /** Type of a control message of {@code SOL_SOCKET} that carries descriptors (unix(7)). */
    public static final int SCM_RIGHTS = 1;

    /** Flag of a received message: control data were cut for want of room. */
    public static final int MSG_CTRUNC = 0x8;

    public static final int MSG_TRUNC = 0x20;
    public static final int MSG_DONTWAIT = 0x40;
    public static final int MSG_NOSIGNAL = 0x4000;
    /** Received descriptors are closed on exec (recvmsg(2)). */
    public static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

    public static final int SHUT_WR = 1;

    /** poll(2), {@code asm-generic/poll.h}. */
    public static final int POLLIN = 0x1;

    public static final int POLLOUT = 0x4;
    public static final int POLLERR = 0x8;
    public static final int POLLHUP = 0x10;
    public static final int POLLRDHUP = 0x2000;

    /** The most {@code iovec}s that one call takes ({@code UIO_MAXIOV}, {@code linux/uio.h}). */
    public static final int IOV_MAX = 1024;

    private static final MethodHandle SOCKET = Native.function("socket");
    private static final MethodHandle BIND = Native.function("bind");
    private static final MethodHandle LISTEN = Native.function("listen");
    private static final MethodHandle ACCEPT4 = Native.function("accept4");
    private static final MethodHandle CONNECT = Native.function("connect");
    private static final MethodHandle GETSOCKNAME = Native.function("getsockname");
    private static final MethodHandle GETPEERNAME = Native.function("getpeername");
    private static final MethodHandle SETSOCKOPT = Native.function("setsockopt");
    private static final MethodHandle GETSOCKOPT = Native.function("getsockopt");
    private static final MethodHandle SHUTDOWN = Native.function("shutdown");
    private static final MethodHandle FCNTL = Native.function("fcntl");
    private static final MethodHandle CLOSE = Native.function("close");

    private static final MethodHandle POLL = Native.function("poll");

    private static final MethodHandle RECVMSG = Native.function("recvmsg");

    private static final MethodHandle RECV = Native.function("recv");
    private static final MethodHandle SEND = Native.function("send");
    private static final MethodHandle SENDMSG = Native.function("sendmsg");
    private static final MethodHandle RECVMMSG = Native.function("recvmmsg");
    private static final MethodHandle SENDMMSG = Native.function("sendmmsg");

    private Sockets() {}

    /** socket(2). */
    public static int socket(CallState state, int domain, int type, int protocol) {
        try {
            // SAFETY: takes numbers only.
            return state.result((int) (long)
                    SOCKET.invokeExact(state.segment(), (long) domain, (long) type, (long) protocol, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** bind(2); {@code address} points to {@code length} bytes of a sockaddr. */
    public static int bind(CallState state, int fd, long address, int length) {
        try {
            // SAFETY: the kernel reads length bytes of a sockaddr that the caller wrote.
            return state.result(
                    (int) (long) BIND.invokeExact(state.segment(), (long) fd, address, (long) length, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** listen(2). */
    public static int listen(CallState state, int fd, int backlog) {
        try {
            // SAFETY: takes numbers only.
            return state.result(
                    (int) (long) LISTEN.invokeExact(state.segment(), (long) fd, (long) backlog, 0L, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** accept4(2) without asking for the peer's address. */
    public static int accept(CallState state, int fd, int flags) {
        try {
            // SAFETY: both pointers are null, so the kernel writes nothing.
            return state.result(
                    (int) (long) ACCEPT4.invokeExact(state.segment(), (long) fd, 0L, 0L, (long) flags, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** connect(2) on a non-blocking socket. */
    public static int connect(CallState state, int fd, long address, int length) {
        try {
            // SAFETY: the kernel reads length bytes of a sockaddr that the caller wrote.
            return state.result(
                    (int) (long) CONNECT.invokeExact(state.segment(), (long) fd, address, (long) length, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** getsockname(2); {@code lengthAddress} points to an int that holds the room at {@code address}. */
    public static int getsockname(CallState state, int fd, long address, long lengthAddress) {
        try {
            // SAFETY: the kernel writes no more than the room stated at lengthAddress.
            return state.result((int)
                    (long) GETSOCKNAME.invokeExact(state.segment(), (long) fd, address, lengthAddress, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** getpeername(2); as {@link #getsockname}. */
    public static int getpeername(CallState state, int fd, long address, long lengthAddress) {
        try {
            // SAFETY: the kernel writes no more than the room stated at lengthAddress.
            return state.result((int)
                    (long) GETPEERNAME.invokeExact(state.segment(), (long) fd, address, lengthAddress, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** setsockopt(2). */
    public static int setsockopt(CallState state, int fd, int level, int option, long value, int length) {
        try {
            // SAFETY: the kernel reads length bytes at value.
            return state.result((int) (long) SETSOCKOPT.invokeExact(
                    state.segment(), (long) fd, (long) level, (long) option, value, (long) length, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** getsockopt(2); {@code lengthAddress} points to an int that holds the room at {@code value}. */
    public static int getsockopt(CallState state, int fd, int level, int option, long value, long lengthAddress) {
        try {
            // SAFETY: the kernel writes no more than the room stated at lengthAddress.
            return state.result((int) (long) GETSOCKOPT.invokeExact(
                    state.segment(), (long) fd, (long) level, (long) option, value, lengthAddress, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** poll(2) of {@code count} pollfds at {@code fds}, without waiting. */
    public static int poll(CallState state, long fds, long count) {
        return poll(state, fds, count, 0);
    }

    /** poll(2) of {@code count} pollfds at {@code fds}, for {@code timeoutMs} milliseconds at most; -1 waits for ever. */
    public static int poll(CallState state, long fds, long count, int timeoutMs) {
        try {
            // SAFETY: the kernel reads and writes count pollfds, which are the caller's for the duration of the call.
            return state.result(
                    (int) (long) POLL.invokeExact(state.segment(), fds, count, (long) timeoutMs, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** fcntl(2) with {@code F_SETFL}: {@code O_NONBLOCK}, which has the value of {@link #SOCK_NONBLOCK}, or 0. */
    public static int setStatusFlags(CallState state, int fd, int flags) {
        try {
            // SAFETY: takes numbers only.
            return state.result((int)
                    (long) FCNTL.invokeExact(state.segment(), (long) fd, (long) F_SETFL, (long) flags, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** shutdown(2). */
    public static int shutdown(CallState state, int fd, int how) {
        try {
            // SAFETY: takes numbers only.
            return state.result(
                    (int) (long) SHUTDOWN.invokeExact(state.segment(), (long) fd, (long) how, 0L, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * close(2). The descriptor is gone whatever is returned; never call it twice, the number may be another's by then.
     */
    public static int close(CallState state, int fd) {
        try {
            // SAFETY: takes a number only; the caller owns the descriptor.
            return state.result((int) (long) CLOSE.invokeExact(state.segment(), (long) fd, 0L, 0L, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** recv(2) on a non-blocking socket, into {@code length} bytes at {@code address}. */
    public static int recv(CallState state, int fd, long address, int length) {
        try {
            // SAFETY: the caller owns length writable bytes at address; the socket is non-blocking.
            return state.result(
                    (long) RECV.invokeExact(state.segment(), (long) fd, address, (long) length, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** send(2) on a non-blocking socket, with {@code MSG_NOSIGNAL}. */
    public static int send(CallState state, int fd, long address, int length) {
        try {
            // SAFETY: the caller owns length readable bytes at address; the socket is non-blocking.
            return state.result((long)
                    SEND.invokeExact(state.segment(), (long) fd, address, (long) length, (long) MSG_NOSIGNAL, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** sendmsg(2) on a non-blocking socket, with {@code MSG_NOSIGNAL}; {@code message} points to a {@code msghdr}. */
    public static int sendmsg(CallState state, int fd, long message) {
        try {
            // SAFETY: the msghdr, its iovecs and the bytes behind them are the caller's for the duration of the call.
            return state.result(
                    (long) SENDMSG.invokeExact(state.segment(), (long) fd, message, (long) MSG_NOSIGNAL, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** recvmsg(2) without waiting, with {@code MSG_CMSG_CLOEXEC}; {@code message} points to a {@code msghdr}. */
    public static int recvmsg(CallState state, int fd, long message) {
        try {
            // SAFETY: the msghdr and all that it points to are the caller's for the duration of the call.
            return state.result((long) RECVMSG.invokeExact(
                    state.segment(), (long) fd, message, (long) (MSG_DONTWAIT | MSG_CMSG_CLOEXEC), 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * recvmmsg(2) without waiting: up to {@code count} datagrams into the {@link MessageVector} at {@code messages}; how many came.
     */
    public static int recvmmsg(CallState state, int fd, long messages, int count) {
        try {
            // SAFETY: the mmsghdrs and all that they point to are the caller's for the duration of the call; no timeout
            // is given.
            return state.result((int) (long) RECVMMSG.invokeExact(
                    state.segment(), (long) fd, messages, (long) count, (long) MSG_DONTWAIT, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * sendmmsg(2) without waiting: the first {@code count} messages of the {@link MessageVector} at {@code messages}; how many went. An
     * error is that of the first; one of a later message ends the call before it.
     */
    public static int sendmmsg(CallState state, int fd, long messages, int count) {
        try {
            // SAFETY: the mmsghdrs and all that they point to are the caller's for the duration of the call.
            return state.result((int) (long) SENDMMSG.invokeExact(
                    state.segment(), (long) fd, messages, (long) count, (long) (MSG_DONTWAIT | MSG_NOSIGNAL), 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
