// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.uring;

/** Something that has operations in flight in the ring. Its slot is its own until the last of them has completed. */
abstract class UringHandle {
    /** The place in the transport's table. */
    int slot;

    /** Takes one completion; {@code operation} is one of the constants of {@link UserData}. */
    abstract void onCompletion(int operation, int result, int flags);

    /** Goes on with what had to wait for the end of a turn: a multishot to arm again. */
    abstract void onRearm();

    /** Whether there is memory for what it would arm again. */
    abstract boolean canRearm();
}
