// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import io.hawser.linux.InetSockAddrDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.PeerAddress;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/** Peers as the kernel reads and writes them. Stateless; any thread. */
public final class PeerAddresses {
    private PeerAddresses() {}

    /** Makes {@code peer} the address that the kernel wrote at {@code at}. */
    public static void read(MemorySegment memory, long at, PeerAddress peer) {
        if (InetSockAddrDescriptor.family(memory, at) == Sockets.AF_INET) {
            peer.setIpv4(InetSockAddrDescriptor.ipv4(memory, at), InetSockAddrDescriptor.port(memory, at));
        } else {
            peer.setIpv6(
                    InetSockAddrDescriptor.ipv6High(memory, at),
                    InetSockAddrDescriptor.ipv6Low(memory, at),
                    InetSockAddrDescriptor.port(memory, at),
                    InetSockAddrDescriptor.scope(memory, at));
        }
    }

    /** Makes {@code peer} the IPv4 address that {@link io.hawser.linux.SockAddrDescriptor#packed} made a number of. */
    public static void unpack(long packed, PeerAddress peer) {
        // Its bytes are those of the kernel: the family in two, the port in two, the address in four, in network order.
        final long ordered = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? packed : Long.reverseBytes(packed);
        peer.setIpv4((int) ordered, (int) (ordered >>> Integer.SIZE) & 0xffff);
    }

    /**
     * Writes {@code peer} for a socket of either family.
     *
     * @return how many bytes it takes
     */
    static int write(MemorySegment memory, long at, PeerAddress peer, boolean ipv6) {
        if (ipv6) {
            InetSockAddrDescriptor.writeIpv6(memory, at, peer.high(), peer.low(), peer.port(), peer.scopeId());
            return InetSockAddrDescriptor.IPV6_SIZE;
        }
        InetSockAddrDescriptor.writeIpv4(memory, at, peer.ipv4(), peer.port());
        return InetSockAddrDescriptor.IPV4_SIZE;
    }
}
