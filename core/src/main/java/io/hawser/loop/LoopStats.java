// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counters of a loop since its start. The loop's thread counts; any thread may read, and sees values that are a moment old and not of
 * one and the same moment.
 */
public final class LoopStats {
    /** A turn that takes longer has stalled what the loop serves: 20 ms, in nanoseconds. */
    public static final long STALL_NS = 20_000_000;

    private static final long NONE = Long.MIN_VALUE;

    private static final VarHandle TURNS = field("turns");
    private static final VarHandle BUSY_TURNS = field("busyTurns");
    private static final VarHandle BUSY_NS = field("busyNs");
    private static final VarHandle STALLS = field("stalls");
    private static final VarHandle LONGEST_TURN_NS = field("longestTurnNs");
    private static final VarHandle TURN_NS = field("turnNs");
    private static final VarHandle TASKS = field("tasks");
    private static final VarHandle TIMERS = field("timers");
    private static final VarHandle TIMERS_ARMED = field("timersArmed");
    private static final VarHandle BYTES_IN = field("bytesIn");
    private static final VarHandle BYTES_OUT = field("bytesOut");
    private static final VarHandle MESSAGES_IN = field("messagesIn");
    private static final VarHandle MESSAGES_OUT = field("messagesOut");
    private static final VarHandle ACCEPTED = field("accepted");
    private static final VarHandle OPENED = field("opened");
    private static final VarHandle CLOSED = field("closed");

    private long turns;
    private long busyTurns;
    private long busyNs;
    private long stalls;
    private long longestTurnNs;
    /** When the present turn began. */
    private long turnNs = NONE;

    private long tasks;
    private long timers;

    @SuppressWarnings("unused") // by TIMERS_ARMED
    private long timersArmed;

    private long bytesIn;
    private long bytesOut;
    private long messagesIn;
    private long messagesOut;
    private long accepted;
    private long opened;
    private long closed;
    private final LongAdder messagesOutElsewhere = new LongAdder();
    /** Whether the turn found something to do. */
    private boolean busy;

    LoopStats() {}

    private static VarHandle field(String name) {
        try {
            return MethodHandles.lookup().findVarHandle(LoopStats.class, name, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // Opaque, not plain: a reader must see the counters move, but no order among them is promised.

    /** A turn begins, and the last one is over. */
    void turnBegins(long nowNs) {
        if (turnNs != NONE) {
            turnEnded(nowNs - turnNs);
        }
        TURN_NS.setOpaque(this, nowNs);
    }

    private void turnEnded(long tookNs) {
        if (busy) {
            BUSY_NS.setOpaque(this, busyNs + tookNs);
        }
        if (tookNs > longestTurnNs) {
            LONGEST_TURN_NS.setOpaque(this, tookNs);
        }
        if (tookNs > STALL_NS) {
            STALLS.setOpaque(this, stalls + 1);
        }
    }

    /** The work of the turn is done. */
    void turn(int work, int timersFired, int tasksRun, int armed) {
        TURNS.setOpaque(this, turns + 1);
        busy = work > 0;
        if (busy) {
            BUSY_TURNS.setOpaque(this, busyTurns + 1);
            TIMERS.setOpaque(this, timers + timersFired);
            TASKS.setOpaque(this, tasks + tasksRun);
        }
        TIMERS_ARMED.setOpaque(this, (long) armed);
    }

    /** The turn is over, and the loop waits. */
    void waits(long nowNs) {
        turnEnded(nowNs - turnNs);
        TURN_NS.setOpaque(this, NONE);
    }

    /** Counts received bytes. The loop's thread. */
    public void received(long bytes) {
        BYTES_IN.setOpaque(this, bytesIn + bytes);
    }

    /** Counts sent bytes. The loop's thread. */
    public void sent(long bytes) {
        BYTES_OUT.setOpaque(this, bytesOut + bytes);
    }

    /** Counts a message that was decoded. The loop's thread. */
    public void messageReceived() {
        MESSAGES_IN.setOpaque(this, messagesIn + 1);
    }

    /** Counts a message that was encoded on the loop. The loop's thread. */
    public void messageSent() {
        MESSAGES_OUT.setOpaque(this, messagesOut + 1);
    }

    /** Counts a message that was encoded on another thread. Any thread. */
    public void messageSentElsewhere() {
        messagesOutElsewhere.increment();
    }

    /** Counts a connection that was opened. The loop's thread. */
    public void connectionOpened(boolean dialled) {
        OPENED.setOpaque(this, opened + 1);
        if (!dialled) {
            ACCEPTED.setOpaque(this, accepted + 1);
        }
    }

    /** Counts a connection that was closed. The loop's thread. */
    public void connectionClosed() {
        CLOSED.setOpaque(this, closed + 1);
    }

    /** Turns taken. */
    public long turns() {
        return (long) TURNS.getOpaque(this);
    }

    /** Turns that found something to do. */
    public long busyTurns() {
        return (long) BUSY_TURNS.getOpaque(this);
    }

    /** How long the turns that found something to do took, without the wait at their end, in nanoseconds. */
    public long busyNs() {
        return (long) BUSY_NS.getOpaque(this);
    }

    /** Turns that took longer than {@link #STALL_NS}, without the wait at their end. */
    public long stalls() {
        return (long) STALLS.getOpaque(this);
    }

    /** How long the longest turn took, without the wait at its end, in nanoseconds. */
    public long longestTurnNs() {
        return (long) LONGEST_TURN_NS.getOpaque(this);
    }

    /**
     * For how long the loop has been at work on the present turn, in nanoseconds; 0 if it waits. More than a few milliseconds mean that
     * something holds it up now.
     *
     * @param nowNs the present reading of the loop's clock, {@link EventLoop#clockNs()}
     */
    public long busyForNs(long nowNs) {
        final long sinceNs = (long) TURN_NS.getOpaque(this);
        return sinceNs == NONE ? 0 : Math.max(0, nowNs - sinceNs);
    }

    /** Tasks run. */
    public long tasks() {
        return (long) TASKS.getOpaque(this);
    }

    /** Timers fired. */
    public long timers() {
        return (long) TIMERS.getOpaque(this);
    }

    /** Timers that were armed at the end of the last turn. */
    public int timersArmed() {
        return (int) (long) TIMERS_ARMED.getOpaque(this);
    }

    /** Bytes received by connections. */
    public long bytesIn() {
        return (long) BYTES_IN.getOpaque(this);
    }

    /** Bytes of connections that the operating system took for sending. */
    public long bytesOut() {
        return (long) BYTES_OUT.getOpaque(this);
    }

    /** Messages that sessions have decoded. */
    public long messagesIn() {
        return (long) MESSAGES_IN.getOpaque(this);
    }

    /** Messages that were encoded for sessions. */
    public long messagesOut() {
        return (long) MESSAGES_OUT.getOpaque(this) + messagesOutElsewhere.sum();
    }

    /** Connections accepted so far, and adopted ones that were not dialled. */
    public long connectionsAccepted() {
        return (long) ACCEPTED.getOpaque(this);
    }

    /** Connections opened so far, accepted and dialled. */
    public long connectionsOpened() {
        return (long) OPENED.getOpaque(this);
    }

    /** Connections closed so far. */
    public long connectionsClosed() {
        return (long) CLOSED.getOpaque(this);
    }
}
