// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counters of a loop since its start. The loop's thread counts; any thread may read, and sees values that are a moment old and not of
 * one and the same moment.
 */
public final class LoopStats {
    private static final VarHandle TURNS = field("turns");
    private static final VarHandle BUSY_TURNS = field("busyTurns");
    private static final VarHandle BYTES_IN = field("bytesIn");
    private static final VarHandle BYTES_OUT = field("bytesOut");
    private static final VarHandle OPENED = field("opened");
    private static final VarHandle CLOSED = field("closed");

    private long turns;
    private long busyTurns;
    private long bytesIn;
    private long bytesOut;
    private long opened;
    private long closed;

    LoopStats() {}

    private static VarHandle field(String name) {
        try {
            return MethodHandles.lookup().findVarHandle(LoopStats.class, name, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    void turn(int work) {
        // Opaque, not plain: a reader must see the counters move, but no order among them is promised.
        TURNS.setOpaque(this, turns + 1);
        if (work > 0) {
            BUSY_TURNS.setOpaque(this, busyTurns + 1);
        }
    }

    /** Counts received bytes. The loop's thread. */
    public void received(long bytes) {
        BYTES_IN.setOpaque(this, bytesIn + bytes);
    }

    /** Counts sent bytes. The loop's thread. */
    public void sent(long bytes) {
        BYTES_OUT.setOpaque(this, bytesOut + bytes);
    }

    /** Counts a connection that was opened. The loop's thread. */
    public void connectionOpened() {
        OPENED.setOpaque(this, opened + 1);
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

    /** Bytes received by connections. */
    public long bytesIn() {
        return (long) BYTES_IN.getOpaque(this);
    }

    /** Bytes that the operating system took for sending. */
    public long bytesOut() {
        return (long) BYTES_OUT.getOpaque(this);
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
