// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Internet addresses in the middle of other memory, read and written without objects. The layouts are those of {@link SockAddrDescriptor}.
 */
public final class InetSockAddrDescriptor {
    /** The size of a {@code sockaddr_in}, in bytes. */
    public static final int IPV4_SIZE = 16;
    /** The size of a {@code sockaddr_in6}, in bytes. */
    public static final int IPV6_SIZE = 28;

    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt IPV4 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong IPV6 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int PORT_OFFSET = 2;
    private static final int IPV4_OFFSET = 4;
    private static final int FLOW_OFFSET = 4;
    private static final int IPV6_OFFSET = 8;
    private static final int SCOPE_OFFSET = 24;

    private InetSockAddrDescriptor() {}

    /** {@code AF_INET}, {@code AF_INET6}, or what else stands at {@code at}. */
    public static int family(MemorySegment memory, long at) {
        return memory.get(JAVA_SHORT, at);
    }

    /** The port, 0 to 65,535. */
    public static int port(MemorySegment memory, long at) {
        return memory.get(PORT, at + PORT_OFFSET) & 0xffff;
    }

    /** The address of a {@code sockaddr_in}, its first byte in the highest place. */
    public static int ipv4(MemorySegment memory, long at) {
        return memory.get(IPV4, at + IPV4_OFFSET);
    }

    /** The first eight bytes of the address of a {@code sockaddr_in6}. */
    public static long ipv6High(MemorySegment memory, long at) {
        return memory.get(IPV6, at + IPV6_OFFSET);
    }

    /** The last eight bytes of the address of a {@code sockaddr_in6}. */
    public static long ipv6Low(MemorySegment memory, long at) {
        return memory.get(IPV6, at + IPV6_OFFSET + Long.BYTES);
    }

    /** The scope of a {@code sockaddr_in6}. */
    public static int scope(MemorySegment memory, long at) {
        return memory.get(JAVA_INT, at + SCOPE_OFFSET);
    }

    /** Writes a {@code sockaddr_in}. */
    public static void writeIpv4(MemorySegment memory, long at, int address, int port) {
        memory.set(JAVA_SHORT, at, (short) Sockets.AF_INET);
        memory.set(PORT, at + PORT_OFFSET, (short) port);
        memory.set(IPV4, at + IPV4_OFFSET, address);
    }

    /** Writes a {@code sockaddr_in6}. */
    public static void writeIpv6(MemorySegment memory, long at, long high, long low, int port, int scope) {
        memory.set(JAVA_SHORT, at, (short) Sockets.AF_INET6);
        memory.set(PORT, at + PORT_OFFSET, (short) port);
        memory.set(JAVA_INT, at + FLOW_OFFSET, 0);
        memory.set(IPV6, at + IPV6_OFFSET, high);
        memory.set(IPV6, at + IPV6_OFFSET + Long.BYTES, low);
        memory.set(JAVA_INT, at + SCOPE_OFFSET, scope);
    }
}
