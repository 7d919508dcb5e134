// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The only place that links C functions.
 *
 * <p>Pointers are passed as {@code long}: a {@link MemorySegment} argument would acquire and release its arena's session on
 * each call, two atomic operations on the data path. In return the caller of every wrapper in this package must keep the
 * memory alive for the duration of the call (or, for io_uring, of the operation).
 */
@SuppressWarnings("restricted") // linking is what it is for
final class Native {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBC = LINKER.defaultLookup();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private Native() {}

    /** Links {@code name}, a function that may block or that sets {@code errno}; its first argument is the {@link CallState}. */
    static MethodHandle withErrno(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor, ERRNO);
    }

    /** As {@link #withErrno(String, FunctionDescriptor)}, of which the arguments from {@code firstVariadic} on are variadic ones. */
    static MethodHandle withErrno(String name, FunctionDescriptor descriptor, int firstVariadic) {
        return LINKER.downcallHandle(symbol(name), descriptor, ERRNO, Linker.Option.firstVariadicArg(firstVariadic));
    }

    /** Links {@code name}, a function whose {@code errno} nobody asks for. */
    static MethodHandle withoutErrno(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor);
    }

    /**
     * Links {@code name} without the thread's state transition to native code.
     *
     * <p>A garbage collection waits for such a call, so it is only for calls that cannot block.
     */
    static MethodHandle criticalWithErrno(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor, ERRNO, Linker.Option.critical(false));
    }

    /** What a wrapper throws when {@code invokeExact} throws, which only a defect in this package can cause. */
    static AssertionError unexpected(Throwable cause) {
        return new AssertionError("A downcall threw", cause);
    }

    /** The {@code size} bytes that the kernel mapped at {@code address}, for as long as the process lives. */
    static MemorySegment mapped(long address, long size) {
        // SAFETY: the callers pass what mmap(2) returned with the length they asked for, and unmap it only when they
        // are closed.
        return MemorySegment.ofAddress(address).reinterpret(size, Arena.global(), null);
    }

    private static MemorySegment symbol(String name) {
        return LIBC.find(name).orElseThrow(() -> new UnsatisfiedLinkError("The C library has no " + name));
    }
}
