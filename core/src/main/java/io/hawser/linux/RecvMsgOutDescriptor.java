// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * The head of a buffer into which a multishot recvmsg has received ({@code struct io_uring_recvmsg_out}, {@code linux/io_uring.h}).
 *
 * <pre>
 *   0         4            8             12      16
 *  +---------+------------+-------------+-------+------------------+---------------------+---------+
 *  | namelen | controllen | payloadlen  | flags | room for name    | room for control    | payload |
 *  | u32     | u32        | u32         | u32   | as prepared      | as prepared         |         |
 *  +---------+------------+-------------+-------+------------------+---------------------+---------+
 * </pre>
 */
public final class RecvMsgOutDescriptor {
    /** Bytes before the name. */
    public static final int SIZE = 16;

    private static final int CONTROL_LENGTH = 4;
    private static final int PAYLOAD_LENGTH = 8;
    private static final int FLAGS = 12;

    private RecvMsgOutDescriptor() {}

    /** How many bytes of control data came. */
    public static int controlLength(MemorySegment buffer) {
        return buffer.get(JAVA_INT, CONTROL_LENGTH);
    }

    /** How many bytes of payload came. */
    public static int payloadLength(MemorySegment buffer) {
        return buffer.get(JAVA_INT, PAYLOAD_LENGTH);
    }

    /** The flags with which it came, such as {@link Sockets#MSG_TRUNC}. */
    public static int flags(MemorySegment buffer) {
        return buffer.get(JAVA_INT, FLAGS);
    }
}
