// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A ring of provided buffers (io_uring_register(2), {@code IORING_REGISTER_PBUF_RING}): the kernel picks the next one for
 * each receive and names it in the completion.
 *
 * <pre>
 *  entry i at 16 i:  0 address u64 | 8 length u32 | 12 buffer id u16 | 14 reserved u16; of entry 0 this is the tail
 * </pre>
 *
 * <p>The ring's thread only. A buffer belongs to the kernel from {@link #publish} until a completion names it.
 */
public final class BufferRing {
    private static final int REGISTER_PBUF_RING = 22;
    private static final int ENTRY_SIZE = 16;
    private static final int TAIL = 14;
    /** {@code struct io_uring_buf_reg}: ring address u64, entries u32, group u16, flags u16, 3 reserved u64. */
    private static final int REGISTRATION_SIZE = 40;

    private static final int PAGE = 4096;
    private static final VarHandle SHORT = JAVA_SHORT.varHandle();

    private final MemorySegment entries;
    private final int mask;
    private int tail;

    private BufferRing(MemorySegment entries, int count) {
        this.entries = entries;
        this.mask = count - 1;
    }

    /**
     * Registers an empty ring of {@code count} entries (a power of two, at most 32,768) as {@code group}.
     *
     * @throws LinuxException if the kernel refuses (before Linux 5.19, or for lack of memory)
     */
    public static BufferRing register(IoUring uring, int count, int group, Arena arena) throws LinuxException {
        final MemorySegment entries = arena.allocate((long) count * ENTRY_SIZE, PAGE);
        final MemorySegment registration = arena.allocate(REGISTRATION_SIZE, 8);
        registration.set(JAVA_LONG, 0, entries.address());
        registration.set(JAVA_INT, 8, count);
        registration.set(JAVA_SHORT, 12, (short) group);
        LinuxException.check(
                "io_uring_register of a buffer ring", uring.register(REGISTER_PBUF_RING, registration.address(), 1));
        return new BufferRing(entries, count);
    }

    /** Puts a buffer into the ring; the kernel sees it after {@link #publish}. There must be room: at most {@code count} are out. */
    public void add(long address, int length, int id) {
        final long at = (long) (tail & mask) * ENTRY_SIZE;
        entries.set(JAVA_LONG, at, address);
        entries.set(JAVA_INT, at + 8, length);
        entries.set(JAVA_SHORT, at + 12, (short) id);
        tail++;
    }

    /** Shows the kernel all that was added: the tail is stored last, with release, after the entries. */
    public void publish() {
        SHORT.setRelease(entries, TAIL, (short) tail);
    }
}
