// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Socket addresses as the kernel reads and writes them (ip(7), ipv6(7), unix(7)).
 *
 * <pre>
 *  sockaddr_in   0 family u16 | 2 port u16 (network order) | 4 address 4 bytes | 8 zero
 *  sockaddr_in6  0 family u16 | 2 port u16 (network order) | 4 flowinfo u32 | 8 address 16 bytes | 24 scope u32
 *  sockaddr_un   0 family u16 | 2 path, up to 108 bytes, ended by NUL
 * </pre>
 *
 * <p>An instance is room for one address and its length, used by one thread.
 */
public final class SockAddrDescriptor {
    /** Room for any address of the three families ({@code sockaddr_storage} is 128 bytes). */
    public static final int SIZE = 128;
    /** The longest path of a unix socket, in bytes. */
    public static final int MAX_UNIX_PATH = 107;

    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int LENGTH = SIZE;
    /** What is used of {@code sockaddr_in}. */
    private static final int INET_BYTES = 8;

    private final MemorySegment segment;

    /** Takes its memory from {@code arena}. */
    public SockAddrDescriptor(Arena arena) {
        segment = arena.allocate(SIZE + 4, 8);
    }

    /** The native address of the sockaddr. */
    public long address() {
        return segment.address();
    }

    /** The native address of the length, for calls that write one. */
    public long lengthAddress() {
        return segment.address() + LENGTH;
    }

    /** Announces the whole room, before a call that writes an address. */
    public void clear() {
        segment.fill((byte) 0);
        segment.set(JAVA_INT, LENGTH, SIZE);
    }

    /** The length of the address that stands here, in bytes. */
    public int length() {
        return segment.get(JAVA_INT, LENGTH);
    }

    /** The address family that {@code address} needs: {@code AF_INET}, {@code AF_INET6} or {@code AF_UNIX}. */
    public static int family(SocketAddress address) {
        return switch (address) {
            case InetSocketAddress inet when inet.getAddress() instanceof Inet4Address -> Sockets.AF_INET;
            case InetSocketAddress inet when inet.getAddress() instanceof Inet6Address -> Sockets.AF_INET6;
            case UnixDomainSocketAddress _ -> Sockets.AF_UNIX;
            default -> throw new IllegalArgumentException("Not a resolved internet or unix address: " + address);
        };
    }

    /**
     * Writes {@code address}.
     *
     * @throws IllegalArgumentException if it is unresolved, or a unix path longer than {@value #MAX_UNIX_PATH} bytes
     */
    public void write(SocketAddress address) {
        clear();
        final int family = family(address);
        segment.set(JAVA_SHORT, 0, (short) family);
        if (address instanceof UnixDomainSocketAddress unix) {
            final byte[] path = unix.getPath().toString().getBytes(StandardCharsets.UTF_8);
            if (path.length > MAX_UNIX_PATH) {
                throw new IllegalArgumentException("The unix path is too long, " + path.length + " bytes of at most "
                        + MAX_UNIX_PATH + ": " + unix);
            }
            MemorySegment.copy(path, 0, segment, JAVA_BYTE, 2, path.length);
            segment.set(JAVA_INT, LENGTH, 2 + path.length + 1);
            return;
        }
        final InetSocketAddress inet = (InetSocketAddress) address;
        final byte[] ip = inet.getAddress().getAddress();
        segment.set(PORT, 2, (short) inet.getPort());
        if (family == Sockets.AF_INET) {
            MemorySegment.copy(ip, 0, segment, JAVA_BYTE, 4, 4);
            segment.set(JAVA_INT, LENGTH, 16);
        } else {
            MemorySegment.copy(ip, 0, segment, JAVA_BYTE, 8, 16);
            segment.set(JAVA_INT, 24, ((Inet6Address) inet.getAddress()).getScopeId());
            segment.set(JAVA_INT, LENGTH, 28);
        }
    }

    /** Reads the address that a call wrote; empty for an unnamed unix socket or an unknown family. */
    public Optional<SocketAddress> read() {
        return decode(bytes());
    }

    /** A copy of the address that a call wrote, for {@link #decode}: a fraction of the memory of a decoded one. */
    public byte[] bytes() {
        // Of sockaddr_in the last half is padding.
        final int most = segment.get(JAVA_SHORT, 0) == Sockets.AF_INET ? INET_BYTES : SIZE;
        return segment.asSlice(0, Math.min(length(), most)).toArray(JAVA_BYTE);
    }

    /** What {@link #bytes} copied of an IPv4 address, in a number, so that it needs no object; 0 of any other. */
    public static long packed(byte[] bytes) {
        if (bytes.length != INET_BYTES) {
            return 0;
        }
        final MemorySegment address = MemorySegment.ofArray(bytes);
        return address.get(JAVA_SHORT_UNALIGNED, 0) == Sockets.AF_INET ? address.get(JAVA_LONG_UNALIGNED, 0) : 0;
    }

    /**
     * Decodes what {@link #packed} made a number of, or what it could not; empty as {@link #decode(byte[])}. Any thread.
     *
     * @param other what {@link #bytes} copied, if {@code packed} is 0
     */
    public static Optional<SocketAddress> decode(long packed, byte @Nullable [] other) {
        if (other != null) {
            return decode(other);
        }
        final MemorySegment address = MemorySegment.ofArray(new byte[INET_BYTES]);
        address.set(JAVA_LONG_UNALIGNED, 0, packed);
        return Optional.of(inet(address, 4, 4));
    }

    /** Decodes what {@link #bytes} copied; empty for an unnamed unix socket or an unknown family. Any thread. */
    public static Optional<SocketAddress> decode(byte[] bytes) {
        if (bytes.length < 2) {
            return Optional.empty();
        }
        final MemorySegment address = MemorySegment.ofArray(bytes);
        return switch (address.get(JAVA_SHORT_UNALIGNED, 0)) {
            case Sockets.AF_INET -> Optional.of(inet(address, 4, 4));
            case Sockets.AF_INET6 -> Optional.of(inet(address, 8, 16));
            case Sockets.AF_UNIX -> unix(bytes);
            default -> Optional.empty();
        };
    }

    private static SocketAddress inet(MemorySegment address, int offset, int bytes) {
        final byte[] ip = address.asSlice(offset, bytes).toArray(JAVA_BYTE);
        final int port = address.get(PORT, 2) & 0xffff;
        try {
            // An IPv4-mapped IPv6 address becomes an Inet4Address here, so that address filters see one form only.
            final InetAddress inet = InetAddress.getByAddress(ip);
            if (inet instanceof Inet6Address && address.get(JAVA_INT_UNALIGNED, 24) != 0) {
                final int scope = address.get(JAVA_INT_UNALIGNED, 24);
                return new InetSocketAddress(Inet6Address.getByAddress(null, ip, scope), port);
            }
            return new InetSocketAddress(inet, port);
        } catch (UnknownHostException e) {
            throw new AssertionError("An address of " + bytes + " bytes", e);
        }
    }

    private static Optional<SocketAddress> unix(byte[] bytes) {
        int end = 2;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        // An unnamed socket has no path, one in the abstract name space starts with NUL.
        return end == 2
                ? Optional.empty()
                : Optional.of(UnixDomainSocketAddress.of(new String(bytes, 2, end - 2, StandardCharsets.UTF_8)));
    }
}
