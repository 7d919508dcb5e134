// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** C functions, linked in each of the ways that there are. */
final class Downcalls {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final Linker.Option CRITICAL = Linker.Option.critical(false);
    private static final Linker.Option CRITICAL_HEAP = Linker.Option.critical(true);

    private static final FunctionDescriptor NOTHING = FunctionDescriptor.of(JAVA_INT);
    private static final FunctionDescriptor ABS = FunctionDescriptor.of(JAVA_INT, JAVA_INT);
    private static final FunctionDescriptor RECV =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final FunctionDescriptor RECV_SEGMENT =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);

    static final MethodHandle ABS_PLAIN = link("abs", ABS);
    static final MethodHandle ABS_ERRNO = link("abs", ABS, ERRNO);
    static final MethodHandle ABS_CRITICAL = link("abs", ABS, CRITICAL);
    static final MethodHandle ABS_CRITICAL_ERRNO = link("abs", ABS, ERRNO, CRITICAL);

    static final MethodHandle GETPPID_PLAIN = link("getppid", NOTHING);
    static final MethodHandle GETPPID_ERRNO = link("getppid", NOTHING, ERRNO);
    static final MethodHandle GETPPID_CRITICAL = link("getppid", NOTHING, CRITICAL);
    static final MethodHandle GETPPID_CRITICAL_ERRNO = link("getppid", NOTHING, ERRNO, CRITICAL);

    static final MethodHandle RECV_PLAIN = link("recv", RECV);
    static final MethodHandle RECV_CRITICAL = link("recv", RECV, CRITICAL);
    static final MethodHandle RECV_CRITICAL_ERRNO = link("recv", RECV, ERRNO, CRITICAL);
    static final MethodHandle RECV_SEGMENT_ERRNO = link("recv", RECV_SEGMENT, ERRNO);
    static final MethodHandle RECV_HEAP = link("recv", RECV_SEGMENT, CRITICAL_HEAP);

    static final MethodHandle SEND_CRITICAL_ERRNO = link("send", RECV, ERRNO, CRITICAL);
    static final MethodHandle SEND_HEAP = link("send", RECV_SEGMENT, CRITICAL_HEAP);

    private static final MethodHandle SOCKETPAIR =
            link("socketpair", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));

    private Downcalls() {}

    private static MethodHandle link(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        // SAFETY: the descriptors are those of the functions' manual pages; who calls owns the memory.
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, options);
    }

    /** A block of memory for what a call leaves behind, as long as the program runs. */
    static MemorySegment state() {
        return Arena.global().allocate(Linker.Option.captureStateLayout());
    }

    /** Two descriptors of non-blocking unix stream sockets, each other's peer (socketpair(2)). */
    static int[] socketPair() {
        final int unix = 1;
        final int streamNonBlocking = 1 | 0x800;
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment pair = arena.allocate(JAVA_INT, 2);
            final int result = (int) SOCKETPAIR.invokeExact(unix, streamNonBlocking, 0, pair);
            if (result != 0) {
                throw new IllegalStateException("socketpair failed");
            }
            return pair.toArray(JAVA_INT);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }
}
