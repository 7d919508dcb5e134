// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.loop.Flushable;
import io.hawser.loop.Timer;

/**
 * Tells the clients of a loop when their messages are due. The loop's thread.
 *
 * <p>Messages of all loops' clients are due one after the other at even distances, and in turn: message {@code j} of client {@code i} of
 * {@code n} at {@code start + (j n + i) / rate}. That depends on nothing that happens meanwhile.
 *
 * <p>The loop's timers tick in milliseconds, too coarse to tell how late an answer is. So an open loop polls once in every turn while the
 * next message is near, which keeps the loop from sleeping.
 */
final class Pacer implements Flushable {
    /** So near a message must be to be worth polling for; some ticks of the loop's timers. */
    private static final long POLL_NS = 3_000_000;

    private final LoopLoad load;
    private final boolean polling;
    private final double intervalNs;
    private final long rounds;
    private final Timer timer = new Timer(this::flush);
    private long startNs;
    private int allClients;
    /** The next to be due is message {@code round} of the client at {@code next}. */
    private long round;

    private int next;

    Pacer(LoopLoad load, LoadSpec spec) {
        this.load = load;
        this.polling = spec.pacing() == LoadSpec.Pacing.OPEN_LOOP;
        this.intervalNs = 1e9 / spec.rate();
        this.rounds = spec.requests() == 0 ? Long.MAX_VALUE : spec.requests();
    }

    void start(long start, int clients) {
        startNs = start;
        allClients = clients;
        if (!load.clients().isEmpty()) {
            load.clients().forEach(client -> client.paceBy(this));
            flush();
        }
    }

    /** Sends what has become due since it looked last; a busy loop is late. */
    void stop() {
        load.loop().wheel().cancel(timer);
        if (allClients > 0 && !load.clients().isEmpty()) {
            flush();
        }
    }

    /** When message {@code number} of the client of that index is due. */
    long dueNs(int clientIndex, long number) {
        return startNs + (long) ((number * allClients + clientIndex) * intervalNs);
    }

    /** Has sent what is due now, and sees to it that it is called again. */
    @Override
    public void flush() {
        final long nowNs = System.nanoTime();
        while (round < rounds) {
            final LoadClient client = load.clients().get(next);
            final long dueNs = dueNs(client.index(), round);
            if (!load.isRunning(dueNs)) {
                return;
            }
            if (dueNs - nowNs > 0) {
                callAgain(dueNs, nowNs);
                return;
            }
            client.messageDue(nowNs);
            if (++next == load.clients().size()) {
                next = 0;
                round++;
            }
        }
    }

    private void callAgain(long dueNs, long nowNs) {
        if (!polling) {
            load.loop().wheel().schedule(timer, dueNs);
        } else if (dueNs - nowNs > POLL_NS) {
            load.loop().wheel().schedule(timer, dueNs - POLL_NS);
        } else {
            load.loop().flushLater(this);
        }
    }
}
