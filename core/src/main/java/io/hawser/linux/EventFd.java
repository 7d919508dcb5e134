// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** eventfd(2) as a wake-up: any thread writes, the loop that polls it wakes. */
public final class EventFd {
    public static final int EFD_NONBLOCK = 0x800;
    public static final int EFD_CLOEXEC = 0x80000;

    private static final MethodHandle EVENTFD =
            Native.withErrno("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle EVENTFD_WRITE =
            Native.withoutErrno("eventfd_write", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));

    private EventFd() {}

    /** A new descriptor with the counter at zero. */
    public static int create(CallState state) {
        try {
            // SAFETY: takes numbers only.
            return state.result((int) EVENTFD.invokeExact(state.segment(), 0, EFD_NONBLOCK | EFD_CLOEXEC));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Adds one to the counter, which wakes who polls it. Any thread; the caller knows the descriptor to be open. */
    public static void signal(int fd) {
        try {
            // SAFETY: takes numbers only. It fails only when the counter is full, and then the poller wakes anyhow.
            final int ignored = (int) EVENTFD_WRITE.invokeExact(fd, 1L);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
