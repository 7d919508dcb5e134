// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A hierarchical timing wheel (Varghese and Lauck, 1987, scheme 7): arms, cancels and moves a {@link Timer} in O(1), and
 * allocates nothing after its construction. It has no thread and reads no clock: its loop calls {@link #advance}.
 *
 * <p>Thread: the loop's thread only, callbacks included.
 *
 * <p>Order and precision: a timer never fires before its deadline. It fires by the first {@code advance} whose time has
 * reached the tick boundary at or after the deadline, hence at most one tick late if the loop is prompt. Timers fire in
 * the order of their ticks, and within a tick in the order in which they were armed. A deadline that has already passed
 * by the latest {@code advance} counts as due at that time: the timer fires on the next {@code advance}, behind the ones
 * that were due before. A timer that is armed by a callback never fires within the same {@code advance}, so a timer that
 * arms itself without delay cannot hold the loop.
 *
 * <p>Range: a deadline must lie within 2<sup>63</sup> ns (292 years) of the present, because times are compared by
 * difference. {@link Long#MAX_VALUE} does not mean never; for that leave the timer unarmed.
 *
 * <h2>How it works</h2>
 *
 * <pre>{@code
 *   tick number, base 64:     ...  d3  d2  d1  d0
 *
 *   level 0   64 slots of 1 tick       d0      ticks that differ from the current one in d0 only
 *   level 1   64 slots of 64 ticks     d1      ... in d1 and maybe below
 *   level 2   64 slots of 4,096 ticks  d2      ... in d2 and maybe below
 *     :
 *   level 10                           d10     all 63 bits, so nothing is ever out of range
 * }</pre>
 *
 * A timer lies at the level of the highest digit in which its tick differs from the current tick. All of a level is thus
 * due before anything of the level above, and a level's slots never wrap: the earliest slot is the lowest bit of the
 * lowest occupied level. When the current tick reaches a slot above level 0, the slot is cascaded, that is, its timers
 * move to the levels below. As timers of one tick always share a slot and are moved in order, they stay in order.
 *
 * <p>A slot may hold a great many timers, say those of connections that came in a burst. Its cascade is therefore spread
 * over several calls of {@code advance} when it is longer than a quota. Meanwhile nothing of the levels below may fire
 * yet, and a timer armed for a tick under that slot has to queue in it, behind those that came before.
 */
public final class TimingWheel {
    /** The usual tick: one millisecond. */
    public static final long DEFAULT_TICK_NS = 1_000_000;

    private static final long MIN_TICK_NS = 1_000;
    private static final long MAX_TICK_NS = 1_000_000_000;

    /** The longest delay and period. Half the range, so that sums with a period or a tick cannot overflow. */
    private static final long MAX_DELAY_NS = Long.MAX_VALUE >> 1;

    /** Timers that one advance may move down the levels, at least: some 200 µs if none of them is in the cache. */
    private static final int CASCADE_QUOTA = 1_024;

    private static final int SLOT_BITS = 6;
    private static final int SLOT_MASK = (1 << SLOT_BITS) - 1;
    private static final int LEVELS = 11;

    /** A list outside the levels, of the timers that were past their deadline when they were armed. */
    private static final int LATE_LEVEL = LEVELS;

    private static final int LATE_SLOT = LATE_LEVEL << SLOT_BITS;

    private final long tickNs;
    private final long tickReciprocal;
    private final int cascadeQuota;
    private final TaskFailureHandler failureHandler;

    /** The first timer of each slot's circular list, indexed by {@code level << 6 | slot}. */
    private final @Nullable Timer[] heads = new @Nullable Timer[LATE_SLOT + 1];

    /** Per level, a bit for each slot that is not empty. */
    private final long[] occupiedSlots = new long[LEVELS + 1];

    /** A bit for each level that is not empty. */
    private int occupiedLevels;

    private int size;

    /** The tick up to which slots have been emptied. Behind {@link #nowTick} only while due timers are left over. */
    private long current;

    /** The level of the slot at {@link #current} that is being cascaded, or 0. */
    private int cascadeLevel;

    /** The time of the latest advance, the tick it lies in, and when that tick began. */
    private long nowNs;

    private long nowTick;
    private long nowTickNs;

    private boolean advancing;

    /**
     * Makes an empty wheel.
     *
     * @param tickNs the tick in nanoseconds, 1 µs to 1 s; {@link #DEFAULT_TICK_NS} suits timeouts of connections
     * @param startNs the present reading of the loop's clock; ticks are counted from it
     * @param failureHandler receives what callbacks throw
     * @throws IllegalArgumentException if the tick is out of range
     */
    public TimingWheel(long tickNs, long startNs, TaskFailureHandler failureHandler) {
        this(tickNs, startNs, failureHandler, CASCADE_QUOTA);
    }

    TimingWheel(long tickNs, long startNs, TaskFailureHandler failureHandler, int cascadeQuota) {
        if (tickNs < MIN_TICK_NS || tickNs > MAX_TICK_NS) {
            throw new IllegalArgumentException("tickNs must be " + MIN_TICK_NS + " to " + MAX_TICK_NS + ": " + tickNs);
        }
        this.tickNs = tickNs;
        this.tickReciprocal = Long.divideUnsigned(-1L, tickNs) + 1;
        this.cascadeQuota = cascadeQuota;
        this.failureHandler = Objects.requireNonNull(failureHandler, "failureHandler");
        this.nowNs = startNs;
        this.nowTickNs = startNs;
    }

    /**
     * Arms a timer to fire once. If it is armed already, it is moved, and is no longer periodic.
     *
     * @param timer the timer
     * @param deadlineNs when to fire, on the loop's clock; one in the past fires on the next {@link #advance}
     * @throws IllegalStateException if the timer is armed on another wheel
     */
    public void schedule(Timer timer, long deadlineNs) {
        arm(timer, deadlineNs, 0);
    }

    /**
     * Arms a timer to fire at {@code firstDeadlineNs} and every {@code periodNs} after that, without drift: each deadline
     * is the one before plus the period, however late the callback was run. When the loop was so late that several
     * deadlines have passed, the timer fires once for all of them and goes on with the next deadline of the same grid.
     * It is armed for that before its callback is run, which may hence cancel or move it.
     *
     * @param timer the timer; if armed, it is moved
     * @param firstDeadlineNs when to fire first, on the loop's clock
     * @param periodNs the period in nanoseconds, 1 to 2<sup>62</sup>-1; one below the tick fires once per tick
     * @throws IllegalArgumentException if the period is out of range
     * @throws IllegalStateException if the timer is armed on another wheel
     */
    public void schedulePeriodic(Timer timer, long firstDeadlineNs, long periodNs) {
        if (periodNs <= 0 || periodNs > MAX_DELAY_NS) {
            throw new IllegalArgumentException("periodNs must be 1 to " + MAX_DELAY_NS + ": " + periodNs);
        }
        arm(timer, firstDeadlineNs, periodNs);
    }

    /**
     * Moves a timer to another deadline. A periodic timer stays periodic, on the grid that begins with the new deadline.
     * A timer that is not armed is armed to fire once.
     *
     * @param timer the timer
     * @param deadlineNs when to fire next, on the loop's clock
     * @return whether the timer was armed before
     * @throws IllegalStateException if the timer is armed on another wheel
     */
    public boolean reschedule(Timer timer, long deadlineNs) {
        boolean wasArmed = timer.isArmed();
        arm(timer, deadlineNs, wasArmed ? timer.periodNs : 0);
        return wasArmed;
    }

    /**
     * Disarms a timer. It will not fire before it is armed again, not even if it is due already.
     *
     * @param timer the timer
     * @return whether it was armed
     * @throws IllegalStateException if the timer is armed on another wheel
     */
    public boolean cancel(Timer timer) {
        if (timer.wheel != this) {
            if (timer.wheel != null) {
                throw armedElsewhere();
            }
            return false;
        }
        unlink(timer);
        timer.wheel = null;
        size--;
        return true;
    }

    /**
     * Moves the wheel's time forward and fires what is due. A time before that of an earlier call counts as equal to it.
     *
     * <p>What a callback throws goes to the failure handler, and the next timer is fired. What the handler throws leaves
     * this method; the timers not yet fired are fired by the next call.
     *
     * @param nowNs the present reading of the loop's clock
     * @param limit the most timers to fire; those above it stay due and come first in the next call
     * @return how many were fired. This may be below the limit although some are still due, when a great many timers had
     *     to be moved in the wheel; {@link #nextDeadlineNs()} is in the past then
     * @throws IllegalStateException if called by a callback
     */
    public int advance(long nowNs, int limit) {
        if (advancing) {
            throw new IllegalStateException("advance() called from within a timer's callback");
        }
        advancing = true;
        try {
            moveTime(nowNs);
            return fireDue(limit);
        } finally {
            advancing = false;
        }
    }

    /**
     * Returns until when the loop may sleep, unless a timer is armed meanwhile. This is a lower bound of the time at which
     * the next timer fires: exact (the tick boundary) for timers of the next few ticks, and for farther ones at worst the
     * beginning of the slot that they lie in, where the loop has to advance the wheel without firing anything. Later than
     * the time of the latest {@link #advance}, unless something is due.
     *
     * @return nanoseconds on the loop's clock, or {@link Long#MAX_VALUE} if no timer is armed
     */
    public long nextDeadlineNs() {
        if (size == 0) {
            return Long.MAX_VALUE;
        }
        long tick;
        if (heads[LATE_SLOT] != null) {
            tick = nowTick;
        } else if (isCascading()) {
            tick = current;
        } else {
            tick = earliestTick();
        }
        long deadlineNs = nowTickNs + (tick - nowTick) * tickNs;
        return deadlineNs == Long.MAX_VALUE ? Long.MAX_VALUE - 1 : deadlineNs;
    }

    /**
     * Returns how long the loop may sleep: the difference of {@link #nextDeadlineNs()} and the present.
     *
     * @param nowNs the present reading of the loop's clock
     * @return nanoseconds; 0 if something is due, {@link Long#MAX_VALUE} if no timer is armed
     */
    public long nextDelayNs(long nowNs) {
        return size == 0 ? Long.MAX_VALUE : Math.max(0, nextDeadlineNs() - nowNs);
    }

    /**
     * Returns how many timers are armed.
     *
     * @return the number of armed timers
     */
    public int size() {
        return size;
    }

    private void arm(Timer timer, long deadlineNs, long periodNs) {
        if (timer.wheel == this) {
            unlink(timer);
        } else if (timer.wheel == null) {
            timer.wheel = this;
            size++;
        } else {
            throw armedElsewhere();
        }
        timer.deadlineNs = deadlineNs;
        timer.periodNs = periodNs;
        place(timer);
    }

    private void place(Timer timer) {
        long delayNs = timer.deadlineNs - nowNs;
        if (delayNs <= 0) {
            timer.tick = nowTick;
            link(timer, LATE_SLOT);
        } else {
            // Round up to the tick boundary at or after the deadline: never early.
            long sinceTickNs = Math.min(delayNs, MAX_DELAY_NS) + (nowNs - nowTickNs);
            timer.tick = nowTick + toTicks(sinceTickNs - 1) + 1;
            link(timer, slotOf(timer.tick, cascadeLevel));
        }
    }

    private void moveTime(long toNs) {
        for (Timer timer = heads[LATE_SLOT]; timer != null; timer = heads[LATE_SLOT]) {
            unlink(timer);
            link(timer, slotOf(timer.tick, cascadeLevel));
        }
        if (toNs - nowNs > 0) {
            nowNs = toNs;
            long ticks = toTicks(toNs - nowTickNs);
            nowTick += ticks;
            nowTickNs += ticks * tickNs;
        }
    }

    private int fireDue(int limit) {
        int fired = 0;
        int moves = Math.max(limit, cascadeQuota);
        while (fired < limit) {
            if (isCascading()) {
                if (moves-- == 0) {
                    return fired;
                }
                cascadeOne();
                continue;
            }
            cascadeLevel = 0;
            long tick = earliestTick();
            if (tick > nowTick) {
                // No slot begins at or before nowTick, so every timer keeps its level when the current tick goes there.
                current = nowTick;
                return fired;
            }
            current = tick;
            int level = Integer.numberOfTrailingZeros(occupiedLevels);
            if (level == 0) {
                fire(headAt(slotOf(tick, 0)));
                fired++;
            } else {
                cascadeLevel = level;
            }
        }
        return fired;
    }

    private void fire(Timer timer) {
        unlink(timer);
        long periodNs = timer.periodNs;
        if (periodNs > 0) {
            long lateNs = nowNs - timer.deadlineNs;
            timer.deadlineNs += lateNs < periodNs ? periodNs : (lateNs / periodNs + 1) * periodNs;
            place(timer);
        } else {
            timer.wheel = null;
            size--;
        }
        try {
            timer.callback().run();
        } catch (Throwable cause) {
            failureHandler.onFailure(timer.callback(), cause);
        }
    }

    private boolean isCascading() {
        return cascadeLevel > 0 && heads[slotOf(current, cascadeLevel)] != null;
    }

    private void cascadeOne() {
        Timer timer = headAt(slotOf(current, cascadeLevel));
        unlink(timer);
        link(timer, slotOf(timer.tick, 0));
    }

    /** The first tick of the earliest occupied slot, or {@link Long#MAX_VALUE} if there is none. */
    private long earliestTick() {
        int levels = occupiedLevels & ~(1 << LATE_LEVEL);
        if (levels == 0) {
            return Long.MAX_VALUE;
        }
        int level = Integer.numberOfTrailingZeros(levels);
        int slot = Long.numberOfTrailingZeros(occupiedSlots[level]);
        int shift = level * SLOT_BITS;
        return (((current >>> shift) & ~SLOT_MASK) | slot) << shift;
    }

    /** Where a tick, not before the current one, lies; not below {@code minLevel}. */
    private int slotOf(long tick, int minLevel) {
        int highestBit = Long.SIZE - 1 - Long.numberOfLeadingZeros((tick ^ current) | SLOT_MASK);
        int level = Math.max(highestBit / SLOT_BITS, minLevel);
        return (level << SLOT_BITS) | ((int) (tick >>> (level * SLOT_BITS)) & SLOT_MASK);
    }

    private void link(Timer timer, int slot) {
        timer.slot = slot;
        Timer head = heads[slot];
        if (head == null) {
            heads[slot] = timer;
            int level = slot >>> SLOT_BITS;
            occupiedSlots[level] |= 1L << (slot & SLOT_MASK);
            occupiedLevels |= 1 << level;
        } else {
            Timer tail = head.previous;
            timer.previous = tail;
            timer.next = head;
            tail.next = timer;
            head.previous = timer;
        }
    }

    private void unlink(Timer timer) {
        int slot = timer.slot;
        Timer next = timer.next;
        if (next == timer) {
            heads[slot] = null;
            int level = slot >>> SLOT_BITS;
            occupiedSlots[level] &= ~(1L << (slot & SLOT_MASK));
            if (occupiedSlots[level] == 0) {
                occupiedLevels &= ~(1 << level);
            }
        } else {
            Timer previous = timer.previous;
            previous.next = next;
            next.previous = previous;
            if (heads[slot] == timer) {
                heads[slot] = next;
            }
            timer.previous = timer;
            timer.next = timer;
        }
    }

    private Timer headAt(int slot) {
        return Objects.requireNonNull(heads[slot]);
    }

    /**
     * {@code durationNs / tickNs} for a duration that is not negative. Multiplies by the reciprocal, as a 64-bit division
     * would cost as much as the rest of arming a timer on many processors. The reciprocal 2^64 / tickNs is rounded up,
     * which makes the quotient too great by less than durationNs / 2^64 + 1, that is, by one at most.
     */
    private long toTicks(long durationNs) {
        long ticks = Math.unsignedMultiplyHigh(durationNs, tickReciprocal);
        return ticks * tickNs > durationNs ? ticks - 1 : ticks;
    }

    private static IllegalStateException armedElsewhere() {
        return new IllegalStateException("the timer is armed on another wheel");
    }
}
