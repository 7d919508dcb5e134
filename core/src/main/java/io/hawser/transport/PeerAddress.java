// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An IP address and a port in a few numbers, so that the sender of a datagram costs no object.
 *
 * <p>An IPv4 address and its IPv4-mapped IPv6 form ({@code ::ffff:a.b.c.d}, RFC 4291, section 2.5.5.2) are one and the same here: IPv4.
 *
 * <p><b>Lifetime:</b> a transport writes every sender into the same object. What is to be kept is copied with {@link #copy()}; only a
 * copy may serve as a key. One thread at a time.
 */
public final class PeerAddress {
    private static final long MAPPED = 0xffffL << 32;

    private long high;
    private long low = MAPPED;
    private int port;
    private int scopeId;

    /** {@code 0.0.0.0:0}, to be set. */
    public PeerAddress() {}

    /**
     * The address of {@code address}.
     *
     * @throws IllegalArgumentException if it is unresolved
     */
    public static PeerAddress of(InetSocketAddress address) {
        final PeerAddress peer = new PeerAddress();
        peer.set(address);
        return peer;
    }

    /** Becomes {@code a.b.c.d:port}, the address in network order. */
    public void setIpv4(int address, int newPort) {
        high = 0;
        low = MAPPED | Integer.toUnsignedLong(address);
        port = newPort;
        scopeId = 0;
    }

    /** Becomes an IPv6 address, or IPv4 if it is a mapped one. */
    public void setIpv6(long newHigh, long newLow, int newPort, int newScopeId) {
        high = newHigh;
        low = newLow;
        port = newPort;
        scopeId = newScopeId;
    }

    /**
     * Becomes {@code address}.
     *
     * @throws IllegalArgumentException if it is unresolved
     */
    public void set(InetSocketAddress address) {
        switch (address.getAddress()) {
            case Inet4Address v4 -> setIpv4(ByteBuffer.wrap(v4.getAddress()).getInt(), address.getPort());
            case Inet6Address v6 -> {
                final ByteBuffer bytes = ByteBuffer.wrap(v6.getAddress());
                setIpv6(bytes.getLong(), bytes.getLong(), address.getPort(), v6.getScopeId());
            }
            case null, default -> throw new IllegalArgumentException("Not a resolved address: " + address);
        }
    }

    /** Becomes the same as {@code other}. */
    public void set(PeerAddress other) {
        setIpv6(other.high, other.low, other.port, other.scopeId);
    }

    /** A copy of its own, which nobody changes. */
    public PeerAddress copy() {
        final PeerAddress copy = new PeerAddress();
        copy.set(this);
        return copy;
    }

    /** Whether it is an IPv4 address, mapped or not. */
    public boolean isIpv4() {
        return high == 0 && low >>> 32 == 0xffff;
    }

    /** The IPv4 address in network order, {@code a} in the highest byte; of an IPv6 address its last four bytes. */
    public int ipv4() {
        return (int) low;
    }

    /** The first eight bytes of the IPv6 form. */
    public long high() {
        return high;
    }

    /** The last eight bytes of the IPv6 form. */
    public long low() {
        return low;
    }

    /** The port, 0 to 65,535. */
    public int port() {
        return port;
    }

    /** The interface of a link-local IPv6 address, or 0. */
    public int scopeId() {
        return scopeId;
    }

    /** As the JDK writes it; allocates. */
    public InetSocketAddress toSocketAddress() {
        try {
            if (isIpv4()) {
                final byte[] bytes =
                        ByteBuffer.allocate(Integer.BYTES).putInt(ipv4()).array();
                return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
            }
            final byte[] bytes = ByteBuffer.allocate(2 * Long.BYTES)
                    .putLong(high)
                    .putLong(low)
                    .array();
            final InetAddress address =
                    scopeId == 0 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, scopeId);
            return new InetSocketAddress(address, port);
        } catch (UnknownHostException e) {
            throw new AssertionError("An address of a fixed length", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PeerAddress peer
                && peer.low == low
                && peer.high == high
                && peer.port == port
                && peer.scopeId == scopeId;
    }

    @Override
    public int hashCode() {
        final long mixed = (low ^ Long.rotateLeft(high, 32) ^ (long) port << 40) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32);
    }

    /** As {@link InetSocketAddress}, {@code 127.0.0.1:7000} or {@code [::1]:7000}. */
    @Override
    public String toString() {
        final String host = toSocketAddress().getAddress().getHostAddress();
        return (isIpv4() ? host : "[" + host + "]") + ":" + port;
    }
}
