// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import java.lang.invoke.MethodHandle;

/**
 * The three system calls of io_uring and the mapping of its rings. The C library has no wrappers, so syscall(2) it is; the
 * numbers are the same on every architecture but alpha ({@code asm-generic/unistd.h}).
 */
final class IoUringCalls {
    private static final long NR_SETUP = 425;
    private static final long NR_ENTER = 426;
    private static final long NR_REGISTER = 427;

    private static final int PROT_READ_WRITE = 0x1 | 0x2;
    private static final int MAP_SHARED_POPULATE = 0x1 | 0x8000;

    private static final MethodHandle SYSCALL = Native.function("syscall");
    private static final MethodHandle SYSCALL_OF_SEVEN = Native.functionOfSeven("syscall");
    private static final MethodHandle MMAP = Native.function("mmap");
    private static final MethodHandle MUNMAP = Native.function("munmap");

    private IoUringCalls() {}

    static int setup(CallState state, int entries, long params) {
        try {
            // SAFETY: the kernel reads and writes one io_uring_params at params, which the caller owns.
            return state.result(
                    (long) SYSCALL.invokeExact(state.segment(), NR_SETUP, (long) entries, params, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int enter(CallState state, int fd, int toSubmit, int minComplete, int flags, long argument, long size) {
        try {
            // SAFETY: the argument is null or an io_uring_getevents_arg of size bytes; whoever prepared the submitted
            // entries keeps their memory alive until they complete.
            return state.result((long) SYSCALL_OF_SEVEN.invokeExact(
                    state.segment(),
                    NR_ENTER,
                    (long) fd,
                    (long) toSubmit,
                    (long) minComplete,
                    (long) flags,
                    argument,
                    size));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int register(CallState state, int fd, int opcode, long argument, int count) {
        try {
            // SAFETY: argument points to count structs of the opcode's kind, which the caller owns.
            return state.result((long) SYSCALL.invokeExact(
                    state.segment(), NR_REGISTER, (long) fd, (long) opcode, argument, (long) count, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** The address of the mapping, or a negated errno (addresses of user space are positive). */
    static long map(CallState state, int fd, long size, long offset) {
        try {
            // SAFETY: the kernel chooses a free place, so no memory in use is touched.
            final long address = (long) MMAP.invokeExact(
                    state.segment(), 0L, size, (long) PROT_READ_WRITE, (long) MAP_SHARED_POPULATE, (long) fd, offset);
            return address != -1 ? address : -state.errno();
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static void unmap(CallState state, long address, long size) {
        try {
            // SAFETY: the caller mapped exactly this and does not touch it again.
            final int ignored = (int) (long) MUNMAP.invokeExact(state.segment(), address, size, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
