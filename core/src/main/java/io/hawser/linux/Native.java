// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

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
    private static final FunctionDescriptor SIX =
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor SEVEN = SIX.appendArgumentLayouts(JAVA_LONG);

    private Native() {}

    /**
     * Links {@code name}, a function that may block and set {@code errno}: {@code (MemorySegment state, long × 6) long}, of which the first is
     * the {@link CallState}.
     *
     * <p>All functions are linked alike, since it is a new kind of call that costs the JVM time to link, at the start some 12 ms each on a slow
     * core, and not another function of a kind that it knows. The ABIs of Linux allow it (System V AMD64 psABI 3.2.3, AAPCS64 6.8.2): integers and
     * pointers travel in registers of 64 bits, of which a function that takes an {@code int} looks at the lower half; registers beyond its last
     * parameter mean nothing to it; and variadic integers travel as others do. Of a returned {@code int} the upper half is undefined, so it is to
     * be cast.
     */
    static MethodHandle function(String name) {
        return LINKER.downcallHandle(symbol(name), SIX, ERRNO);
    }

    /**
     * As {@link #function}, for a call that is made on each turn of a loop and can be repeated to learn why it failed: {@code (long × 6) long}.
     *
     * <p>The JDK cuts a slice of the {@link CallState} for each call that keeps {@code errno}. That costs nothing as long as all of the turn is compiled
     * as one; what the compiler has no room for at the end of a large one, the wait above all, would make an object each time.
     */
    static MethodHandle functionWithoutErrno(String name) {
        return LINKER.downcallHandle(symbol(name), SIX);
    }

    /** As {@link #function}, with seven arguments. */
    static MethodHandle functionOfSeven(String name) {
        return LINKER.downcallHandle(symbol(name), SEVEN, ERRNO);
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
