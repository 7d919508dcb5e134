// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

/**
 * Error numbers (errno(3), {@code asm-generic/errno.h}; the same on x86-64 and aarch64).
 *
 * <p>Methods of this package return them negated.
 */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int EPIPE = 32;
    public static final int ENOSYS = 38;
    public static final int ETIME = 62;
    public static final int EPROTO = 71;
    public static final int ENOTSOCK = 88;
    public static final int EMSGSIZE = 90;
    public static final int ENOPROTOOPT = 92;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int ENOTCONN = 107;
    public static final int ETOOMANYREFS = 109;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTDOWN = 112;
    public static final int EHOSTUNREACH = 113;
    public static final int EINPROGRESS = 115;
    public static final int ECANCELED = 125;

    private Errno() {}

    /** The symbolic name and the meaning of {@code errno} (a positive number), for messages. */
    public static String describe(int errno) {
        return switch (errno) {
            case EPERM -> "EPERM: operation not permitted";
            case ENOENT -> "ENOENT: no such file or directory";
            case EINTR -> "EINTR: interrupted";
            case EIO -> "EIO: input/output error";
            case EAGAIN -> "EAGAIN: try again";
            case ENOMEM -> "ENOMEM: out of memory (or over the locked-memory limit)";
            case EBADF -> "EBADF: no such descriptor";
            case EACCES -> "EACCES: permission denied";
            case EBUSY -> "EBUSY: busy";
            case EEXIST -> "EEXIST: exists already";
            case EINVAL -> "EINVAL: invalid argument";
            case ENFILE -> "ENFILE: the system is out of file descriptors";
            case EMFILE -> "EMFILE: the process is out of file descriptors";
            case EPIPE -> "EPIPE: the peer closed the connection";
            case ENOSYS -> "ENOSYS: the kernel does not have this call";
            case ETIME -> "ETIME: timer expired";
            case EPROTO -> "EPROTO: protocol error";
            case ENOTSOCK -> "ENOTSOCK: not a socket";
            case EMSGSIZE -> "EMSGSIZE: message too long";
            case ENOPROTOOPT -> "ENOPROTOOPT: the protocol does not have this option";
            case EOPNOTSUPP -> "EOPNOTSUPP: operation not supported";
            case EAFNOSUPPORT -> "EAFNOSUPPORT: address family not supported";
            case EADDRINUSE -> "EADDRINUSE: address already in use";
            case EADDRNOTAVAIL -> "EADDRNOTAVAIL: address not available on this machine";
            case ENETDOWN -> "ENETDOWN: network is down";
            case ENETUNREACH -> "ENETUNREACH: network is unreachable";
            case ECONNABORTED -> "ECONNABORTED: connection aborted";
            case ECONNRESET -> "ECONNRESET: connection reset by peer";
            case ENOBUFS -> "ENOBUFS: no buffer space";
            case ENOTCONN -> "ENOTCONN: not connected";
            case ETOOMANYREFS -> "ETOOMANYREFS: too many descriptors are on their way in messages";
            case ETIMEDOUT -> "ETIMEDOUT: connection timed out";
            case ECONNREFUSED -> "ECONNREFUSED: connection refused";
            case EHOSTDOWN -> "EHOSTDOWN: host is down";
            case EHOSTUNREACH -> "EHOSTUNREACH: no route to host";
            case EINPROGRESS -> "EINPROGRESS: in progress";
            case ECANCELED -> "ECANCELED: cancelled";
            default -> "errno " + errno;
        };
    }
}
