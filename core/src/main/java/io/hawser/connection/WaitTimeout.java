// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/**
 * The timeout of a user's thread that waits for its loop. The thread notes when it starts to wait; the loop looks from time to time. So a
 * wait costs a reading of the clock, and neither a timer nor a wake-up of the loop.
 *
 * <p><b>Thread:</b> {@link #begin}, {@link #end} and {@link #hasExpired} are the waiting thread's, one at a time; {@link #check} the
 * loop's; the timeout is anybody's.
 */
final class WaitTimeout {
    /** No wait can be this long. */
    static final long NEVER = Long.MAX_VALUE;

    private volatile long timeoutNs;
    private volatile long sinceNs;
    /** Odd while a wait with a timeout goes on, and another one for each: an expiry concerns one wait, not the next. */
    private volatile long waits;

    private volatile long expired = -1;

    WaitTimeout(long timeoutNs) {
        this.timeoutNs = timeoutNs;
    }

    /** 0 for none. */
    long timeoutNs() {
        return timeoutNs;
    }

    /** Applies to waits that begin after it. */
    void timeoutNs(long value) {
        timeoutNs = value;
    }

    /** Before the thread announces that it waits. */
    void begin(long nowNs) {
        final long number = waits;
        sinceNs = nowNs;
        waits = number + 1;
    }

    void end() {
        final long number = waits;
        if ((number & 1) != 0) {
            waits = number + 1;
        }
    }

    boolean hasExpired() {
        return expired == waits;
    }

    /**
     * Looks whether the wait that goes on is over.
     *
     * @return in how many nanoseconds to look again, no later than any wait can be over; 0 or less if the thread is to be unparked now
     */
    long check(long nowNs) {
        final long limitNs = timeoutNs;
        if (limitNs == 0) {
            return NEVER;
        }
        final long number = waits;
        if ((number & 1) == 0) {
            return limitNs;
        }
        // If the next wait has begun meanwhile its start is read, which is later, so nothing expires early.
        final long leftNs = sinceNs + limitNs - nowNs;
        if (leftNs <= 0) {
            expired = number;
        }
        return leftNs;
    }
}
