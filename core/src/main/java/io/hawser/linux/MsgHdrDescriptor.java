// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * A {@code msghdr} followed by its {@code iovec}s ({@code linux/socket.h}, {@code linux/uio.h}; 64-bit).
 *
 * <pre>
 *   0        8         12    16      24        32        40            48      52
 *  +--------+---------+-----+-------+---------+---------+-------------+-------+-----+
 *  | name   | namelen | pad | iov   | iovlen  | control | controllen  | flags | pad |
 *  +--------+---------+-----+-------+---------+---------+-------------+-------+-----+
 *  56: iovec[0] { base u64, len u64 }, iovec[1], …
 * </pre>
 *
 * <p>One instance describes one message at a fixed place; it is used by one thread.
 */
public final class MsgHdrDescriptor {
    private static final int NAME = 0;
    private static final int NAME_LENGTH = 8;
    private static final int IOV = 16;
    private static final int IOV_LENGTH = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;
    private static final int IOVECS = 56;
    private static final int IOVEC_SIZE = 16;

    private final MemorySegment segment;
    private final int maxIovecs;

    /** Describes a message at the start of {@code segment}, which is 8-byte aligned native memory of {@link #sizeOf} bytes. */
    public MsgHdrDescriptor(MemorySegment segment, int maxIovecs) {
        this.segment = segment;
        this.maxIovecs = maxIovecs;
        segment.set(JAVA_LONG, NAME, 0);
        segment.set(JAVA_INT, NAME_LENGTH, 0);
        segment.set(JAVA_LONG, IOV, segment.address() + IOVECS);
        segment.set(JAVA_LONG, CONTROL, 0);
        segment.set(JAVA_LONG, CONTROL_LENGTH, 0);
        segment.set(JAVA_INT, FLAGS, 0);
    }

    /** Bytes taken by a header with {@code iovecs} vectors. */
    public static long sizeOf(int iovecs) {
        return IOVECS + (long) iovecs * IOVEC_SIZE;
    }

    /** The native address to give to {@link Sockets#sendmsg}. */
    public long address() {
        return segment.address();
    }

    /** How many vectors fit. */
    public int maxIovecs() {
        return maxIovecs;
    }

    /** Sets vector {@code index}. */
    public void iovec(int index, long base, int length) {
        final long offset = IOVECS + (long) index * IOVEC_SIZE;
        segment.set(JAVA_LONG, offset, base);
        segment.set(JAVA_LONG, offset + 8, length);
    }

    /** Sets the room for a name and for control data, in bytes, of a receive that gets its memory elsewhere. */
    public void room(int nameLength, int controlLength) {
        segment.set(JAVA_INT, NAME_LENGTH, nameLength);
        segment.set(JAVA_LONG, CONTROL_LENGTH, controlLength);
    }

    /** Sets where control data stand and how many bytes of them, or how much room there is for those of a receive. */
    public void control(long address, int length) {
        segment.set(JAVA_LONG, CONTROL, address);
        segment.set(JAVA_LONG, CONTROL_LENGTH, length);
    }

    /** How many bytes of control data a receive has brought. */
    public int controlLength() {
        return (int) segment.get(JAVA_LONG, CONTROL_LENGTH);
    }

    /** The flags that a receive has set, such as {@link Sockets#MSG_CTRUNC}. */
    public int flags() {
        return segment.get(JAVA_INT, FLAGS);
    }

    /** Sets how many vectors count. */
    public void iovecs(int count) {
        segment.set(JAVA_LONG, IOV_LENGTH, count);
    }
}
