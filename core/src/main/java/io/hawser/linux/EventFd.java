// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import java.lang.invoke.MethodHandle;

/** eventfd(2) as a wake-up: any thread writes, the loop that polls it wakes. */
public final class EventFd {
    public static final int EFD_NONBLOCK = 0x800;
    public static final int EFD_CLOEXEC = 0x80000;

    private static final MethodHandle EVENTFD = Native.function("eventfd");
    private static final MethodHandle EVENTFD_WRITE = Native.function("eventfd_write");

    /** Where the threads that signal have their errno put; nobody reads it. */
    private static final CallState IGNORED = new CallState();

    private EventFd() {}

    /** A new descriptor with the counter at zero. */
    public static int create(CallState state) {
        try {
            // SAFETY: takes numbers only.
            return state.result((int) (long)
                    EVENTFD.invokeExact(state.segment(), 0L, (long) (EFD_NONBLOCK | EFD_CLOEXEC), 0L, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Adds one to the counter, which wakes who polls it. Any thread; the caller knows the descriptor to be open. */
    public static void signal(int fd) {
        try {
            // SAFETY: takes numbers only. It fails only when the counter is full, and then the poller wakes anyhow.
            final int ignored =
                    (int) (long) EVENTFD_WRITE.invokeExact(IGNORED.segment(), (long) fd, 1L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
