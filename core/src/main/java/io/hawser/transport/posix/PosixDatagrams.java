// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.hawser.linux.CallState;
import io.hawser.linux.Errno;
import io.hawser.linux.LinuxException;
import io.hawser.linux.MessageVector;
import io.hawser.linux.SockAddrDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.DatagramSink;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;

/** Makes UDP sockets and sets them up. Belongs to one loop and is used on its thread. */
public final class PosixDatagrams {
    /** Messages that one sendmmsg takes; the call's own cost is lost among so many. */
    private static final int SEND_MESSAGES = 64;

    private static final int SEND_IOVECS = 512;

    /** {@code struct ip_mreqn}: group 4 bytes, address 4 bytes, interface index s32 (ip(7)). */
    private static final int MREQN_SIZE = 12;

    private static final int MREQN_INDEX = 8;
    /** {@code struct ipv6_mreq}: group 16 bytes, interface index u32 (ipv6(7)). */
    private static final int IPV6_MREQ_SIZE = 20;

    private static final int IPV6_MREQ_INDEX = 16;

    private final CallState state;
    private final PosixSockets sockets;
    private final int typeFlags;
    private final MemorySegment value;
    private final MemorySegment length;
    private final MessageVector sendVector;

    /** New sockets get the flags that {@code sockets} gives to accepted ones. */
    public PosixDatagrams(CallState state, PosixSockets sockets, Arena arena) {
        this.state = state;
        this.sockets = sockets;
        this.typeFlags = sockets.acceptFlags();
        this.value = arena.allocate(64, 8);
        this.length = arena.allocate(4, 4);
        this.sendVector = new MessageVector(arena, SEND_MESSAGES, SEND_IOVECS);
    }

