// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

/**
 * The source of time of a loop.
 *
 * <p>A reading means nothing by itself, only the difference of two readings of the same clock does; it may be negative
 * and may overflow, as {@link System#nanoTime()} says. Compare two readings as {@code a - b < 0}, never as {@code a <
 * b}. A simulation supplies a clock of its own.
 *
 * <p>Thread: an implementation must be callable from any thread.
 */
@FunctionalInterface
public interface Clock {

    /**
     * Returns the present reading. Successive readings by one thread never go backwards.
     *
     * @return nanoseconds since an arbitrary but fixed origin
     */
    long nanoTime();

    /**
     * Returns the clock of this machine.
     *
     * @return a clock that reads {@link System#nanoTime()}
     */
    static Clock system() {
        return System::nanoTime;
    }
}
