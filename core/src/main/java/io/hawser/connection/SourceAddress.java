// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * What counts as one source of connections: an IPv4 address, or the /64 network of an IPv6 address, within which a host picks its addresses
 * as it likes (RFC 4291, 2.5.4).
 *
 * @param v6 whether it is a network of IPv6
 * @param prefix the address, or the network's 64 bits
 */
record SourceAddress(boolean v6, long prefix) {
    private static final int IPV4_BYTES = 4;
    /** {@code ::ffff:0:0/96} (RFC 4291, 2.5.5.2). */
    private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    /** The source of a peer; empty for a unix peer. */
    static Optional<SourceAddress> of(SocketAddress peer) {
        return peer instanceof InetSocketAddress inet && !inet.isUnresolved()
                ? Optional.of(of(inet.getAddress().getAddress()))
                : Optional.empty();
    }

    /** @param address 4 or 16 bytes in network order */
    static SourceAddress of(byte[] address) {
        final ByteBuffer bytes = ByteBuffer.wrap(address);
        if (address.length == IPV4_BYTES) {
            return new SourceAddress(false, bytes.getInt());
        }
        if (Arrays.equals(address, 0, MAPPED.length, MAPPED, 0, MAPPED.length)) {
            return new SourceAddress(false, bytes.getInt(MAPPED.length));
        }
        return new SourceAddress(true, bytes.getLong());
    }
}
