// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;

/** On which CPUs the calling thread may run (sched_setaffinity(2)). A platform thread of Linux. */
public final class Affinity {
    /** {@code CPU_SETSIZE}: numbers of CPUs lie below it. */
    public static final int MAX_CPUS = 1024;

    private static final int SET_BYTES = MAX_CPUS / Byte.SIZE;
    private static final int CALLING_THREAD = 0;

    private static final MethodHandle SET = Native.function("sched_setaffinity");
    private static final MethodHandle GET = Native.function("sched_getaffinity");

    private Affinity() {}

    /**
     * Has the calling thread run on one CPU from now on.
     *
     * @param cpu from 0
     * @throws IOException if there is no such CPU, or this process may not use it
     */
    public static void pin(int cpu) throws IOException {
        if (cpu < 0 || cpu >= MAX_CPUS) {
            throw new LinuxException("sched_setaffinity to CPU " + cpu, Errno.EINVAL);
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment set = arena.allocate(SET_BYTES, Long.BYTES);
            // cpu_set_t is an array of longs; on the little-endian systems that are served, also one of bytes.
            set.set(JAVA_BYTE, cpu / Byte.SIZE, (byte) (1 << cpu % Byte.SIZE));
            LinuxException.check("sched_setaffinity to CPU " + cpu, call(SET, set));
        }
    }

    /** The CPUs on which the calling thread may run. */
    public static BitSet cpus() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment set = arena.allocate(SET_BYTES, Long.BYTES);
            LinuxException.check("sched_getaffinity", call(GET, set));
            return BitSet.valueOf(set.toArray(JAVA_BYTE));
        }
    }

    private static int call(MethodHandle function, MemorySegment set) {
        final CallState state = new CallState();
        try {
            // SAFETY: the kernel reads or writes SET_BYTES bytes of the set, which outlives the call.
            return state.result((int) (long) function.invokeExact(
                    state.segment(), (long) CALLING_THREAD, (long) SET_BYTES, set.address(), 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
