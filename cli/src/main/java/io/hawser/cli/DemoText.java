// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A demo for people: a table that is drawn over on a terminal, and in a pipe a line for each server each second. */
final class DemoText implements DemoView {
    /** Set by the launcher: how it was called. */
    private static final String COMMAND = "hawser.command";

    private static final long REDRAW_NS = 500_000_000;
    private static final long LINE_NS = 1_000_000_000;

    private final PrintWriter out;
    private final Terminal terminal;
    private int drawnLines;

    DemoText(PrintWriter out, Terminal terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    // ---- before

    @Override
    public void servers(List<DemoServer> servers, List<String> unavailable) {
        out.println(terminal.bold("Servers, on every transport that works here:"));
        for (DemoServer server : servers) {
            out.printf(
                    Locale.ROOT,
                    "  %-9s %s, %s%s%n",
                    server.transport(),
                    server.uri(),
                    Units.counted(server.loops(), "loop"),
                    switch (server.style()) {
                        case BLOCKING -> ", blocking handlers on virtual threads";
                        case FRAMED -> ", sessions with a length before each message";
                        case HTTPS -> ", HTTP/1.1, blocking handlers on virtual threads";
                        case WSS -> ", WebSocket, on the same port";
                        case LOOP, DATAGRAM -> "";
                    });
        }
        unavailable.forEach(reason -> out.println("  cannot run here: " + reason));
        out.flush();
    }

    @Override
    public void pages(String console, String metrics, String room) {
        out.println("Watch it in a browser:   " + terminal.bold(console));
        out.println("in another terminal:     hawser top " + console);
        out.println("with Prometheus:         " + metrics);
        out.println(
                "A page that talks over wss (the browser warns of the certificate, which was made up for this run): "
                        + terminal.bold(room));
        out.println();
        out.flush();
    }

    @Override
    public void plan(LoadSpec spec, double tlsRate) {
        out.println("Each gets " + Units.count(Math.round(spec.rate())) + " messages/s of " + Units.bytes(spec.size())
                + " from " + Units.counted(spec.connections(), "connection") + " for "
                + Units.plain((spec.warmupNs() + spec.durationNs()) / 1e9) + " s; over TLS "
                + Units.count(Math.round(tlsRate)) + "/s.");
        out.println("Every byte that comes back is checked. Ctrl-C ends it early.");
        out.println();
        out.flush();
    }

    // ---- meanwhile

    @Override
    public long intervalNs() {
        return terminal.interactive() ? REDRAW_NS : LINE_NS;
    }

    @Override
    public void sample(DemoSample sample) {
        if (terminal.interactive()) {
            draw(table(sample));
        } else {
            sample.traffic().forEach(traffic -> out.println(line(traffic)));
            sample.loops().forEach(loop -> out.println(line(loop)));
            out.flush();
        }
    }

    private List<String> table(DemoSample sample) {
        final List<String> lines = new ArrayList<>();
        lines.add(terminal.faint(String.format(
                Locale.ROOT,
                "%-24s%12s%12s%13s%11s%11s",
                "server",
                "connections",
                "messages/s",
                "each way",
                "p50",
                "p99")));
        for (DemoSample.Traffic traffic : sample.traffic()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%-24s%12s%12s%13s%11s%11s",
                    traffic.server().name(),
                    Units.count(traffic.connections()),
                    Units.count(Math.round(traffic.messagesPerSecond())),
                    Units.bytes(traffic.bytesPerSecond()) + "/s",
                    latency(traffic.p50Ns()),
                    latency(traffic.p99Ns())));
        }
        lines.add("");
        lines.add(terminal.faint(String.format(
                Locale.ROOT, "%-24s%12s%12s%13s%11s", "loop", "connections", "received", "sent", "turns/s")));
        for (DemoSample.Loop loop : sample.loops()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%-24s%12s%12s%13s%11s",
                    loop.name(),
                    Units.count(loop.connections()),
                    Units.bytes(loop.receivedPerSecond()) + "/s",
                    Units.bytes(loop.sentPerSecond()) + "/s",
                    Units.count(Math.round(loop.turnsPerSecond()))));
        }
        lines.add("");
        lines.add(terminal.good(Units.bytes(sample.traffic().stream()
                                .mapToDouble(traffic -> (double) traffic.verifiedBytes())
                                .sum())
                        + " verified")
                + ", " + (long) Math.ceil(sample.leftNs() / 1e9) + " s left");
        return lines;
    }

    private static String latency(long ns) {
        return ns == 0 ? "-" : Units.time(ns);
    }

    private void draw(List<String> lines) {
        final StringBuilder text = new StringBuilder(Terminal.wrap(false));
        if (drawnLines > 0) {
            text.append(Terminal.up(drawnLines));
        }
        lines.forEach(line -> text.append(line).append(Terminal.eraseLine()).append(System.lineSeparator()));
        out.print(text.append(Terminal.wrap(true)));
        out.flush();
        drawnLines = lines.size();
    }

    private static String line(DemoSample.Traffic traffic) {
        return String.format(
                Locale.ROOT,
                "%-24s %s, %s messages/s, %s/s each way, p50 %s, p99 %s%s",
                traffic.server().name(),
                Units.counted(traffic.connections(), "connection"),
                Units.count(Math.round(traffic.messagesPerSecond())),
                Units.bytes(traffic.bytesPerSecond()),
                latency(traffic.p50Ns()),
                latency(traffic.p99Ns()),
                traffic.lostDatagrams() == 0 ? "" : ", " + Units.count(traffic.lostDatagrams()) + " lost");
    }

    private static String line(DemoSample.Loop loop) {
        return String.format(
                Locale.ROOT,
                "%-24s %s, %s/s in, %s/s out, %s turns/s",
                loop.name(),
                Units.counted(loop.connections(), "connection"),
                Units.bytes(loop.receivedPerSecond()),
                Units.bytes(loop.sentPerSecond()),
                Units.count(Math.round(loop.turnsPerSecond())));
    }

    // ---- after

    @Override
    public void results(List<DemoServer> servers, List<LoadResult> results) {
        long messages = 0;
        long bytes = 0;
        boolean good = true;
        if (drawnLines > 0) {
            // Nothing is left to come: the last line of the table goes.
            out.print(Terminal.up(1) + Terminal.eraseLine());
        } else {
            out.println();
        }
        for (int i = 0; i < results.size(); i++) {
            final LoadResult result = results.get(i);
            messages += result.sample().verifiedMessages();
            bytes += result.sample().verifiedBytes();
            good &= result.failure().isEmpty();
            out.println(row(servers.get(i), result));
        }
        final String sum = Units.counted(messages, "message") + " (" + Units.bytes((double) bytes) + ")";
        out.println(
                good
                        ? terminal.good("Sent " + sum + "; every byte of every answer came back right.")
                        : terminal.bad("Something went wrong; verified were " + sum + "."));
        next();
        out.flush();
    }

    private String row(DemoServer server, LoadResult result) {
        final var latencies = result.sample().latencies();
        return String.format(
                Locale.ROOT,
                "%-24s %s verified, p50 %s, p99 %s, max %s%s%s",
                server.name(),
                Units.counted(result.sample().verifiedMessages(), "message"),
                Units.time(latencies.getValueAtPercentile(50)),
                Units.time(latencies.getValueAtPercentile(99)),
                Units.time(latencies.getMaxValue()),
                result.sample().datagrams().lost() == 0
                        ? ""
                        : ", " + Units.count(result.sample().datagrams().lost()) + " lost",
                result.failure().map(text -> terminal.bad(", FAILED: " + text)).orElse(""));
    }

    private void next() {
        final String hawser = System.getProperty(COMMAND, "hawser");
        out.println();
        out.println("What to try next:");
        out.println("  " + hawser + " serve                          an echo server; meanwhile");
        out.println("  echo hello | nc -N 127.0.0.1 7000       talk to it, or");
        out.println("  " + hawser + " bench tcp://127.0.0.1:7000     see how fast it is here");
    }
}
