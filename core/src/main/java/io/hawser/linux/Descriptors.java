// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import java.lang.invoke.MethodHandle;

/** What can be done with a descriptor of any kind (fcntl(2), fchmod(2)). Any thread, with a {@link CallState} of its own. */
public final class Descriptors {
    /** {@code asm-generic/fcntl.h}, {@code linux/fcntl.h}; the same on x86-64 and aarch64. */
    private static final int F_SETFL = 4;

    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int O_NONBLOCK = 0x800;

    private static final MethodHandle FCNTL = Native.function("fcntl");
    private static final MethodHandle FCHMOD = Native.function("fchmod");

    private Descriptors() {}

    /** Another descriptor for what {@code fd} stands for, closed on exec. */
    public static int duplicate(CallState state, int fd) {
        return fcntl(state, fd, F_DUPFD_CLOEXEC, 0);
    }

    /**
     * Sets {@code O_NONBLOCK} or takes it away. It belongs to the open file description, so all who have a descriptor for the same one, in
     * whichever process, notice (fcntl(2)).
     */
    public static int setBlocking(CallState state, int fd, boolean blocking) {
        return fcntl(state, fd, F_SETFL, blocking ? 0 : O_NONBLOCK);
    }

    /** fchmod(2). Of a unix socket that is not bound yet it sets what the bind gives its file, less the umask. */
    public static int chmod(CallState state, int fd, int mode) {
        try {
            // SAFETY: takes numbers only.
            return state.result(
                    (int) (long) FCHMOD.invokeExact(state.segment(), (long) fd, (long) mode, 0L, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    private static int fcntl(CallState state, int fd, int command, int argument) {
        try {
            // SAFETY: takes numbers only; both commands take an int.
            return state.result((int)
                    (long) FCNTL.invokeExact(state.segment(), (long) fd, (long) command, (long) argument, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
