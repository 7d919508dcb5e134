// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the {@code errno} of a system call is put, so that reading it allocates nothing and no other thread can change it.
 *
 * <p>An instance is used by one thread at a time; each loop owns one.
 */
public final class CallState {
    private static final long ERRNO_OFFSET = Linker.Option.captureStateLayout()
            .byteOffset(java.lang.foreign.MemoryLayout.PathElement.groupElement("errno"));

    private final MemorySegment segment = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());

    /** Creates a state of its own few bytes of native memory, given back when the object is unreachable. */
    public CallState() {}

    MemorySegment segment() {
        return segment;
    }

    int errno() {
        return segment.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }

    /** What a wrapper returns: the result, or the negated errno where the C function returned -1. */
    int result(int returned) {
        return returned >= 0 ? returned : -errno();
    }

    int result(long returned) {
        return returned >= 0 ? (int) returned : -errno();
    }
}
