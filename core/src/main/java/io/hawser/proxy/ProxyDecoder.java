// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads one header, whatever the pieces it comes in. Strict: what the specification does not allow is refused, so that no two readers understand
 * the same bytes in two ways. It keeps a copy of the header and nothing behind it.
 */
final class ProxyDecoder {
    /** Of a line of version 1, its end included. */
    static final int MAX_LINE_BYTES = 107;

    private static final byte[] LINE_START = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_PORT = 65_535;
    private static final int IPV4_BYTES = 4;
    private static final int IPV6_BYTES = 16;

    private final int maxBytes;
    private byte[] bytes = new byte[MAX_LINE_BYTES];
    private int count;
    private @Nullable ProxyHeader header;

    /** @param maxBytes how long a header of version 2 may be */
    ProxyDecoder(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** The header, when all of it has come. */
    Optional<ProxyHeader> header() {
        return Optional.ofNullable(header);
    }

    /**
     * Takes the next bytes that have come, and no more of them than belong to the header.
     *
     * @return how many it has taken; fewer than there are when the header is complete
     * @throws ProxyProtocolException as soon as it is plain that no header comes of it, or one that is too long
     */
    int take(ByteBuffer input) throws ProxyProtocolException {
        final int before = input.position();
        while (header == null && input.hasRemaining()) {
            final int wanted = Math.min(wantedBytes(), input.remaining());
            input.get(bytes, count, wanted);
            count += wanted;
            decode();
        }
        return input.position() - before;
    }

    /** How many bytes more belong to the header for certain; at least 1. */
    private int wantedBytes() throws ProxyProtocolException {
        if (count == 0) {
            return 1;
        }
        if (bytes[0] == LINE_START[0]) {
            // A line may end anywhere.
            return 1;
        }
        if (count < ProxyEncoder.FIXED_BYTES) {
            return ProxyEncoder.FIXED_BYTES - count;
        }
        return total() - count;
    }

    /** Of version 2, with the fixed part there. */
    private int total() throws ProxyProtocolException {
        final int total = ProxyEncoder.FIXED_BYTES + (((bytes[14] & 0xff) << 8) | (bytes[15] & 0xff));
        if (total > maxBytes) {
            throw new ProxyProtocolException("A PROXY header announces " + total + " bytes; the limit is " + maxBytes);
        }
        if (bytes.length < total) {
            bytes = Arrays.copyOf(bytes, total);
        }
        return total;
    }

    private void decode() throws ProxyProtocolException {
        final byte[] start = bytes[0] == LINE_START[0] ? LINE_START : ProxyEncoder.SIGNATURE;
        final int known = Math.min(count, start.length);
        if (!Arrays.equals(bytes, 0, known, start, 0, known)) {
            throw new ProxyProtocolException("The connection does not begin with a PROXY header");
        }
        if (start == LINE_START) {
            decodeLine();
        } else if (count >= ProxyEncoder.FIXED_BYTES) {
            decodeBinary();
        }
    }

    // ---- version 1

    private void decodeLine() throws ProxyProtocolException {
        final byte last = bytes[count - 1];
        if (last == '\n') {
            if (bytes[count - 2] != '\r') {
                throw new ProxyProtocolException("The line of a PROXY header does not end with CR LF");
            }
            header = line(new String(bytes, 0, count - 2, StandardCharsets.ISO_8859_1));
        } else if (count == MAX_LINE_BYTES) {
            throw new ProxyProtocolException("The line of a PROXY header has more than " + MAX_LINE_BYTES + " bytes");
        }
    }

    private static ProxyHeader line(String line) throws ProxyProtocolException {
        if (line.equals("PROXY UNKNOWN") || line.startsWith("PROXY UNKNOWN ")) {
            if (line.indexOf('\r') >= 0 || line.indexOf(0) >= 0) {
                throw new ProxyProtocolException("The line of a PROXY header has control characters");
            }
            // What follows is to be ignored.
            return ProxyHeader.unknown();
        }
        final String[] words = line.split(" ", -1);
        if (words.length != 6) {
            throw new ProxyProtocolException("The line of a PROXY header has " + words.length + " words and not 6");
        }
        final boolean v4 = switch (words[1]) {
            case "TCP4" -> true;
            case "TCP6" -> false;
            default -> throw new ProxyProtocolException("The line of a PROXY header has no protocol");
        };
        return ProxyHeader.of(
                new InetSocketAddress(address(words[2], v4), port(words[4])),
                new InetSocketAddress(address(words[3], v4), port(words[5])));
    }

    private static InetAddress address(String text, boolean v4) throws ProxyProtocolException {
        try {
            if (v4) {
                return InetAddress.getByAddress(ipv4(text));
            }
            final boolean literal = text.indexOf(':') >= 0
                    && text.chars().allMatch(c -> c == ':' || c == '.' || (Character.digit(c, 16) >= 0 && c < 128));
            if (literal) {
                return InetAddress.ofLiteral(text);
            }
        } catch (UnknownHostException | IllegalArgumentException _) {
            // As below.
        }
        throw new ProxyProtocolException("A PROXY header has a malformed address of " + (v4 ? "IPv4" : "IPv6"));
    }

    private static byte[] ipv4(String text) {
        final String[] parts = text.split("\\.", -1);
        if (parts.length != IPV4_BYTES) {
            throw new IllegalArgumentException();
        }
        final byte[] address = new byte[IPV4_BYTES];
        for (int i = 0; i < IPV4_BYTES; i++) {
            address[i] = (byte) number(parts[i], 255);
        }
        return address;
    }

    private static int port(String text) throws ProxyProtocolException {
        try {
            return number(text, MAX_PORT);
        } catch (IllegalArgumentException _) {
            throw new ProxyProtocolException("A PROXY header has a malformed port");
        }
    }

    /** Decimal, without sign or leading zeros, which some read as octal. */
    private static int number(String text, int most) {
        final boolean digits =
                !text.isEmpty() && text.length() <= 5 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!digits || (text.length() > 1 && text.charAt(0) == '0')) {
            throw new IllegalArgumentException();
        }
        final int number = Integer.parseInt(text);
        if (number > most) {
            throw new IllegalArgumentException();
        }
        return number;
    }

