// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.transport.DatagramOptions;
import io.hawser.transport.SocketOptions;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** Makes channels for addresses, sets their options, reads their addresses. Stateless; any thread. */
final class NioChannels {
    private NioChannels() {}

    /**
     * A non-blocking channel that can connect to {@code remote}, with its options set.
     *
     * @throws UnknownHostException if the address is not resolved
     * @throws IOException if its family is not available here, or the system is out of descriptors
     */
    static SocketChannel client(SocketAddress remote, SocketOptions options) throws IOException {
        ProtocolFamily family = family(remote);
        SocketChannel channel;
        try {
            channel = SocketChannel.open(family);
        } catch (UnsupportedOperationException e) {
            throw unavailable(remote, e);
        }
        try {
            configure(channel, options);
            if (remote instanceof InetSocketAddress) {
                requireNoDevice(options);
                if (options.fastOpenConnect()) {
                    throw missing("TCP_FASTOPEN_CONNECT");
                }
            }
            return channel;
        } catch (IOException e) {
            closeQuietly(channel);
            throw e;
        }
    }

    /**
     * A non-blocking channel that is bound to {@code local} and listens.
     *
     * @throws java.net.BindException if the address is taken, not of this machine, or forbidden
     * @throws UnknownHostException if the address is not resolved
     * @throws IOException if its family or an option is not available here, or the system is out of descriptors
     */
    static ServerSocketChannel server(SocketAddress local, SocketOptions options) throws IOException {
        ProtocolFamily family = family(local);
        ServerSocketChannel channel;
        try {
            channel = ServerSocketChannel.open(family);
        } catch (UnsupportedOperationException e) {
            throw unavailable(local, e);
        }
        try {
            channel.configureBlocking(false);
            configureListener(channel, local, options);
        } catch (IOException e) {
            closeQuietly(channel);
            throw e;
        }
        try {
            channel.bind(local, options.backlog());
        } catch (IOException e) {
            closeQuietly(channel);
            throw NioErrors.bind(local, e);
        }
        return channel;
    }

    /**
     * A non-blocking channel that is bound to {@code local}, with its options set.
     *
     * @throws java.net.BindException if the address is taken, not of this machine, or forbidden
     * @throws IOException if its family or an option is not available here, or the system is out of descriptors
     */
    static DatagramChannel datagram(InetSocketAddress local, DatagramOptions options) throws IOException {
        DatagramChannel channel = datagramOf(local, options);
        try {
            channel.bind(local);
            return channel;
        } catch (IOException e) {
            closeQuietly(channel);
            throw NioErrors.bind(local, e);
        }
    }

    /**
     * A non-blocking channel that is connected to {@code remote}, with its options set.
     *
     * @throws IOException if there is no route, or the system is out of descriptors
     */
    static DatagramChannel datagramTo(InetSocketAddress remote, DatagramOptions options) throws IOException {
        DatagramChannel channel = datagramOf(remote, options);
        try {
            channel.connect(remote);
            return channel;
        } catch (IOException e) {
            closeQuietly(channel);
            throw NioErrors.connect(remote, e);
        }
    }

    private static DatagramChannel datagramOf(InetSocketAddress address, DatagramOptions options) throws IOException {
        ProtocolFamily family = family(address);
        DatagramChannel channel;
        try {
            channel = DatagramChannel.open(family);
        } catch (UnsupportedOperationException e) {
            throw unavailable(address, e);
        }
        try {
            channel.configureBlocking(false);
            configure(channel, address, options);
            return channel;
        } catch (IOException e) {
            closeQuietly(channel);
            throw e;
        }
    }

