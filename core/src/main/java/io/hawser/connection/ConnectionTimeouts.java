// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import io.hawser.loop.Timer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The read, write and idle timeouts of one connection, and its {@link LeastRate}, on one timer.
 *
 * <p>What happens for each byte is the store of the loop's time. The timer is not moved for it: when it fires it looks at what was noted,
 * and is armed again for what is left.
 *
 * <p><b>Thread:</b> the loop's; the timeouts themselves may be read by any.
 */
final class ConnectionTimeouts {
    /** Which one has passed. */
    enum Kind {
        READ("nothing was received"),
        WRITE("the peer took nothing of what is pending"),
        IDLE("nothing was received or sent"),
        /** What it is about tells {@link SendPace#message}. */
        RATE("");

        private final String what;

        Kind(String what) {
            this.what = what;
        }

        String message(long timeoutNs) {
            return name().toLowerCase(java.util.Locale.ROOT) + " timeout: " + what + " for " + timeoutNs / 1_000_000
                    + " ms";
        }
    }

    /** Who closes the connection. */
    @FunctionalInterface
    interface Listener {
        void onTimeout(Kind kind, String message);
    }

    private static final long NEVER = Long.MAX_VALUE;

    private final EventLoop loop;
    private final Listener listener;
    private volatile long readNs;
    private volatile long writeNs;
    private volatile long idleNs;

    /** Made for a least rate. */
    private volatile @Nullable SendPace pace;

    private long receivedNs;
    private long sentNs;
    private long readingSinceNs;
    private long pendingSinceNs;
    private boolean watching;
    /** It is being closed: only the pace is watched. */
    private boolean closing;

    private boolean reading;
    private boolean pending;
    private @Nullable Timer timer;

    ConnectionTimeouts(EventLoop loop, ConnectionOptions options, Listener listener) {
        this.loop = loop;
        this.listener = listener;
        this.readNs = nanos(options.readTimeout());
        this.writeNs = nanos(options.writeTimeout());
        this.idleNs = nanos(options.idleTimeout());
    }

    /** Whether there is a timeout to watch. */
    static boolean isAnyIn(ConnectionOptions options) {
        return options.readTimeout().isPositive()
                || options.writeTimeout().isPositive()
                || options.idleTimeout().isPositive();
    }

    /** A timeout in nanoseconds; longer than a lifetime is for ever. */
    static long nanos(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("A timeout must not be negative: " + timeout);
        }
        return timeout.compareTo(Duration.ofDays(36_500)) > 0 ? 0 : timeout.toNanos();
    }

    // ---- what is noted

    /** The connection is open: from now on time passes. */
    void start() {
        watching = true;
        receivedNs = loop.nowNs();
        sentNs = receivedNs;
        arm();
    }

    void received() {
        receivedNs = loop.nowNs();
    }

    /** The kernel has taken {@code bytes}, at least one. */
    void sent(long bytes) {
        sentNs = loop.nowNs();
        final SendPace watched = pace;
        if (watched != null && pending) {
            watched.taken(bytes, sentNs);
        }
    }

    /** Whether bytes of the peer are waited for. */
    void reading(boolean on) {
        if (on != reading) {
            reading = on;
            readingSinceNs = loop.nowNs();
            if (on && readNs > 0) {
                arm();
            }
        }
    }

    /** Whether there are bytes that the kernel has not taken. */
    void pending(boolean some) {
        if (some != pending) {
            pending = some;
            pendingSinceNs = loop.nowNs();
            final SendPace watched = pace;
            if (some && watched != null) {
                watched.begin(pendingSinceNs);
            }
            if (some && (writeNs > 0 || watched != null)) {
                arm();
            }
        }
    }

    /**
     * The connection is being closed in the ordinary way, which has a timeout of its own; what is pending still has to be taken as fast as it
     * should.
     */
    void closing() {
        if (pace == null) {
            stop();
        } else {
            closing = true;
        }
    }

    /** The connection is closed, or leaves. */
    void stop() {
        watching = false;
        final Timer armed = timer;
        if (armed != null) {
            loop.wheel().cancel(armed);
        }
    }

    // ---- what is set

    void set(Kind kind, long timeoutNs) {
        switch (kind) {
            case READ -> readNs = timeoutNs;
            case WRITE -> writeNs = timeoutNs;
            case IDLE -> idleNs = timeoutNs;
            case RATE -> throw new IllegalArgumentException("It has more than a timeout");
        }
        arm();
    }

    void leastRate(LeastRate rate) {
        final SendPace next = nanos(rate.timeout()) > 0 ? new SendPace(rate) : null;
        if (next != null) {
            next.begin(loop.nowNs());
        }
        pace = next;
        arm();
    }

    LeastRate leastRate() {
        final SendPace watched = pace;
        return watched == null ? LeastRate.NONE : watched.rate();
    }

    /** Whether it is watched how fast the peer takes what is pending. */
    boolean isPaced() {
        return pace != null;
    }

    Duration get(Kind kind) {
        return Duration.ofNanos(
                switch (kind) {
                    case READ -> readNs;
                    case WRITE -> writeNs;
                    case IDLE -> idleNs;
                    case RATE -> nanos(leastRate().timeout());
                });
    }

    /** The time since something was received or taken; it is open. */
    Duration idle() {
        return Duration.ofNanos(Math.max(0, loop.nowNs() - Math.max(receivedNs, sentNs)));
    }

    // ---- the timer

    private long leftNs(Kind kind, long nowNs) {
        if (closing && kind != Kind.RATE) {
            return NEVER;
        }
        final SendPace watched = pace;
        return switch (kind) {
            case READ -> readNs > 0 && reading ? Math.max(receivedNs, readingSinceNs) + readNs - nowNs : NEVER;
            case WRITE -> writeNs > 0 && pending ? Math.max(sentNs, pendingSinceNs) + writeNs - nowNs : NEVER;
            case IDLE -> idleNs > 0 ? Math.max(receivedNs, sentNs) + idleNs - nowNs : NEVER;
            case RATE -> watched != null && pending ? watched.leftNs(nowNs) : NEVER;
        };
    }

    /** Makes sure that the timer fires when the first timeout may have passed, or before. */
    private void arm() {
        final long nowNs = loop.nowNs();
        final long leftNs = Math.min(
                Math.min(leftNs(Kind.READ, nowNs), leftNs(Kind.WRITE, nowNs)),
                Math.min(leftNs(Kind.IDLE, nowNs), leftNs(Kind.RATE, nowNs)));
        if (leftNs == NEVER || !watching) {
            return;
        }
        Timer armed = timer;
        if (armed == null) {
            armed = new Timer(this::onTimer);
            timer = armed;
        }
        if (!armed.isArmed() || armed.deadlineNs() - (nowNs + leftNs) > 0) {
            loop.wheel().schedule(armed, nowNs + leftNs);
        }
    }

    private void onTimer() {
        final long nowNs = loop.nowNs();
        final SendPace watched = pace;
        // The one that says most comes first.
        if (watched != null && leftNs(Kind.RATE, nowNs) <= 0) {
            listener.onTimeout(Kind.RATE, watched.message(nowNs));
        } else if (leftNs(Kind.WRITE, nowNs) <= 0) {
            listener.onTimeout(Kind.WRITE, Kind.WRITE.message(writeNs));
        } else if (leftNs(Kind.READ, nowNs) <= 0) {
            listener.onTimeout(Kind.READ, Kind.READ.message(readNs));
        } else if (leftNs(Kind.IDLE, nowNs) <= 0) {
            listener.onTimeout(Kind.IDLE, Kind.IDLE.message(idleNs));
        } else {
            arm();
        }
    }
}
