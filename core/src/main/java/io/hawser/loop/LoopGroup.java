// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Loops that start and stop together. Any thread. */
public final class LoopGroup {
    private final List<EventLoop> loops;

    /**
     * Makes {@code count} loops, not started.
     *
     * @param count at least 1
     * @param factory makes the loop of an index
     */
    public LoopGroup(int count, IntFunction<EventLoop> factory) {
        if (count < 1) {
            throw new IllegalArgumentException("There must be at least 1 loop: " + count);
        }
        loops = IntStream.range(0, count).mapToObj(factory).toList();
    }

    /**
     * Starts all.
     *
     * @throws IOException if one cannot start; none runs then
     */
    public void start() throws IOException {
        for (EventLoop loop : loops) {
            try {
                loop.start();
            } catch (IOException e) {
                // Of the loops that have not been started the stop does nothing.
                stop();
                throw e;
            }
        }
    }

    /** Stops all; {@link #ended()} tells when they have. */
    public void stop() {
        loops.forEach(EventLoop::stop);
    }

    /** Completes when all threads have ended. */
    public CompletableFuture<Void> ended() {
        return CompletableFuture.allOf(loops.stream().map(EventLoop::ended).toArray(CompletableFuture[]::new));
    }

    /** The loops, in the order of their indices. */
    public List<EventLoop> loops() {
        return loops;
    }

    /** The loop of {@code index}, from 0. */
    public EventLoop loop(int index) {
        return loops.get(index);
    }

    /** How many there are. */
    public int size() {
        return loops.size();
    }
}
