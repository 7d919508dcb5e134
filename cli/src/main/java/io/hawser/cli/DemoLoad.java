// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** A load of the demo, and how it stood when it was last looked at. One thread. */
final class DemoLoad {
    private final DemoServer server;
    private final LoadRun run;
    private @Nullable LoadSample last;

    DemoLoad(DemoServer server, LoadRun run) {
        this.server = server;
        this.run = run;
    }

    LoadRun run() {
        return run;
    }

    void start() throws InterruptedException {
        last = run.sample();
        run.start();
    }

    /** What happened since the last call. */
    DemoSample.Traffic look() throws InterruptedException {
        final LoadSample now = run.sample();
        final LoadSample before = last == null ? now : last;
        last = now;
        final Histogram latencies = now.latencies().copy();
        latencies.subtract(before.latencies());
        final double seconds = Math.max(1, now.timeNs() - before.timeNs()) / 1e9;
        return new DemoSample.Traffic(
                server,
                now.openConnections(),
                (now.verifiedMessages() - before.verifiedMessages()) / seconds,
                (now.verifiedBytes() - before.verifiedBytes()) / seconds,
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                now.verifiedBytes(),
                now.datagrams().lost());
    }
}
