// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Writes headers. Addresses are written from their bytes, never from a text that somebody has given.
 *
 * <pre>
 *  version 2:
 *   0            12         13       14      16
 *  +------------+----------+--------+-------+-----------+------+--
 *  | signature  | version, | family,| bytes | addresses | TLVs |
 *  |            | command  | kind   | that  |           |      |
 *  |            |          |        | follow|           |      |
 *  +------------+----------+--------+-------+-----------+------+--
 * </pre>
 */
final class ProxyEncoder {
    /** Nothing that a protocol begins with by chance. */
    static final byte[] SIGNATURE = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};

    static final int FIXED_BYTES = 16;
    static final int VERSION = 0x20;
    static final int COMMAND_LOCAL = 0;
    static final int COMMAND_PROXY = 1;
    static final int FAMILY_UNSPEC = 0;
    static final int FAMILY_INET = 1;
    static final int FAMILY_INET6 = 2;
    static final int FAMILY_UNIX = 3;
    static final int KIND_STREAM = 1;
    static final int KIND_DATAGRAM = 2;

    static final int INET_BYTES = 12;
    static final int INET6_BYTES = 36;
    /** Of one path; a zero ends it. */
    static final int UNIX_BYTES = 108;

    static final int TLV_FIXED_BYTES = 3;
    static final int CRC_BYTES = 4;
    private static final int MAX_LENGTH = 65_535;
    private static final int IPV6_BYTES = 16;

    private ProxyEncoder() {}

    static byte[] version1(ProxyHeader header) {
        if (!header.tlvs().isEmpty()) {
            throw new IllegalArgumentException("Version 1 of the PROXY protocol has no place for " + header.tlvs());
        }
        return line(header.source(), header.destination()).getBytes(StandardCharsets.US_ASCII);
    }

    private static String line(Optional<SocketAddress> source, Optional<SocketAddress> destination) {
        if (!(source.orElse(null) instanceof InetSocketAddress from)
                || !(destination.orElse(null) instanceof InetSocketAddress to)) {
            return "PROXY UNKNOWN\r\n";
        }
        final boolean v4 = isIpv4(from) && isIpv4(to);
        return "PROXY " + (v4 ? "TCP4 " : "TCP6 ") + text(from, v4) + ' ' + text(to, v4) + ' ' + from.getPort() + ' '
                + to.getPort() + "\r\n";
    }

    private static String text(InetSocketAddress address, boolean v4) {
        final byte[] bytes = address.getAddress().getAddress();
        final StringBuilder text = new StringBuilder();
        if (v4) {
            for (byte b : bytes) {
                text.append(text.isEmpty() ? "" : ".").append(b & 0xff);
            }
            return text.toString();
        }
        final ByteBuffer words = ByteBuffer.wrap(ipv6(bytes));
        while (words.hasRemaining()) {
            text.append(text.isEmpty() ? "" : ":").append(Integer.toHexString(words.getShort() & 0xffff));
        }
        return text.toString();
    }

    private static boolean isIpv4(InetSocketAddress address) {
        return address.getAddress() instanceof Inet4Address;
    }

    /** Sixteen bytes; those of IPv4 as mapped into IPv6 (RFC 4291, 2.5.5.2). */
    private static byte[] ipv6(byte[] address) {
        if (address.length == IPV6_BYTES) {
            return address;
        }
        final byte[] mapped = new byte[IPV6_BYTES];
        mapped[10] = -1;
        mapped[11] = -1;
        System.arraycopy(address, 0, mapped, 12, address.length);
        return mapped;
    }

    static byte[] version2(ProxyHeader header) {
        final byte[] addresses = addresses(header);
        final int length = addresses.length + length(header.tlvs()) + TLV_FIXED_BYTES + CRC_BYTES;
        if (length > MAX_LENGTH) {
            throw new IllegalArgumentException(length + " bytes do not fit into a PROXY header: "
                    + header.tlvs().size() + " TLVs");
        }
        final ByteBuffer bytes = ByteBuffer.allocate(FIXED_BYTES + length);
        bytes.put(SIGNATURE);
        bytes.put((byte) (VERSION | (header.isLocal() ? COMMAND_LOCAL : COMMAND_PROXY)));
        bytes.put((byte) family(header)).putShort((short) length).put(addresses);
        put(bytes, header.tlvs());
        bytes.put((byte) ProxyTlv.CRC32C).putShort((short) CRC_BYTES);
        bytes.putInt(bytes.position(), checksum(bytes.array(), bytes.capacity(), bytes.position()));
        return bytes.array();
    }

    private static int family(ProxyHeader header) {
        return switch (header.source().orElse(null)) {
            case InetSocketAddress _ -> (isIpv6(header) ? FAMILY_INET6 : FAMILY_INET) << 4 | KIND_STREAM;
            case UnixDomainSocketAddress _ -> FAMILY_UNIX << 4 | KIND_STREAM;
            case null, default -> FAMILY_UNSPEC;
        };
    }

    private static boolean isIpv6(ProxyHeader header) {
        return !(header.source().orElse(null) instanceof InetSocketAddress from && isIpv4(from))
                || !(header.destination().orElse(null) instanceof InetSocketAddress to && isIpv4(to));
    }

    private static byte[] addresses(ProxyHeader header) {
        final SocketAddress source = header.source().orElse(null);
        final SocketAddress destination = header.destination().orElse(null);
        if (source instanceof InetSocketAddress from && destination instanceof InetSocketAddress to) {
            final boolean v6 = isIpv6(header);
            final ByteBuffer bytes = ByteBuffer.allocate(v6 ? INET6_BYTES : INET_BYTES);
            bytes.put(raw(from.getAddress(), v6)).put(raw(to.getAddress(), v6));
            return bytes.putShort((short) from.getPort())
                    .putShort((short) to.getPort())
                    .array();
        }
        if (source instanceof UnixDomainSocketAddress from && destination instanceof UnixDomainSocketAddress to) {
            return ByteBuffer.allocate(2 * UNIX_BYTES)
                    .put(path(from))
                    .put(path(to))
                    .array();
        }
        return new byte[0];
    }

    private static byte[] raw(InetAddress address, boolean v6) {
        return v6 ? ipv6(address.getAddress()) : address.getAddress();
    }

    private static byte[] path(UnixDomainSocketAddress address) {
        return Arrays.copyOf(address.getPath().toString().getBytes(StandardCharsets.UTF_8), UNIX_BYTES);
    }

    /** How many bytes {@link #put} writes. */
    static int length(List<ProxyTlv> tlvs) {
        // Each is below the most, so a few that are too many together do not overflow.
        long length = 0;
        for (ProxyTlv tlv : tlvs) {
            length += TLV_FIXED_BYTES + tlv.value().length;
        }
        return (int) Math.min(length, Integer.MAX_VALUE - MAX_LENGTH);
    }

    static void put(ByteBuffer target, List<ProxyTlv> tlvs) {
        for (ProxyTlv tlv : tlvs) {
            target.put((byte) tlv.type()).putShort((short) tlv.value().length).put(tlv.value());
        }
    }

    /** The CRC-32C of a whole header, with zeros for the checksum that stands at {@code at}. */
    static int checksum(byte[] header, int length, int at) {
        final CRC32C crc = new CRC32C();
        crc.update(header, 0, at);
        crc.update(new byte[CRC_BYTES], 0, CRC_BYTES);
        crc.update(header, at + CRC_BYTES, length - at - CRC_BYTES);
        return (int) crc.getValue();
    }
}
