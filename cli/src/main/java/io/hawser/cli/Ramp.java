// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.loop.Timer;

/** Opens the connections of a load at even distances, all but the first, which is open. The thread of one of its loops. */
final class Ramp {
    private final LoadRun run;
    private final LoopLoad load;
    private final long startNs;
    private final double distanceNs;
    private final int connections;
    private final Timer timer = new Timer(this::dialDue);
    private int next = 1;

    /**
     * @param load of the loop on which it runs
     * @param startNs when the first connection counts as opened
     */
    Ramp(LoadRun run, LoopLoad load, long startNs) {
        this.run = run;
        this.load = load;
        this.startNs = startNs;
        this.connections = run.spec().connections();
        this.distanceNs = (double) run.spec().rampNs() / connections;
    }

    /** Dials those whose time has come, and sees to it that it is called for the others, unless the load has been stopped. */
    void dialDue() {
        final long nowNs = System.nanoTime();
        if (!load.isRunning(nowNs)) {
            return;
        }
        while (next < connections && dueNs() - nowNs <= 0) {
            final var unused = run.dial(next++);
        }
        if (next < connections) {
            load.loop().wheel().schedule(timer, dueNs());
        }
    }

    private long dueNs() {
        return startNs + (long) (next * distanceNs);
    }
}
