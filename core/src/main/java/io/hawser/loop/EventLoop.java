// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.jfr.LoopStallEvent;
import io.hawser.jfr.Recording;
import io.hawser.transport.Transport;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.TransportProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One thread with one transport, and everything that belongs to it: its timers, its tasks, its blocks.
 *
 * <p>{@link #turn} is the loop: take completions, run due timers, run a bounded number of tasks, flush what was marked, wait.
 * The {@link LoopDriver} gives it the thread.
 *
 * <p><b>Thread:</b> methods say so if any thread may call them; all others are for the loop's own thread.
 */
public final class EventLoop implements Executor {
    private static final System.Logger LOGGER = System.getLogger("io.hawser.loop");
    /** After so many failed turns in a row the loop is beyond help: it ends rather than spin. */
    private static final int MAX_FAILED_TURNS = 100;

    private final String name;
    private final TransportProvider provider;
    private final UnaryOperator<TransportConfig> transportConfig;
    private final LoopConfig config;
    private final Clock clock;
    private final BlockCache blocks;
    private final TaskQueue tasks;
    private final WakeupGate gate = new WakeupGate();
    private final TimingWheel wheel;
    private final LoopStats stats = new LoopStats();
    /** Made once: it is handed over in every turn. */
    private final TaskFailureHandler taskFailures = this::onTaskFailure;

    private final LoopDriver driver;
    private final CompletableFuture<EventLoop> started = new CompletableFuture<>();
    private final CompletableFuture<EventLoop> ended = new CompletableFuture<>();

    private @Nullable Transport transport;
    private List<Flushable> marked = new ArrayList<>();
    private List<Flushable> flushing = new ArrayList<>();
    private long nowNs;
    private long lastWorkNs;
    private int failedTurns;
    /** Whether events may be wanted, as it was at the start of this turn. */
    private boolean recording;

    private volatile boolean launched;
    private volatile boolean stopping;
    /** Whose the loop is. Any thread may compare itself with it: what it sees is out of date only if it is not the owner. */
    private @Nullable Thread owner;
    /** The virtual thread that runs on the loop's thread just now. */
    private @Nullable Thread carried;

    /**
     * A loop that has not started yet.
     *
     * @param name the thread's name
     * @param driver gives it its thread
     * @param provider makes the transport
     * @param transportConfig changes the transport's defaults
     * @param pool where its blocks come from
     */
    public EventLoop(
            String name,
            LoopDriver driver,
            TransportProvider provider,
            UnaryOperator<TransportConfig> transportConfig,
            LoopConfig config,
            BlockPool pool) {
        this.name = name;
        this.driver = driver;
        this.provider = provider;
        this.transportConfig = transportConfig;
        this.config = config;
        this.clock = config.clock();
        this.blocks = pool.newCache();
        this.tasks = new TaskQueue(config.taskCapacity());
        this.nowNs = clock.nanoTime();
        this.wheel = new TimingWheel(TimingWheel.DEFAULT_TICK_NS, nowNs, taskFailures);
    }

    /**
     * Has the driver start it, and waits until its transport is open. Any thread, once.
     *
     * @throws IOException if the transport cannot be opened; the loop has ended then
     */
    public void start() throws IOException {
        launched = true;
        driver.start(new Life());
        try {
            started.get();
        } catch (InterruptedException e) {
            stop();
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while the loop started", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IOException("The loop " + name + " did not start", e.getCause());
        }
    }

    // ---- the loop

    private final class Life implements LoopDriver.Life {
        @Override
        public String name() {
            return name;
        }

        @Override
        public void run() {
            bind();
            boolean goesOn = open();
            while (goesOn) {
                goesOn = goOn();
            }
        }

        @Override
        public boolean step() {
            bind();
            try {
                return transport == null ? open() : goOn();
            } finally {
                unbind();
            }
        }
    }

    private void bind() {
        owner = Thread.currentThread();
        blocks.bind();
    }

    private void unbind() {
        owner = null;
        blocks.unbind();
    }

    /** Whether it could be opened. */
    private boolean open() {
        try {
            transport = provider.open(transportConfig.apply(TransportConfig.of(blocks)));
        } catch (IOException | RuntimeException | LinkageError e) {
            tasks.close();
            blocks.close();
            started.completeExceptionally(e);
            ended.complete(this);
            return false;
        }
        started.complete(this);
        return true;
    }

    /** Takes a turn, or ends if there is none to take. Whether it goes on after that. */
    private boolean goOn() {
        final Transport io = transport();
        if (failedTurns == MAX_FAILED_TURNS || (stopping && isDrained())) {
            end(io);
            return false;
        }
        try {
            turn(io);
            failedTurns = 0;
        } catch (Throwable t) {
            failedTurns++;
            log("A turn of loop " + name + " failed", t);
        }
        return true;
    }

    /** One turn, the duty cycle. */
    private void turn(Transport io) {
        // The last turn's wait is over only now: a driver may let time pass between two turns.
        gate.doneWaiting();
        nowNs = clock.nanoTime();
        stats.turnBegins(nowNs);
        recording = Recording.isOn();
        final LoopStallEvent stall = recording && LoopStallEvent.isWanted() ? LoopStallEvent.started() : null;
        int work = io.dispatch();
        final int timers = wheel.advance(nowNs, config.timersPerTurn());
        final int ran = tasks.drain(config.tasksPerTurn(), taskFailures);
        work += timers + ran + flushMarked();
        stats.turn(work, timers, ran, wheel.size());
        if (stall != null) {
            stall.ended(name, work);
        }
        await(io, work);
    }

    private int flushMarked() {
        final List<Flushable> now = marked;
        final int count = now.size();
        if (count == 0) {
            return 0;
        }
        marked = flushing;
        flushing = now;
        for (int i = 0; i < count; i++) {
            now.get(i).flush();
        }
        now.clear();
        return count;
    }

    private void await(Transport io, int work) {
        if (!tasks.isEmpty() || !marked.isEmpty() || stopping) {
            io.await(0);
            return;
        }
        if (work > 0) {
            lastWorkNs = nowNs;
        }
        if (!config.idle().mayBlock(lastWorkNs, nowNs)) {
            Thread.onSpinWait();
            io.await(0);
            return;
        }
        gate.prepareToWait();
        // Looked at again after the announcement: a task that came just before it would find nobody to wake.
        if (tasks.isEmpty() && !stopping) {
            final long sinceNs = clock.nanoTime();
            stats.waits(sinceNs);
            io.await(wheel.nextDelayNs(sinceNs));
        } else {
            io.await(0);
        }
    }

    private boolean isDrained() {
        tasks.close();
        return tasks.isEmpty() && marked.isEmpty();
    }

    private void end(Transport io) {
        tasks.close();
        try {
            io.close();
        } catch (RuntimeException e) {
            log("The transport of loop " + name + " did not close", e);
        }
        blocks.close();
        ended.complete(this);
    }

    private static void log(String message, Throwable cause) {
        try {
            LOGGER.log(System.Logger.Level.ERROR, message, cause);
        } catch (Throwable _) {
            // A logger that fails, say for want of a descriptor, must not end the loop.
        }
    }

    private void onTaskFailure(Runnable task, Throwable cause) {
        log("A task of loop " + name + " failed: " + task, cause);
    }

    /**
     * Ends the loop after the tasks that it has. What it serves must have been closed before. Any thread; {@link #ended()} tells
     * when.
     */
    public void stop() {
        stopping = true;
        if (launched) {
            wakeup();
        } else {
            tasks.close();
            ended.complete(this);
        }
    }

    /** Completes when the thread has ended. Any thread. */
    public CompletableFuture<EventLoop> ended() {
        return ended;
    }

    // ---- from any thread

    /** The thread's name. Any thread. */
    public String name() {
        return name;
    }

    /** Whether the calling thread is the loop's. Any thread. */
    public boolean inLoop() {
        return Thread.currentThread() == owner;
    }

    /**
     * Whether the calling thread is that of some loop, so that it must not block. Any thread. Of loops that are stepped nothing is known:
     * their thread is a loop's only now and then.
     */
    public static boolean isLoopThread() {
        return Thread.currentThread() instanceof LoopThread;
    }

    /** What it has done so far. Any thread. */
    public LoopStats stats() {
        return stats;
    }

    /** How many tasks of {@link #execute} wait; while others add some, an estimate. Any thread. */
    public int waitingTasks() {
        return tasks.pendingUserTasks();
    }

    /**
     * Runs {@code task} on the loop's thread, in the order of the calls of one thread. Any thread.
     *
     * @throws RejectedExecutionException if too many tasks wait, or the loop has been stopped
     */
    @Override
    public void execute(Runnable task) {
        if (!tasks.offer(Objects.requireNonNull(task, "task"))) {
            throw new RejectedExecutionException(
                    stopping ? "The loop " + name + " has been stopped" : "Too many tasks wait in the loop " + name);
        }
        wakeup();
    }

    /**
     * As {@link #execute}, for work whose amount is bounded by other means, such as one task for each connection: it is not counted
     * against the bound. Any thread.
     *
     * @return false if the loop has been stopped; the task is not run then
     */
    public boolean executeAlways(Runnable task) {
        final boolean accepted = tasks.offerAlways(task instanceof LoopTask own ? own : new UncountedTask(task));
        if (accepted) {
            wakeup();
        }
        return accepted;
    }

    private static final class UncountedTask extends LoopTask {
        private final Runnable task;

        UncountedTask(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            task.run();
        }
    }

    private void wakeup() {
        if (!inLoop() && gate.needsWakeup()) {
            final Transport io = transport;
            if (io != null) {
                io.wakeup();
            }
        }
    }

    /**
     * Runs {@code task} on the loop's thread once {@code delay} has passed. Any thread.
     *
     * @throws RejectedExecutionException if too many tasks wait, or the loop has been stopped
     */
    public ScheduledTask schedule(Runnable task, Duration delay) {
        return schedule(new ScheduledTask(this, task, false), delay, Duration.ZERO);
    }

    /**
     * Runs {@code task} on the loop's thread again and again, first after {@code delay}. Periods do not drift; ones that were missed
     * are left out. Any thread.
     *
     * @param period positive
     * @throws RejectedExecutionException if too many tasks wait, or the loop has been stopped
     */
    public ScheduledTask scheduleAtFixedRate(Runnable task, Duration delay, Duration period) {
        if (period.isNegative() || period.isZero()) {
            throw new IllegalArgumentException("The period must be positive: " + period);
        }
        return schedule(new ScheduledTask(this, task, true), delay, period);
    }

    private ScheduledTask schedule(ScheduledTask scheduled, Duration delay, Duration period) {
        final long deadlineNs = clock.nanoTime() + delay.toNanos();
        if (inLoop()) {
            scheduled.arm(deadlineNs, period.toNanos());
        } else {
            execute(() -> scheduled.arm(deadlineNs, period.toNanos()));
        }
        return scheduled;
    }

    // ---- for what the loop serves

    /** The loop's transport. */
    public Transport transport() {
        final Transport io = transport;
        if (io == null) {
            throw new IllegalStateException("The loop " + name + " has not started");
        }
        return io;
    }

    /** The loop's blocks. */
    public BlockCache blocks() {
        return blocks;
    }

    /** The loop's timers; their clock is {@link #nowNs()}. */
    public TimingWheel wheel() {
        return wheel;
    }

    /** The time at the start of this turn, of the loop's clock, in nanoseconds. */
    public long nowNs() {
        return nowNs;
    }

    /** Whether something is recorded, so that what happens may be wanted as an event. */
    public boolean isRecording() {
        return recording;
    }

    /** The time now, of the loop's clock, in nanoseconds. Any thread. */
    public long clockNs() {
        return clock.nanoTime();
    }

    /**
     * Runs the part of a virtual thread that this thread is to carry: meanwhile that is the owner of the loop's blocks, so that it takes them and
     * gives them back as cheaply as the loop itself.
     */
    public void carry(Thread thread, Runnable continuation) {
        blocks.lend(thread);
        carried = thread;
        try {
            continuation.run();
        } finally {
            carried = null;
            blocks.bind();
        }
    }

    /** Whether {@code thread}, the calling one, is a virtual thread that runs on the loop's thread, see {@link #carry}. Any thread. */
    public boolean isCarrying(Thread thread) {
        // Who runs elsewhere may see what is out of date, but never itself: it is carried by one loop only.
        return carried == thread;
    }

    /** Has {@link Flushable#flush()} called at the end of this turn, or of the next if it is being ended. */
    public void flushLater(Flushable flushable) {
        marked.add(flushable);
    }

    @Override
    public String toString() {
        return name;
    }
}
