// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Control data that carry descriptors to another process ({@code SCM_RIGHTS}; unix(7), cmsg(3); 64-bit): a row of {@code cmsghdr}s, each
 * aligned to 8 bytes.
 *
 * <pre>
 *   0      8            12           16
 *  +------+------------+------------+------+------+---
 *  | len  | SOL_SOCKET | SCM_RIGHTS | fd 0 | fd 1 | …
 *  | u64  | s32        | s32        | s32  | s32  |
 *  +------+------------+------------+------+------+---
 * </pre>
 */
public final class RightsDescriptor {
    /** The most descriptors that one message takes ({@code SCM_MAX_FD}, {@code net/scm.h}). */
    public static final int MAX = 253;

    private static final int LEVEL = 8;
    private static final int TYPE = 12;
    private static final int DATA = 16;

    private RightsDescriptor() {}

    /** Room for {@code count} descriptors, in bytes ({@code CMSG_SPACE}). */
    public static int space(int count) {
        return DATA + (int) align((long) count * Integer.BYTES);
    }

    /**
     * Writes one control message with {@code descriptors}.
     *
     * @param control at least {@link #space} bytes, aligned to 8
     */
    public static void write(MemorySegment control, int... descriptors) {
        control.set(JAVA_LONG, 0, DATA + (long) descriptors.length * Integer.BYTES);
        control.set(JAVA_INT, LEVEL, Sockets.SOL_SOCKET);
        control.set(JAVA_INT, TYPE, Sockets.SCM_RIGHTS);
        for (int i = 0; i < descriptors.length; i++) {
            control.set(JAVA_INT, DATA + (long) i * Integer.BYTES, descriptors[i]);
        }
    }

    /**
     * All descriptors that have come, in their order; they are the caller's to close. Control messages of other kinds are passed over.
     *
     * @param length how many bytes of control data there are, as the kernel has said
     */
    public static int[] read(MemorySegment control, int length) {
        int[] descriptors = {};
        final long end = Math.min(length, control.byteSize());
        long at = 0;
        while (end - at >= DATA) {
            final long size = control.get(JAVA_LONG, at);
            if (size < DATA || size > end - at) {
                break;
            }
            if (control.get(JAVA_INT, at + LEVEL) == Sockets.SOL_SOCKET
                    && control.get(JAVA_INT, at + TYPE) == Sockets.SCM_RIGHTS) {
                final int count = (int) (size - DATA) / Integer.BYTES;
                final int before = descriptors.length;
                descriptors = Arrays.copyOf(descriptors, before + count);
                for (int i = 0; i < count; i++) {
                    descriptors[before + i] = control.get(JAVA_INT, at + DATA + (long) i * Integer.BYTES);
                }
            }
            at += align(size);
        }
        return descriptors;
    }

    private static long align(long bytes) {
        return (bytes + 7) & ~7L;
    }
}
