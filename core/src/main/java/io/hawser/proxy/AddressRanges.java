// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A list of IP addresses and networks, and who is in it. Immutable.
 *
 * <p>An IPv4 address that comes mapped into IPv6 ({@code ::ffff:10.0.0.1}, RFC 4291, 2.5.5.2) counts as what it is, in the list and in what is
 * asked for; so neither a dual-stack listener nor a way of writing opens a hole. Networks of IPv6, {@code ::/0} too, hold no address of IPv4.
 */
public final class AddressRanges {
    /** Everybody. */
    public static final AddressRanges ANY =
            new AddressRanges(List.of(new Range(new byte[4], 0, "0.0.0.0/0"), new Range(new byte[16], 0, "::/0")));

    private static final int MAPPED_BITS = 96;

    private static final class Range {
        private final byte[] network;
        private final int bits;
        private final String text;

        Range(byte[] network, int bits, String text) {
            this.network = network;
            this.bits = bits;
            this.text = text;
        }

        boolean contains(byte[] address) {
            if (address.length != network.length) {
                return false;
            }
            final int whole = bits / 8;
            if (!Arrays.equals(address, 0, whole, network, 0, whole)) {
                return false;
            }
            final int rest = bits % 8;
            return rest == 0 || ((address[whole] ^ network[whole]) & 0xff) >> (8 - rest) == 0;
        }
    }

    private final List<Range> ranges;

    private AddressRanges(List<Range> ranges) {
        this.ranges = List.copyOf(ranges);
    }

    /**
     * Reads a list such as {@code 127.0.0.1,10.0.0.0/8,fd00::/8}.
     *
     * @param text addresses, and networks in CIDR notation (RFC 4632), between commas; white space around them is ignored
     * @throws IllegalArgumentException if it is empty, names hosts, leaves parts of an address out, or has a network with bits set behind its prefix
     */
    public static AddressRanges parse(String text) {
        final List<Range> ranges = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            ranges.add(range(part.strip()));
        }
        return new AddressRanges(ranges);
    }

    private static Range range(String text) {
        final int slash = text.indexOf('/');
        final String literal = slash < 0 ? text : text.substring(0, slash);
        final byte[] address = address(literal);
        // The JDK has made IPv4 of it.
        final boolean mapped = address.length == 4 && literal.indexOf(':') >= 0;
        final int most = mapped ? 128 : address.length * 8;
        int bits = slash < 0 ? most : prefix(text.substring(slash + 1), most, text);
        if (mapped) {
            if (bits < MAPPED_BITS) {
                throw new IllegalArgumentException(text + " holds more than the addresses of IPv4 in IPv6");
            }
            bits -= MAPPED_BITS;
        }
        for (int bit = bits; bit < address.length * 8; bit++) {
            if ((address[bit / 8] & (0x80 >> (bit % 8))) != 0) {
                throw new IllegalArgumentException(text + " has bits set behind its prefix");
            }
        }
        return new Range(address, bits, text);
    }

    private static byte[] address(String literal) {
        final boolean v6 = literal.indexOf(':') >= 0;
        final boolean whole =
                v6 ? literal.matches("[0-9a-fA-F:.]+") : literal.matches("(0|[1-9]\\d{0,2})(\\.(0|[1-9]\\d{0,2})){3}");
        try {
            if (whole) {
                return InetAddress.ofLiteral(literal).getAddress();
            }
        } catch (IllegalArgumentException _) {
            // As below.
        }
        throw new IllegalArgumentException("No IP address: '" + literal + "'");
    }

    private static int prefix(String text, int most, String range) {
        if (!text.matches("0|[1-9]\\d{0,2}") || Integer.parseInt(text) > most) {
            throw new IllegalArgumentException("A prefix has 0 to " + most + " bits: '" + range + "'");
        }
        return Integer.parseInt(text);
    }

    /** Whether {@code peer} has an IP address in the list. A unix socket has none. */
    public boolean contains(SocketAddress peer) {
        return peer instanceof InetSocketAddress inet && !inet.isUnresolved() && contains(inet.getAddress());
    }

    /** Whether {@code address} is in the list. */
    public boolean contains(InetAddress address) {
        final byte[] bytes = plain(address.getAddress());
        return ranges.stream().anyMatch(range -> range.contains(bytes));
    }

    /** The JDK keeps some that were given with their length, so this is not left to it. */
    private static byte[] plain(byte[] address) {
        if (address.length != 16 || address[10] != -1 || address[11] != -1) {
            return address;
        }
        for (int i = 0; i < 10; i++) {
            if (address[i] != 0) {
                return address;
            }
        }
        return Arrays.copyOfRange(address, 12, 16);
    }

    @Override
    public String toString() {
        return ranges.stream().map(range -> range.text).collect(Collectors.joining(","));
    }
}