    // ---- version 2

    private void decodeBinary() throws ProxyProtocolException {
        final int version = bytes[12] & 0xf0;
        final int command = bytes[12] & 0x0f;
        if (version != ProxyEncoder.VERSION) {
            throw new ProxyProtocolException("A PROXY header of version " + (version >> 4));
        }
        if (command != ProxyEncoder.COMMAND_LOCAL && command != ProxyEncoder.COMMAND_PROXY) {
            throw new ProxyProtocolException("A PROXY header with the command " + command);
        }
        final int family = (bytes[13] & 0xf0) >> 4;
        final int kind = bytes[13] & 0x0f;
        final boolean known = family <= ProxyEncoder.FAMILY_UNIX && kind <= ProxyEncoder.KIND_DATAGRAM;
        if (command == ProxyEncoder.COMMAND_PROXY && !known) {
            throw new ProxyProtocolException("A PROXY header with the family " + family + " and the kind " + kind);
        }
        final int total = total();
        if (count < total) {
            return;
        }
        if (command == ProxyEncoder.COMMAND_LOCAL) {
            // All else is to be ignored.
            header = ProxyHeader.ofProxyItself();
            return;
        }
        // Where either is unspecified, neither is the address known.
        final int meant = kind == 0 ? ProxyEncoder.FAMILY_UNSPEC : family;
        header = binary(bytes, total, meant, addressBytes(family));
    }

    private static int addressBytes(int family) {
        return switch (family) {
            case ProxyEncoder.FAMILY_INET -> ProxyEncoder.INET_BYTES;
            case ProxyEncoder.FAMILY_INET6 -> ProxyEncoder.INET6_BYTES;
            case ProxyEncoder.FAMILY_UNIX -> 2 * ProxyEncoder.UNIX_BYTES;
            default -> 0;
        };
    }

    private static ProxyHeader binary(byte[] header, int total, int family, int addressBytes)
            throws ProxyProtocolException {
        if (total < ProxyEncoder.FIXED_BYTES + addressBytes) {
            throw new ProxyProtocolException("A PROXY header is too short for its addresses");
        }
        final ByteBuffer addresses = ByteBuffer.wrap(header).slice(ProxyEncoder.FIXED_BYTES, addressBytes);
        final List<ProxyTlv> tlvs = tlvs(header, total, ProxyEncoder.FIXED_BYTES + addressBytes);
        Optional<SocketAddress> source = Optional.empty();
        Optional<SocketAddress> destination = Optional.empty();
        switch (family) {
            case ProxyEncoder.FAMILY_INET, ProxyEncoder.FAMILY_INET6 -> {
                final int size = family == ProxyEncoder.FAMILY_INET ? IPV4_BYTES : IPV6_BYTES;
                source = Optional.of(inet(addresses, 0, size, 2 * size));
                destination = Optional.of(inet(addresses, size, size, 2 * size + 2));
            }
            case ProxyEncoder.FAMILY_UNIX -> {
                source = Optional.of(unix(addresses, 0));
                destination = Optional.of(unix(addresses, ProxyEncoder.UNIX_BYTES));
            }
            default -> {
                // Nothing is said of them.
            }
        }
        return new ProxyHeader(false, source, destination, tlvs);
    }

