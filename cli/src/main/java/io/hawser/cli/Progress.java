// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.io.PrintWriter;

/** One line that shows how far a load is, drawn over and over on a terminal; elsewhere nothing. Not thread-safe. */
final class Progress implements AutoCloseable {
    private static final int WIDTH = 30;
    private static final long REDRAW_NS = 200_000_000;

    private final PrintWriter out;
    private final Terminal terminal;
    private boolean drawn;

    Progress(PrintWriter out, Terminal terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Watches {@code run} until its time is over, nothing comes any more, or it is to stop. */
    void watch(LoadRun run, Stop stop) throws InterruptedException {
        final LoadSpec spec = run.spec();
        long leftNs = run.remainingNs();
        while (leftNs > 0 && !run.isStalled() && !stop.await(Math.min(leftNs, REDRAW_NS))) {
            leftNs = run.remainingNs();
            if (terminal.interactive() && leftNs > 0) {
                final LoadSample sample = run.sample();
                if (spec.requests() > 0) {
                    final double part = (double) sample.verifiedMessages() / spec.connections() / spec.requests();
                    draw(sample, part, Units.counted(sample.openConnections(), "connection") + " open");
                } else {
                    draw(sample, 1 - (double) leftNs / spec.allNs(), (long) Math.ceil(leftNs / 1e9) + " s left");
                }
            }
        }
    }

    private void draw(LoadSample sample, double part, String left) {
        final int full = (int) (part * WIDTH);
        final String bar = terminal.good("━".repeat(full)) + terminal.faint("─".repeat(WIDTH - full));
        final String figures = sample.messages() == 0
                ? "warming up"
                : Units.count(Math.round(sample.messagesPerSecond())) + " messages/s, p99 "
                        + Units.time(sample.latencies().getValueAtPercentile(99));
        out.print(
                (drawn ? "" : Terminal.wrap(false)) + "\r" + bar + " " + figures + ", " + left + Terminal.eraseLine());
        out.flush();
        drawn = true;
    }

    /** Takes the line away. */
    @Override
    public void close() {
        if (drawn) {
            out.print("\r" + Terminal.eraseLine() + Terminal.wrap(true));
            out.flush();
        }
    }
}
