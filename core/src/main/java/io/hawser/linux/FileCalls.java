// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import java.lang.invoke.MethodHandle;

/**
 * Files that are read and sent (open(2), statx(2), pread(2), sendfile(2)).
 *
 * <p>Any thread, with a {@link CallState} of its own. Addresses are native; the memory behind them must outlive the call.
 */
public final class FileCalls {
    /** {@code linux/fcntl.h}. */
    private static final int AT_EMPTY_PATH = 0x1000;

    /** {@code linux/stat.h}: all that stat(2) gives. */
    private static final int STATX_BASIC_STATS = 0x7ff;

    private static final int O_RDONLY = 0;
    private static final int O_NOCTTY = 0x100;
    private static final int O_NONBLOCK = 0x800;
    private static final int O_CLOEXEC = 0x80000;
    /** {@code asm-generic/fcntl.h}, and where it departs from that, {@code asm/fcntl.h} of aarch64. */
    private static final int O_NOFOLLOW = System.getProperty("os.arch", "").equals("aarch64") ? 0x8000 : 0x20000;

    private static final MethodHandle OPEN = Native.function("open");
    private static final MethodHandle STATX = Native.function("statx");
    private static final MethodHandle PREAD = Native.function("pread");
    private static final MethodHandle SENDFILE = Native.function("sendfile");

    private FileCalls() {}

    /**
     * open(2) for reading, closed on exec; of a pipe it does not wait for who writes to it.
     *
     * @param path points to the name and a zero
     * @param followLinks whether the last name may be a symbolic link; else that is {@code ELOOP}
     */
    public static int open(CallState state, long path, boolean followLinks) {
        final int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (followLinks ? 0 : O_NOFOLLOW);
        try {
            // SAFETY: the kernel reads a name that ends with a zero; without O_CREAT there is no third argument.
            return state.result((int) (long) OPEN.invokeExact(state.segment(), path, (long) flags, 0L, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * statx(2) of an open file.
     *
     * @param empty points to a zero
     * @param target a {@link StatxDescriptor}
     */
    public static int statx(CallState state, int fd, long empty, long target) {
        try {
            // SAFETY: the kernel reads an empty name and writes one struct statx, which is the caller's.
            return state.result((int) (long) STATX.invokeExact(
                    state.segment(), (long) fd, empty, (long) AT_EMPTY_PATH, (long) STATX_BASIC_STATS, target, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** pread(2) into {@code length} bytes at {@code address}. */
    public static int pread(CallState state, int fd, long address, int length, long position) {
        try {
            // SAFETY: the caller owns length writable bytes at address.
            return state.result(
                    (long) PREAD.invokeExact(state.segment(), (long) fd, address, (long) length, position, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * sendfile(2) to a non-blocking socket. SIGPIPE cannot be suppressed for it, so it is for processes that ignore that, as the JVM does.
     *
     * @param position points to a long, where in the file to begin; the kernel adds what it has sent
     */
    public static int sendfile(CallState state, int socket, int file, long position, int count) {
        try {
            // SAFETY: the kernel reads and writes one loff_t at position, which is the caller's.
            return state.result((long)
                    SENDFILE.invokeExact(state.segment(), (long) socket, (long) file, position, (long) count, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
