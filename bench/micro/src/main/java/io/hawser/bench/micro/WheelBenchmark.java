// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.loop.Timer;
import io.hawser.loop.TimingWheel;
import io.netty.util.HashedWheelTimer;
import io.netty.util.Timeout;
import io.netty.util.TimerTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Timeouts of connections, while {@code armed} others wait.
 *
 * <p>Netty's timer does much of its work on a thread of its own, so compare the processor time. It ticks every millisecond here, as Hawser's
 * wheel does; at its default of 100 ms it takes no more than a million new timeouts a second in, and its queue would grow for ever.
 */
@State(Scope.Thread)
public class WheelBenchmark {
    private static final long TICK_NS = TimingWheel.DEFAULT_TICK_NS;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);
    private static final long HOUR_NS = TimeUnit.HOURS.toNanos(1);
    private static final long FAR_NS = TimeUnit.DAYS.toNanos(10_000);

    /** A wheel with timers that do not fire, each at a tick of its own, decades from now. */
    @State(Scope.Thread)
    public static class Idle {
        /** How many of them. */
        @Param({"0", "1000000"})
        public int armed;

        private TimingWheel wheel;
        private final Timer timer = new Timer(() -> {});
        private long nowNs;

        /** Once. */
        @Setup(Level.Trial)
        public void open() {
            wheel = newWheel();
            for (int i = 0; i < armed; i++) {
                wheel.schedule(new Timer(() -> {}), FAR_NS + i * (FAR_NS / armed));
            }
        }
    }

    /** A wheel with timers that fire after 30 s and are armed again then. */
    @State(Scope.Thread)
    public static class Busy {
        private static final int TIMERS = 1_000_000;

        private TimingWheel wheel;
        private long nowNs;
        private long fired;

        /** Once; they are spread over all ticks. */
        @Setup(Level.Trial)
        public void open() {
            wheel = newWheel();
            for (int i = 0; i < TIMERS; i++) {
                final Timer[] self = new Timer[1];
                self[0] = new Timer(() -> {
                    fired++;
                    wheel.schedule(self[0], nowNs + TIMEOUT_NS);
                });
                wheel.schedule(self[0], 1 + i * (TIMEOUT_NS / TIMERS));
            }
        }
    }

    private static TimingWheel newWheel() {
        return new TimingWheel(TICK_NS, 0, (_, cause) -> {
            throw new IllegalStateException(cause);
        });
    }

    /** Netty's timer with as many timeouts. */
    @State(Scope.Thread)
    public static class Netty {
        /** How many of them. */
        @Param({"0", "1000000"})
        public int armed;

        private HashedWheelTimer timer;
        private final TimerTask task = _ -> {};

        /** Once. */
        @Setup(Level.Trial)
        public void open() {
            timer = newTimer();
            for (int i = 0; i < armed; i++) {
                timer.newTimeout(task, HOUR_NS + i * (HOUR_NS / armed), TimeUnit.NANOSECONDS);
            }
        }

        /** Ends its thread. */
        @TearDown(Level.Trial)
        public void close() {
            timer.stop();
        }
    }

    private static HashedWheelTimer newTimer() {
        return new HashedWheelTimer(
                new io.netty.util.concurrent.DefaultThreadFactory("timer", true), 1, TimeUnit.MILLISECONDS, 512, false);
    }

    // ---- armed and cancelled before it fires

    /** Hawser. */
    @Benchmark
    public boolean armAndCancelByHawser(Idle idle) {
        idle.wheel.schedule(idle.timer, TIMEOUT_NS);
        return idle.wheel.cancel(idle.timer);
    }

    /** Netty. */
    @Benchmark
    public boolean armAndCancelByNetty(Netty netty) {
        return netty.timer
                .newTimeout(netty.task, TIMEOUT_NS, TimeUnit.NANOSECONDS)
                .cancel();
    }

    // ---- moved at each message

    /** Hawser; Netty's has to be cancelled and made anew. */
    @Benchmark
    public boolean rearmByHawser(Idle idle) {
        return idle.wheel.reschedule(idle.timer, TIMEOUT_NS + (idle.nowNs++ & 0xff_ffff));
    }

    // ---- a tick

    /** Hawser; nothing is due, but what waits has to move down the levels. */
    @Benchmark
    public int idleTickByHawser(Idle idle) {
        // At a nanosecond each, a minute of ticks is two years.
        idle.nowNs += TICK_NS;
        return idle.wheel.advance(idle.nowNs, Integer.MAX_VALUE);
    }

    /** Hawser; 33 of a million fire in each tick, and are armed again. */
    @Benchmark
    public long busyTickByHawser(Busy busy) {
        busy.nowNs += TICK_NS;
        busy.wheel.advance(busy.nowNs, Integer.MAX_VALUE);
        return busy.fired;
    }

    // ---- fired

    /** How many are armed at once to fire. */
    private static final int EXPIRING = 10_000;

    /** Netty's timer, of which timeouts expire. */
    @State(Scope.Thread)
    public static class NettyExpiry {
        private HashedWheelTimer timer;
        private final AtomicLong fired = new AtomicLong();
        private final TimerTask task = new TimerTask() {
            @Override
            public void run(Timeout timeout) {
                fired.lazySet(fired.getPlain() + 1);
            }
        };

        /** Once. */
        @Setup(Level.Trial)
        public void open() {
            timer = newTimer();
            timer.start();
        }

        /** Ends its thread. */
        @TearDown(Level.Trial)
        public void close() {
            timer.stop();
        }
    }

    /** Hawser's wheel, of which timers expire. */
    @State(Scope.Thread)
    public static class Expiry {
        private final TimingWheel wheel = newWheel();
        private final Timer[] timers = new Timer[EXPIRING];
        private long nowNs;
        private long fired;

        /** Once. */
        @Setup(Level.Trial)
        public void open() {
            for (int i = 0; i < EXPIRING; i++) {
                timers[i] = new Timer(() -> fired++);
            }
        }
    }

    /** Hawser: armed for the next tick and fired by it. */
    @Benchmark
    @org.openjdk.jmh.annotations.OperationsPerInvocation(EXPIRING)
    public long armAndFireByHawser(Expiry expiry) {
        for (Timer timer : expiry.timers) {
            expiry.wheel.schedule(timer, expiry.nowNs + TICK_NS);
        }
        expiry.nowNs += TICK_NS;
        expiry.wheel.advance(expiry.nowNs, Integer.MAX_VALUE);
        return expiry.fired;
    }

    /** Netty: the same; its thread waits for the tick, so only the processor time says something. */
    @Benchmark
    @org.openjdk.jmh.annotations.OperationsPerInvocation(EXPIRING)
    public long armAndFireByNetty(NettyExpiry expiry) throws InterruptedException {
        final long before = expiry.fired.get();
        for (int i = 0; i < EXPIRING; i++) {
            expiry.timer.newTimeout(expiry.task, TICK_NS, TimeUnit.NANOSECONDS);
        }
        while (expiry.fired.getAcquire() < before + EXPIRING) {
            TimeUnit.MICROSECONDS.sleep(100);
        }
        return expiry.fired.get();
    }
}
