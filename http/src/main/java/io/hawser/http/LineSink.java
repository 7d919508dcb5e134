// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Brings lines to where they are written, on a thread of its own, so that nobody who serves has to wait for a disk. The queue is bounded: what finds no room is
 * dropped and counted, and the next line that is written says so.
 *
 * <p><b>Thread:</b> {@link #offer} any, without waiting.
 */
final class LineSink implements AutoCloseable {
    private static final Duration CLOSE_TIME = Duration.ofSeconds(5);

    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong dropped = new AtomicLong();
    private final int mostLines;
    private final Consumer<String> target;
    private final Thread thread;
    private volatile boolean idle;
    private volatile boolean closed;
    private long droppedTold;

    LineSink(Consumer<String> target, int mostLines) {
        this.target = target;
        this.mostLines = mostLines;
        this.thread = Thread.ofPlatform().daemon().name("hawser-access-log").start(this::run);
    }

    void offer(String line) {
        if (closed || waiting.incrementAndGet() > mostLines) {
            if (!closed) {
                waiting.decrementAndGet();
            }
            dropped.incrementAndGet();
            return;
        }
        lines.add(line);
        if (idle) {
            LockSupport.unpark(thread);
        }
    }

    long dropped() {
        return dropped.get();
    }

    private void run() {
        while (true) {
            String line = lines.poll();
            if (line == null) {
                idle = true;
                line = lines.poll();
                if (line == null) {
                    if (closed) {
                        return;
                    }
                    LockSupport.park(this);
                }
                idle = false;
            }
            if (line != null) {
                waiting.decrementAndGet();
                write(line);
            }
        }
    }

    private void write(String line) {
        final long lost = dropped.get();
        if (lost != droppedTold) {
            accept("# " + (lost - droppedTold) + " lines were dropped, since the log is too slow");
            droppedTold = lost;
        }
        accept(line);
    }

    // Whatever a sink throws, the next line may pass.
    @SuppressWarnings("CatchAndPrintStackTrace")
    private void accept(String line) {
        try {
            target.accept(line);
        } catch (RuntimeException e) {
            dropped.incrementAndGet();
        }
    }

    /** Writes what waits, for a few seconds at most; what is offered from now on is dropped. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        try {
            thread.join(CLOSE_TIME);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
