// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Whether the checked mode is on: a constant, so that in the fast mode the compiler leaves the checks out. */
final class Checked {
    static final boolean ON = Boolean.getBoolean("hawser.checked");

    /** What released memory is filled with. */
    static final byte POISON = (byte) 0xDE;

    private Checked() {}

    /** The same native memory, which throws when it is touched after {@code life} was closed. */
    // Why restricted is right here: the size stays as it is, and the pool's memory outlives what is lent of it.
    @SuppressWarnings("restricted")
    static MemorySegment lend(MemorySegment memory, Arena life) {
        return memory.reinterpret(life, null);
    }
}
