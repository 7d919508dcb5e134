// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.cli.LoadSpec.Pacing;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A load and its result for people to read. Not thread-safe. */
final class Report {
    private final PrintWriter out;
    private final Terminal terminal;

    Report(PrintWriter out, Terminal terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** What is about to happen. */
    void plan(LoadSpec spec, String transport, int loops) {
        final String size = spec.http() == null ? " of " + Units.bytes(spec.size()) : "";
        final String what = switch (spec.pacing()) {
            case CLOSED_LOOP -> Units.counted(spec.inFlight(), spec.messageNoun()) + size + " in flight each";
            case OPEN_LOOP, TIMER ->
                Units.count(Math.round(spec.rate())) + " " + spec.messageNoun() + "s/s" + size + " in all";
        };
        row(
                "target",
                terminal.bold(spec.target()) + ", "
                        + Units.counted(spec.connections(), spec.connectionNoun()) + " over " + transport + " on "
                        + Units.counted(loops, "loop"));
        row(
                "load",
                what + framing(spec) + ", " + extent(spec)
                        + (spec.rampNs() > 0
                                ? ", connections opened over " + Units.plain(spec.rampNs() / 1e9) + " s"
                                : ""));
        out.flush();
    }

    private static String framing(LoadSpec spec) {
        return spec.framing() == null ? "" : " in " + spec.framing().name() + " frames";
    }

    private static String extent(LoadSpec spec) {
        if (spec.requests() > 0) {
            return Units.counted(spec.requests(), spec.messageNoun()) + " each in all";
        }
        return Units.plain(spec.durationNs() / 1e9) + " s"
                + (spec.warmupNs() > 0 ? " after " + Units.plain(spec.warmupNs() / 1e9) + " s of warm-up" : "");
    }

    /** What has happened. */
    void result(LoadResult result) {
        final LoadSpec spec = result.spec();
        final LoadSample sample = result.sample();
        if (sample.messages() == 0) {
            row("throughput", "nothing was measured");
        } else {
            row(
                    "throughput",
                    terminal.bold(Units.count(Math.round(sample.messagesPerSecond())) + " " + spec.messageNoun()
                                    + "s/s")
                            + (spec.pacing() == Pacing.CLOSED_LOOP
                                    ? ""
                                    : " of " + Units.count(Math.round(spec.rate())) + " asked for")
                            + ", " + Units.bytes(result.bytesPerSecond())
                            + (spec.http() == null ? "/s each way" : "/s received"));
            if (spec.requests() > 0) {
                row("took", Units.time(sample.measuredNs()) + " from the first connection to the last answer");
            }
            latencies(result);
        }
        row(
                spec.http() == null ? "verified" : "answered",
                Units.counted(sample.verifiedMessages(), spec.messageNoun()) + ", "
                        + Units.bytes((double) sample.verifiedBytes())
                        + (spec.requests() > 0 ? "" : ", warm-up included"));
        if (spec.address().isUdp()) {
            loss(sample.datagrams());
        }
        if (sample.heldBack() > 0) {
            row(
                    "fell behind",
                    Units.counted(sample.heldBack(), spec.messageNoun()) + " had to wait when they were due, since "
                            + Units.count(spec.inFlight()) + " of their " + spec.connectionNoun() + " were unanswered");
        }
        if (sample.unanswered() > 0) {
            row("unanswered", terminal.bad(Units.counted(sample.unanswered(), spec.messageNoun())));
        }
        if (result.errors().isEmpty()) {
            row("errors", "none");
        }
        result.errors()
                .forEach((kind, errors) -> row(
                        "errors",
                        terminal.bad(Units.count(errors.count()) + " × " + kind)
                                + (errors.first().equals(kind) ? "" : ", first: " + errors.first())));
        out.flush();
    }

    private void loss(DatagramCounts datagrams) {
        final String lost = String.format(
                Locale.ROOT,
                "%s of %s (%.3f %%)",
                Units.count(datagrams.lost()),
                Units.count(datagrams.sent()),
                100 * datagrams.lostPart());
        row("lost", datagrams.lost() == 0 ? "none" : terminal.bad(lost));
        if (datagrams.late() + datagrams.duplicated() + datagrams.reordered() > 0) {
            row(
                    "answers",
                    Units.count(datagrams.late()) + " late, " + Units.count(datagrams.duplicated()) + " duplicated, "
                            + Units.count(datagrams.reordered()) + " reordered");
        }
    }

    private void latencies(LoadResult result) {
        row("latency", columns(result, LoadResult.Latency::name));
        row("", columns(result, figure -> Units.time(figure.ns())));
        if (result.spec().pacing() == Pacing.OPEN_LOOP) {
            row("", terminal.faint("from the time at which a message was due"));
        }
    }

    private static String columns(LoadResult result, Function<LoadResult.Latency, String> column) {
        return result.latencies().stream()
                .map(figure -> String.format(Locale.ROOT, "%-10s", column.apply(figure)))
                .collect(Collectors.joining())
                .stripTrailing();
    }

    private void row(String title, String text) {
        out.printf(Locale.ROOT, "%-12s %s%n", title, text);
    }
}
