// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A timer for a {@link TimingWheel}: made once with its callback, then armed, cancelled and armed again for ever without
 * allocation, since it is itself the node of the wheel's lists.
 *
 * <p>Thread: the thread of the wheel. A timer that is not armed belongs to no wheel and may move to another one, if it
 * is handed over safely.
 *
 * <p>An idle timeout need not be moved at every byte: note the time of the last activity in a field, and let the
 * callback arm the timer again for what is left when it finds that there was activity.
 */
public final class Timer {
    private final Runnable callback;

    // The lists are circular and have no sentinel: a lone or unarmed timer is linked to itself, so no link is ever
    // null.
    Timer previous = this;
    Timer next = this;

    @Nullable
    TimingWheel wheel;

    /** Index into the wheel's list heads; meaningful only while armed. */
    int slot;

    /** The tick at which it is due; at or after {@link #deadlineNs}. */
    long tick;

    long deadlineNs;
    long periodNs;

    /**
     * Makes a timer, not armed.
     *
     * @param callback what to run on the wheel's thread when the timer fires; it may arm and cancel any timer of the
     *     wheel, this one included
     */
    public Timer(Runnable callback) {
        this.callback = Objects.requireNonNull(callback, "callback");
    }

    /**
     * Tells whether the timer will fire. A one-shot timer is no longer armed when its callback runs; a periodic one is
     * armed for the next period by then.
     *
     * @return whether it is armed
     */
    public boolean isArmed() {
        return wheel != null;
    }

    /**
     * Returns the deadline that the timer is armed for; of an unarmed timer, the last one that it had.
     *
     * @return nanoseconds on the clock of the wheel
     */
    public long deadlineNs() {
        return deadlineNs;
    }

    Runnable callback() {
        return callback;
    }
}
