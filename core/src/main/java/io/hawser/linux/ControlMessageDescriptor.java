// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * One control message of UDP ({@code struct cmsghdr}, cmsg(3), udp(7); 64-bit): the length of the segments of a datagram that is several.
 *
 * <pre>
 *   0      8       12     16
 *  +------+-------+------+------+
 *  | len  | level | type | data |
 *  | u64  | s32   | s32  | …    |
 *  +------+-------+------+------+
 * </pre>
 */
public final class ControlMessageDescriptor {
    /** Room for one with a number of 16 or 32 bits ({@code CMSG_SPACE}). */
    public static final int SPACE = 24;

    private static final int LEVEL = 8;
    private static final int TYPE = 12;
    private static final int DATA = 16;

    private ControlMessageDescriptor() {}

    /** Writes {@code UDP_SEGMENT}: the message is to be cut into datagrams of {@code bytes}, the last one of what is left. */
    public static void writeSegment(MemorySegment control, long at, int bytes) {
        control.set(JAVA_LONG, at, DATA + Short.BYTES);
        control.set(JAVA_INT, at + LEVEL, Sockets.IPPROTO_UDP);
        control.set(JAVA_INT, at + TYPE, Sockets.UDP_SEGMENT);
        control.set(JAVA_SHORT, at + DATA, (short) bytes);
    }

    /** Reads {@code UDP_GRO}: the length of the datagrams of which the message is made; 0 if it is one. */
    public static int readSegment(MemorySegment control, long at, int controlLength) {
        final boolean present = controlLength >= DATA + Integer.BYTES
                && control.get(JAVA_INT, at + LEVEL) == Sockets.IPPROTO_UDP
                && control.get(JAVA_INT, at + TYPE) == Sockets.UDP_GRO;
        return present ? control.get(JAVA_INT, at + DATA) : 0;
    }
}
