// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** A demo for programs: a JSON object a line. */
final class DemoJson implements DemoView {
    private static final long INTERVAL_NS = 1_000_000_000;

    private final PrintWriter out;

    DemoJson(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void servers(List<DemoServer> servers, List<String> unavailable) {
        servers.forEach(server -> print(new Json()
                .put("event", "listening")
                .put("uri", server.uri())
                .put("transport", server.transport())
                .put("loops", server.loops())
                .put("style", server.style().name().toLowerCase(Locale.ROOT))));
        unavailable.forEach(
                reason -> print(new Json().put("event", "unavailable").put("reason", reason)));
    }

    @Override
    public void pages(String console, String metrics, String room) {
        print(new Json()
                .put("event", "pages")
                .put("console", console)
                .put("metrics", metrics)
                .put("room", room));
    }

    @Override
    public void plan(LoadSpec spec, double tlsRate) {
        // The results repeat it.
    }

    @Override
    public long intervalNs() {
        return INTERVAL_NS;
    }

    @Override
    public void sample(DemoSample sample) {
        print(new Json()
                .put("event", "sample")
                .put("left_s", sample.leftNs() / 1e9)
                .put("traffic", sample.traffic().stream().map(DemoJson::json).toList())
                .put("loops", sample.loops().stream().map(DemoJson::json).toList()));
    }

    private static Json json(DemoSample.Traffic traffic) {
        return new Json()
                .put("transport", traffic.server().transport())
                .put("uri", traffic.server().uri())
                .put("connections", traffic.connections())
                .put("messages_per_s", traffic.messagesPerSecond())
                .put("bytes_per_s", traffic.bytesPerSecond())
                .put("p50_us", traffic.p50Ns() / 1e3)
                .put("p99_us", traffic.p99Ns() / 1e3)
                .put("verified_bytes", traffic.verifiedBytes())
                .put("lost_datagrams", traffic.lostDatagrams());
    }

    private static Json json(DemoSample.Loop loop) {
        return new Json()
                .put("name", loop.name())
                .put("connections", loop.connections())
                .put("received_bytes_per_s", loop.receivedPerSecond())
                .put("sent_bytes_per_s", loop.sentPerSecond())
                .put("turns_per_s", loop.turnsPerSecond());
    }

    @Override
    public void results(List<DemoServer> servers, List<LoadResult> results) {
        for (int i = 0; i < results.size(); i++) {
            print(results.get(i).toJson(servers.get(i).uri()));
        }
        print(new Json()
                .put("event", "done")
                .put(
                        "verified_messages",
                        results.stream()
                                .mapToLong(r -> r.sample().verifiedMessages())
                                .sum())
                .put(
                        "verified_bytes",
                        results.stream()
                                .mapToLong(r -> r.sample().verifiedBytes())
                                .sum())
                .put("ok", results.stream().allMatch(r -> r.failure().isEmpty())));
    }

    private void print(Json json) {
        out.println(json);
        out.flush();
    }
}
