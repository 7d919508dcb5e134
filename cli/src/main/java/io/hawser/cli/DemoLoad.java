// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.ServiceSnapshot;
import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** A load of the demo, and how it stood when it was last looked at. One thread. */
final class DemoLoad {
    private final DemoServer server;
    private final Load run;
    private @Nullable LoadSample last;
    /** What was last seen, for the console. */
    private volatile Map<String, Long> figures = Map.of();

    DemoLoad(DemoServer server, Load run) {
        this.server = server;
        this.run = run;
    }

    DemoServer server() {
        return server;
    }

    Load run() {
        return run;
    }

    /** What the console shows of it. Any thread. */
    ServiceSnapshot service() {
        return new ServiceSnapshot("clients of", server.uri(), figures);
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
        final var traffic = new DemoSample.Traffic(
                server,
                now.openConnections(),
                (now.verifiedMessages() - before.verifiedMessages()) / seconds,
                (now.verifiedBytes() - before.verifiedBytes()) / seconds,
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                now.verifiedBytes(),
                now.datagrams().lost());
        final Map<String, Long> seen = new LinkedHashMap<>();
        seen.put("messagesPerSecond", Math.round(traffic.messagesPerSecond()));
        seen.put("p50Ns", traffic.p50Ns());
        seen.put("p99Ns", traffic.p99Ns());
        seen.put("lostDatagrams", traffic.lostDatagrams());
        figures = seen;
        return traffic;
    }
}
