// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What is known about an open file ({@code struct statx}, {@code linux/stat.h}; statx(2)); the same on every architecture.
 *
 * <pre>
 *   0            28       32        40       48               112     120
 *  +------------+--------+--------+--------+-- … -----------+-------+--------+-- …
 *  | mask, …    | mode   | inode  | size   | …              | mtime | mtime  |
 *  |            | u16    | u64    | u64    |                | s64 s | u32 ns |
 *  +------------+--------+--------+--------+-- … -----------+-------+--------+-- …
 * </pre>
 */
public final class StatxDescriptor {
    private static final int SIZE_BYTES = 256;
    private static final int MODE = 28;
    private static final int SIZE = 40;
    private static final int MODIFIED_SECONDS = 112;
    private static final int MODIFIED_NANOS = 120;

    /** inode(7). */
    private static final int S_IFMT = 0xF000;

    private static final int S_IFREG = 0x8000;

    private final MemorySegment memory;

    /** Of memory of {@code arena}. */
    public StatxDescriptor(Arena arena) {
        memory = arena.allocate(SIZE_BYTES, Long.BYTES);
    }

    /** For {@link FileCalls#statx}. */
    public long address() {
        return memory.address();
    }

    /** Whether it is a regular file. */
    public boolean isRegularFile() {
        return (memory.get(JAVA_SHORT, MODE) & S_IFMT) == S_IFREG;
    }

    /** In bytes. */
    public long size() {
        return memory.get(JAVA_LONG, SIZE);
    }

    /** The whole seconds of when it was last modified, since 1970. */
    public long modifiedSeconds() {
        return memory.get(JAVA_LONG, MODIFIED_SECONDS);
    }

    /** What goes on top of {@link #modifiedSeconds()}. */
    public int modifiedNanos() {
        return memory.get(JAVA_INT, MODIFIED_NANOS);
    }
}
