// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * A submission queue entry ({@code struct io_uring_sqe}, {@code linux/io_uring.h}; io_uring_enter(2)).
 *
 * <pre>
 *   0      1      2       4       8         16       24     28       32         40         42           44          48
 *  +------+------+-------+-------+---------+--------+------+--------+----------+----------+------------+-----------+--------+
 *  | op   |flags |ioprio | fd    | off     | addr   | len  |op flags| userdata |buf group | personality| file index| (pad)  |
 *  | u8   | u8   | u16   | s32   | u64     | u64    | u32  | u32    | u64      | u16      | u16        | u32       | 2 u64  |
 *  +------+------+-------+-------+---------+--------+------+--------+----------+----------+------------+-----------+--------+
 * </pre>
 */
final class SqeDescriptor {
    static final int SIZE = 64;

    static final byte OP_POLL_ADD = 6;
    static final byte OP_SENDMSG = 9;
    static final byte OP_RECVMSG = 10;
    static final byte OP_ACCEPT = 13;
    static final byte OP_ASYNC_CANCEL = 14;
    static final byte OP_CONNECT = 16;
    static final byte OP_SEND = 26;
    static final byte OP_RECV = 27;

    /** {@code IOSQE_BUFFER_SELECT}: the kernel picks the buffer from the group. */
    static final byte FLAG_BUFFER_SELECT = 1 << 5;

    static final short ACCEPT_MULTISHOT = 1;
    static final short RECV_MULTISHOT = 1 << 1;
    static final int POLL_ADD_MULTI = 1;

    private static final int OPCODE = 0;
    private static final int FLAGS = 1;
    private static final int IOPRIO = 2;
    private static final int FD = 4;
    private static final int OFFSET = 8;
    private static final int ADDRESS = 16;
    private static final int LENGTH = 24;
    private static final int OP_FLAGS = 28;
    private static final int USER_DATA = 32;
    private static final int BUFFER_GROUP = 40;
    private static final int PERSONALITY = 42;
    private static final int FILE_INDEX = 44;
    private static final int PAD = 48;

    private SqeDescriptor() {}

    /** Writes a whole entry at {@code at}; what has no parameter is zero. */
    static void write(
            MemorySegment sqes,
            long at,
            byte opcode,
            byte flags,
            short ioprio,
            int fd,
            long offset,
            long address,
            int length,
            int opFlags,
            long userData,
            short bufferGroup) {
        sqes.set(JAVA_BYTE, at + OPCODE, opcode);
        sqes.set(JAVA_BYTE, at + FLAGS, flags);
        sqes.set(JAVA_SHORT, at + IOPRIO, ioprio);
        sqes.set(JAVA_INT, at + FD, fd);
        sqes.set(JAVA_LONG, at + OFFSET, offset);
        sqes.set(JAVA_LONG, at + ADDRESS, address);
        sqes.set(JAVA_INT, at + LENGTH, length);
        sqes.set(JAVA_INT, at + OP_FLAGS, opFlags);
        sqes.set(JAVA_LONG, at + USER_DATA, userData);
        sqes.set(JAVA_SHORT, at + BUFFER_GROUP, bufferGroup);
        sqes.set(JAVA_SHORT, at + PERSONALITY, (short) 0);
        sqes.set(JAVA_INT, at + FILE_INDEX, 0);
        sqes.set(JAVA_LONG, at + PAD, 0);
        sqes.set(JAVA_LONG, at + PAD + 8, 0);
    }
}