    /** A socket that is bound to {@code local}. */
    public int bind(InetSocketAddress local, DatagramOptions options) throws IOException {
        final int fd = socket(local, options);
        try {
            final SockAddrDescriptor address = sockets.encode(local);
            final int result = Sockets.bind(state, fd, address.address(), address.length());
            if (result < 0) {
                throw SocketErrors.bind(local, -result);
            }
            return fd;
        } catch (IOException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    /** A socket that is connected to {@code remote}, from any port. */
    public int connect(InetSocketAddress remote, DatagramOptions options) throws IOException {
        final int fd = socket(remote, options);
        try {
            final SockAddrDescriptor address = sockets.encode(remote);
            final int result = Sockets.connect(state, fd, address.address(), address.length());
            if (result < 0) {
                throw SocketErrors.connect(remote, -result);
            }
            return fd;
        } catch (IOException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    private int socket(InetSocketAddress address, DatagramOptions options) throws IOException {
        final int family = SockAddrDescriptor.family(address);
        final int fd = LinuxException.check(
                "socket for " + address, Sockets.socket(state, family, Sockets.SOCK_DGRAM | typeFlags, 0));
        try {
            configure(fd, family == Sockets.AF_INET6, options);
            return fd;
        } catch (IOException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    private void configure(int fd, boolean ipv6, DatagramOptions options) throws IOException {
        if (options.reuseAddress()) {
            sockets.set(fd, Sockets.SOL_SOCKET, Sockets.SO_REUSEADDR, 1, "SO_REUSEADDR");
        }
        if (options.reusePort()) {
            sockets.set(fd, Sockets.SOL_SOCKET, Sockets.SO_REUSEPORT, 1, "SO_REUSEPORT");
        }
        if (options.broadcast()) {
            sockets.set(fd, Sockets.SOL_SOCKET, Sockets.SO_BROADCAST, 1, "SO_BROADCAST");
        }
        if (options.sendBufferBytes() > 0) {
            sockets.set(fd, Sockets.SOL_SOCKET, Sockets.SO_SNDBUF, options.sendBufferBytes(), "SO_SNDBUF");
        }
        if (options.receiveBufferBytes() > 0) {
            sockets.set(fd, Sockets.SOL_SOCKET, Sockets.SO_RCVBUF, options.receiveBufferBytes(), "SO_RCVBUF");
        }
        if (options.coalescing()) {
            // Without it the datagrams come one by one, which is what the caller sees anyway.
            tryToSet(fd, Sockets.IPPROTO_UDP, Sockets.UDP_GRO, 1);
        }
        final int loop = options.multicastLoop() ? 1 : 0;
        if (ipv6) {
            final int protocol = Sockets.IPPROTO_IPV6;
            sockets.set(fd, protocol, Sockets.IPV6_V6ONLY, options.v6Only() ? 1 : 0, "IPV6_V6ONLY");
            sockets.set(fd, protocol, Sockets.IPV6_MULTICAST_HOPS, options.multicastTtl(), "IPV6_MULTICAST_HOPS");
            sockets.set(fd, protocol, Sockets.IPV6_MULTICAST_LOOP, loop, "IPV6_MULTICAST_LOOP");
        } else {
            final int protocol = Sockets.IPPROTO_IP;
            sockets.set(fd, protocol, Sockets.IP_MULTICAST_TTL, options.multicastTtl(), "IP_MULTICAST_TTL");
            sockets.set(fd, protocol, Sockets.IP_MULTICAST_LOOP, loop, "IP_MULTICAST_LOOP");
            // Otherwise it gets what any process of this machine has joined (ip(7)).
            sockets.set(fd, protocol, Sockets.IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL");
        }
        if (options.multicastInterface().isPresent()) {
            setMulticastInterface(fd, ipv6, options.multicastInterface().get());
        }
    }

    private void setMulticastInterface(int fd, boolean ipv6, NetworkInterface networkInterface) throws IOException {
        if (ipv6) {
            sockets.set(
                    fd,
                    Sockets.IPPROTO_IPV6,
                    Sockets.IPV6_MULTICAST_IF,
                    networkInterface.getIndex(),
                    "IPV6_MULTICAST_IF");
        } else {
            value.fill((byte) 0);
            value.set(JAVA_INT, MREQN_INDEX, networkInterface.getIndex());
            final int result = Sockets.setsockopt(
                    state, fd, Sockets.IPPROTO_IP, Sockets.IP_MULTICAST_IF, value.address(), MREQN_SIZE);
            if (result < 0) {
                throw new SocketException(
                        "IP_MULTICAST_IF=" + networkInterface.getName() + ": " + Errno.describe(-result));
            }
        }
    }

    private boolean tryToSet(int fd, int level, int option, int number) {
        value.set(JAVA_INT, 0, number);
        return Sockets.setsockopt(state, fd, level, option, value.address(), Integer.BYTES) >= 0;
    }

    // ---- multicast

    /** Joins {@code group} on an interface, or leaves it. */
    public void setMembership(int fd, boolean join, InetAddress group, NetworkInterface networkInterface)
            throws IOException {
        value.fill((byte) 0);
        final byte[] address = group.getAddress();
        MemorySegment.copy(MemorySegment.ofArray(address), 0, value, 0, address.length);
        final int result;
        if (group instanceof Inet4Address) {
            value.set(JAVA_INT, MREQN_INDEX, networkInterface.getIndex());
            final int option = join ? Sockets.IP_ADD_MEMBERSHIP : Sockets.IP_DROP_MEMBERSHIP;
            result = Sockets.setsockopt(state, fd, Sockets.IPPROTO_IP, option, value.address(), MREQN_SIZE);
        } else {
            value.set(JAVA_INT, IPV6_MREQ_INDEX, networkInterface.getIndex());
            final int option = join ? Sockets.IPV6_JOIN_GROUP : Sockets.IPV6_LEAVE_GROUP;
            result = Sockets.setsockopt(state, fd, Sockets.IPPROTO_IPV6, option, value.address(), IPV6_MREQ_SIZE);
        }
        if (result < 0) {
            throw new SocketException((join ? "join " : "leave ") + group.getHostAddress() + " on "
                    + networkInterface.getName() + ": " + Errno.describe(-result));
        }
    }

    // ---- what ports need

    /** What sends for the socket {@code fd}. */
    public DatagramSender sender(
            int fd, InetSocketAddress local, boolean connected, DatagramOptions options, DatagramSink sink) {
        // Switching it off for the socket as a whole changes nothing, and fails where the kernel does not know it.
        final boolean segmentation =
                options.segmentation() && tryToSet(fd, Sockets.IPPROTO_UDP, Sockets.UDP_SEGMENT, 0);
        final boolean ipv6 = local.getAddress() instanceof Inet6Address;
        return new DatagramSender(state, sendVector, fd, connected, ipv6, segmentation, sink);
    }

    /** How many datagrams the kernel has dropped for want of room in the socket's receive buffer. */
    public long drops(int fd) {
        length.set(JAVA_INT, 0, Sockets.MEMINFO_VARS * Integer.BYTES);
        value.fill((byte) 0);
        Sockets.getsockopt(state, fd, Sockets.SOL_SOCKET, Sockets.SO_MEMINFO, value.address(), length.address());
        return Integer.toUnsignedLong(value.get(JAVA_INT, (long) Sockets.MEMINFO_DROPS * Integer.BYTES));
    }
}