    private static SocketAddress inet(ByteBuffer addresses, int at, int size, int portAt)
            throws ProxyProtocolException {
        final byte[] address = new byte[size];
        addresses.get(at, address);
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), addresses.getShort(portAt) & 0xffff);
        } catch (UnknownHostException e) {
            throw new ProxyProtocolException("A PROXY header has an address of " + size + " bytes: " + e.getMessage());
        }
    }

    /** A path; of no name, and of one that is no path, that of an unnamed socket. */
    private static SocketAddress unix(ByteBuffer addresses, int at) throws ProxyProtocolException {
        final byte[] path = new byte[ProxyEncoder.UNIX_BYTES];
        addresses.get(at, path);
        int end = 0;
        while (end < path.length && path[end] != 0) {
            end++;
        }
        try {
            return UnixDomainSocketAddress.of(new String(path, 0, end, StandardCharsets.UTF_8));
        } catch (InvalidPathException _) {
            throw new ProxyProtocolException("A PROXY header has a malformed path");
        }
    }

    /** The fields from {@code from} on, with their checksum, if there is one, verified. */
    private static List<ProxyTlv> tlvs(byte[] header, int total, int from) throws ProxyProtocolException {
        final ByteBuffer fields = ByteBuffer.wrap(header, from, total - from);
        final List<ProxyTlv> tlvs = new ArrayList<>();
        boolean summed = false;
        while (fields.hasRemaining()) {
            final int at = fields.position() + ProxyEncoder.TLV_FIXED_BYTES;
            final ProxyTlv tlv = tlv(fields);
            if (tlv.type() == ProxyTlv.CRC32C) {
                final boolean right = !summed
                        && tlv.value().length == ProxyEncoder.CRC_BYTES
                        && ByteBuffer.wrap(tlv.value()).getInt() == ProxyEncoder.checksum(header, total, at);
                if (!right) {
                    throw new ProxyProtocolException("The checksum of a PROXY header is wrong");
                }
                summed = true;
            } else if (tlv.type() != ProxyTlv.NOOP) {
                check(tlv);
                tlvs.add(tlv);
            }
        }
        return tlvs;
    }

    private static ProxyTlv tlv(ByteBuffer fields) throws ProxyProtocolException {
        if (fields.remaining() < ProxyEncoder.TLV_FIXED_BYTES) {
            throw new ProxyProtocolException("A TLV of a PROXY header is cut short");
        }
        final int type = fields.get() & 0xff;
        final int length = fields.getShort() & 0xffff;
        if (length > fields.remaining() || (type == ProxyTlv.UNIQUE_ID && length > ProxyTlv.MAX_UNIQUE_ID_BYTES)) {
            throw new ProxyProtocolException("A TLV of a PROXY header has " + length + " bytes");
        }
        final byte[] value = new byte[length];
        fields.get(value);
        return new ProxyTlv(type, value);
    }

    private static void check(ProxyTlv tlv) throws ProxyProtocolException {
        if (tlv.type() == ProxyTlv.SSL) {
            final ProxySsl _ = ssl(tlv.value());
        } else if (tlv.type() == ProxyTlv.AUTHORITY || tlv.type() == ProxyTlv.NETNS) {
            requirePrintable(tlv.value());
        }
    }

    /** What is text ends up in logs and in headers of other protocols. */
    private static void requirePrintable(byte[] text) throws ProxyProtocolException {
        for (byte b : text) {
            if ((b >= 0 && b < ' ') || b == 0x7f) {
                throw new ProxyProtocolException("A TLV of a PROXY header has control characters");
            }
        }
    }

    static ProxySsl ssl(byte[] value) throws ProxyProtocolException {
        if (value.length < ProxySsl.FIXED_BYTES) {
            throw new ProxyProtocolException("The TLV on TLS of a PROXY header is cut short");
        }
        final ByteBuffer buffer = ByteBuffer.wrap(value);
        final int flags = buffer.get() & 0xff;
        final boolean verified = buffer.getInt() == 0
                && (flags & (ProxySsl.CERTIFICATE_IN_CONNECTION | ProxySsl.CERTIFICATE_IN_SESSION)) != 0;
        final List<ProxyTlv> fields = new ArrayList<>();
        while (buffer.hasRemaining()) {
            final ProxyTlv field = tlv(buffer);
            if (field.type() >= ProxySsl.VERSION && field.type() <= ProxySsl.KEY_ALGORITHM) {
                requirePrintable(field.value());
            }
            fields.add(field);
        }
        return new ProxySsl(flags, verified, fields);
    }
}