    private static void configure(DatagramChannel channel, InetSocketAddress address, DatagramOptions options)
            throws IOException {
        setIfSupported(channel, StandardSocketOptions.SO_REUSEADDR, options.reuseAddress());
        if (options.reusePort() && !setIfSupported(channel, StandardSocketOptions.SO_REUSEPORT, true)) {
            throw new SocketException(
                    "Could not set SO_REUSEPORT for " + text(address) + ": this system does not have it");
        }
        if (options.broadcast()) {
            channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
        }
        if (options.sendBufferBytes() > 0) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, options.sendBufferBytes());
        }
        if (options.receiveBufferBytes() > 0) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, options.receiveBufferBytes());
        }
        channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, options.multicastTtl());
        channel.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, options.multicastLoop());
        if (options.multicastInterface().isPresent()) {
            channel.setOption(
                    StandardSocketOptions.IP_MULTICAST_IF,
                    options.multicastInterface().get());
        }
    }

    /** Makes a stream's channel non-blocking and sets the options that its family has. */
    static void configure(SocketChannel channel, SocketOptions options) throws IOException {
        channel.configureBlocking(false);
        if (options.noDelay()) {
            setIfSupported(channel, StandardSocketOptions.TCP_NODELAY, true);
        }
        if (options.keepAlive()) {
            setIfSupported(channel, StandardSocketOptions.SO_KEEPALIVE, true);
        }
        if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
            configureTcp(channel, options);
        }
        if (options.sendBufferBytes() > 0) {
            setIfSupported(channel, StandardSocketOptions.SO_SNDBUF, options.sendBufferBytes());
        }
        if (options.receiveBufferBytes() > 0) {
            setIfSupported(channel, StandardSocketOptions.SO_RCVBUF, options.receiveBufferBytes());
        }
    }

    private static void configureTcp(SocketChannel channel, SocketOptions options) throws IOException {
        if (options.keepAlive()) {
            setUnlessZero(channel, "TCP_KEEPIDLE", options.keepAliveIdleSeconds());
            setUnlessZero(channel, "TCP_KEEPINTERVAL", options.keepAliveIntervalSeconds());
            setUnlessZero(channel, "TCP_KEEPCOUNT", options.keepAliveCount());
        }
        setUnlessZero(channel, "TCP_USER_TIMEOUT", options.userTimeoutMs());
        if (options.lingerSeconds() != SocketOptions.NO_LINGER) {
            setIfSupported(channel, StandardSocketOptions.SO_LINGER, options.lingerSeconds());
        }
    }

    /** Sets an option that the JDK has on some systems only, under its name. */
    private static void setUnlessZero(NetworkChannel channel, String name, int value) throws IOException {
        if (value == 0) {
            return;
        }
        for (SocketOption<?> option : channel.supportedOptions()) {
            if (option.name().equals(name) && option.type() == Integer.class) {
                @SuppressWarnings("unchecked") // the type has been looked at
                SocketOption<Integer> number = (SocketOption<Integer>) option;
                channel.setOption(number, value);
                return;
            }
        }
        throw missing(name);
    }

    private static void requireNoDevice(SocketOptions options) throws SocketException {
        if (!options.device().isEmpty()) {
            throw missing("SO_BINDTODEVICE");
        }
    }

    private static SocketException missing(String option) {
        return new SocketException("Could not set " + option
                + ": the JDK does not have it here, so the nio transport has" + " not; epoll and io_uring have");
    }

    private static void configureListener(ServerSocketChannel channel, SocketAddress local, SocketOptions options)
            throws IOException {
        setIfSupported(channel, StandardSocketOptions.SO_REUSEADDR, options.reuseAddress());
        if (options.receiveBufferBytes() > 0) {
            // Accepted sockets inherit it, and the window scale is agreed on before they are accepted.
            setIfSupported(channel, StandardSocketOptions.SO_RCVBUF, options.receiveBufferBytes());
        }
        boolean tcp = local instanceof InetSocketAddress;
        if (tcp) {
            requireNoDevice(options);
            if (options.fastOpenQueue() > 0) {
                throw missing("TCP_FASTOPEN");
            }
        }
        if (tcp && options.reusePort() && !setIfSupported(channel, StandardSocketOptions.SO_REUSEPORT, true)) {
            throw new SocketException("Could not set SO_REUSEPORT for " + text(local)
                    + ": this system does not have it. Let one listener serve all loops");
        }
    }

    private static <T> boolean setIfSupported(NetworkChannel channel, SocketOption<T> option, T value)
            throws IOException {
        if (!channel.supportedOptions().contains(option)) {
            return false;
        }
        channel.setOption(option, value);
        return true;
    }

    /** Whether a listener on {@code local} would take IPv4 peers too, the JDK being unable to set IPV6_V6ONLY. */
    static boolean isDualStack(SocketAddress local) {
        return local instanceof InetSocketAddress inet
                && inet.getAddress() instanceof Inet6Address address
                && address.isAnyLocalAddress();
    }

    /** Whether it is an IPv4 peer; the JDK has unmapped IPv4-mapped addresses. */
    static boolean isIpv4(@Nullable SocketAddress remote) {
        return remote instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet4Address;
    }

    /** The address of this side; null if it is an unnamed unix socket, or the system does not know any more. */
    static @Nullable SocketAddress local(NetworkChannel channel) {
        try {
            return named(channel.getLocalAddress());
        } catch (IOException e) {
            return null;
        }
    }

    /** The address of the other side; null if it is an unnamed unix socket, or the peer is gone already. */
    static @Nullable SocketAddress remote(SocketChannel channel) {
        try {
            return named(channel.getRemoteAddress());
        } catch (IOException e) {
            return null;
        }
    }

    private static @Nullable SocketAddress named(@Nullable SocketAddress address) {
        return address instanceof UnixDomainSocketAddress unix
                        && unix.getPath().toString().isEmpty()
                ? null
                : address;
    }

    /** An address as it is written in messages: {@code 127.0.0.1:80}, {@code [::1]:80}, {@code /run/socket}. */
    static String text(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return address.toString();
        }
        String host =
                inet.isUnresolved() ? inet.getHostString() : inet.getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort();
    }

    /** Closes a channel whose fate is of no interest any more; the descriptor is given back even if close(2) complains. */
    static void closeQuietly(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // There is nobody who could do anything about it.
        }
    }

    /** Has the coming close of a TCP socket send RST, where the system still lets us say so. */
    static void resetOnClose(SocketChannel channel) {
        try {
            setIfSupported(channel, StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException e) {
            // The connection is gone already, there is nothing to reset.
        }
    }

    // A family of its own for each address: otherwise the JDK listens on [::] when told 0.0.0.0.
    private static ProtocolFamily family(SocketAddress address) throws IOException {
        return switch (address) {
            case UnixDomainSocketAddress _ -> StandardProtocolFamily.UNIX;
            case InetSocketAddress inet
            when inet.isUnresolved() -> throw new UnknownHostException("Unknown host: " + inet.getHostString());
            case InetSocketAddress inet when inet.getAddress() instanceof Inet4Address -> StandardProtocolFamily.INET;
            case InetSocketAddress _ -> StandardProtocolFamily.INET6;
            default -> throw new SocketException("Neither an internet nor a unix address: " + address);
        };
    }

    private static IOException unavailable(SocketAddress address, UnsupportedOperationException cause) {
        return new IOException("This system has no sockets for " + text(address), cause);
    }
}
