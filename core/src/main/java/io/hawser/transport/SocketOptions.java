// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

/**
 * Options of sockets, set before bind, connect or first use. Immutable; start from {@link #DEFAULT} and change with the
 * {@code with…} methods.
 *
 * @param noDelay TCP_NODELAY: small messages leave at once (tcp(7)); default on
 * @param keepAlive SO_KEEPALIVE: the kernel probes idle peers (socket(7)); default off
 * @param reuseAddress SO_REUSEADDR on listeners: bind although old connections linger in TIME_WAIT; default on
 * @param reusePort SO_REUSEPORT on listeners: several sockets on one address, the kernel spreads connections; default off
 * @param backlog listen(2)'s queue of connections not accepted yet, at least 1; the kernel caps it (net.core.somaxconn)
 * @param sendBufferBytes SO_SNDBUF in bytes, or 0 to leave it to the kernel's auto-tuning
 * @param receiveBufferBytes SO_RCVBUF in bytes, or 0 to leave it to the kernel's auto-tuning
 * @param v6Only IPV6_V6ONLY on listeners of an IPv6 address: no IPv4 peers; default off
 */
public record SocketOptions(
        boolean noDelay,
        boolean keepAlive,
        boolean reuseAddress,
        boolean reusePort,
        int backlog,
        int sendBufferBytes,
        int receiveBufferBytes,
        boolean v6Only) {
    /** No-delay and reuse-address on, a backlog of 4096, all else as the kernel has it. */
    public static final SocketOptions DEFAULT = new SocketOptions(true, false, true, false, 4096, 0, 0, false);

    /** Checks the ranges. */
    public SocketOptions {
        if (backlog < 1) {
            throw new IllegalArgumentException("backlog must be at least 1: " + backlog);
        }
        if (sendBufferBytes < 0 || receiveBufferBytes < 0) {
            throw new IllegalArgumentException(
                    "Buffer sizes must not be negative: send " + sendBufferBytes + ", receive " + receiveBufferBytes);
        }
    }

    /** As this, with TCP_NODELAY on or off. */
    public SocketOptions withNoDelay(boolean value) {
        return new SocketOptions(
                value, keepAlive, reuseAddress, reusePort, backlog, sendBufferBytes, receiveBufferBytes, v6Only);
    }

    /** As this, with SO_KEEPALIVE on or off. */
    public SocketOptions withKeepAlive(boolean value) {
        return new SocketOptions(
                noDelay, value, reuseAddress, reusePort, backlog, sendBufferBytes, receiveBufferBytes, v6Only);
    }

    /** As this, with SO_REUSEADDR on or off. */
    public SocketOptions withReuseAddress(boolean value) {
        return new SocketOptions(
                noDelay, keepAlive, value, reusePort, backlog, sendBufferBytes, receiveBufferBytes, v6Only);
    }

    /** As this, with SO_REUSEPORT on or off. */
    public SocketOptions withReusePort(boolean value) {
        return new SocketOptions(
                noDelay, keepAlive, reuseAddress, value, backlog, sendBufferBytes, receiveBufferBytes, v6Only);
    }

    /** As this, with another backlog (at least 1). */
    public SocketOptions withBacklog(int value) {
        return new SocketOptions(
                noDelay, keepAlive, reuseAddress, reusePort, value, sendBufferBytes, receiveBufferBytes, v6Only);
    }

    /** As this, with SO_SNDBUF in bytes; 0 leaves it to the kernel. */
    public SocketOptions withSendBufferBytes(int value) {
        return new SocketOptions(
                noDelay, keepAlive, reuseAddress, reusePort, backlog, value, receiveBufferBytes, v6Only);
    }

    /** As this, with SO_RCVBUF in bytes; 0 leaves it to the kernel. */
    public SocketOptions withReceiveBufferBytes(int value) {
        return new SocketOptions(noDelay, keepAlive, reuseAddress, reusePort, backlog, sendBufferBytes, value, v6Only);
    }

    /** As this, with IPV6_V6ONLY on or off. */
    public SocketOptions withV6Only(boolean value) {
        return new SocketOptions(
                noDelay, keepAlive, reuseAddress, reusePort, backlog, sendBufferBytes, receiveBufferBytes, value);
    }
}
