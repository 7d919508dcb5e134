// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Who is at the other end of a unix socket ({@code struct ucred}, unix(7) under SO_PEERCRED), as the kernel noted it at the connect or, for
 * who connects, at the listen.
 *
 * <pre>
 *   0     4     8
 *  +-----+-----+-----+
 *  | pid | uid | gid |
 *  | s32 | u32 | u32 |
 *  +-----+-----+-----+
 * </pre>
 */
public final class CredentialsDescriptor {
    private static final int SIZE = 12;
    private static final int UID = 4;

    private static final MethodHandle GETEUID = Native.function("geteuid");

    private CredentialsDescriptor() {}

    /**
     * The effective user of the process at the other end of {@code fd}.
     *
     * @throws LinuxException if it is no connected unix socket
     */
    public static long peerUser(CallState state, int fd) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(SIZE + Integer.BYTES, 4);
            memory.set(JAVA_INT, SIZE, SIZE);
            final long address = memory.address();
            LinuxException.check(
                    "getsockopt SO_PEERCRED",
                    Sockets.getsockopt(state, fd, Sockets.SOL_SOCKET, Sockets.SO_PEERCRED, address, address + SIZE));
            return Integer.toUnsignedLong(memory.get(JAVA_INT, UID));
        }
    }

    /** The effective user of this process (geteuid(2)). */
    public static long ownUser() {
        try {
            // SAFETY: takes nothing and cannot fail.
            return Integer.toUnsignedLong(
                    (int) (long) GETEUID.invokeExact(new CallState().segment(), 0L, 0L, 0L, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
