// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

/**
 * A completion queue entry ({@code struct io_uring_cqe}, {@code linux/io_uring.h}).
 *
 * <pre>
 *   0           8        12       16
 *  +-----------+--------+--------+
 *  | userdata  | result | flags  |
 *  | u64       | s32    | u32    |
 *  +-----------+--------+--------+
 * </pre>
 */
public final class CqeDescriptor {
    static final int SIZE = 16;
    static final int USER_DATA = 0;
    static final int RESULT = 8;
    static final int FLAGS = 12;

    private static final int F_BUFFER = 1;
    private static final int F_MORE = 1 << 1;
    private static final int BUFFER_SHIFT = 16;

    private CqeDescriptor() {}

    /** Whether the operation goes on and will complete again; a multishot without it has ended. */
    public static boolean hasMore(int flags) {
        return (flags & F_MORE) != 0;
    }

    /** Whether the kernel took a provided buffer. */
    public static boolean hasBuffer(int flags) {
        return (flags & F_BUFFER) != 0;
    }

    /** The id of the provided buffer that the kernel took. */
    public static int bufferId(int flags) {
        return flags >>> BUFFER_SHIFT;
    }
}
