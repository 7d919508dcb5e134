// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.cli.LoadSpec.Pacing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a load went.
 *
 * @param spec what was asked for
 * @param transport of the clients
 * @param loops of the clients
 * @param sample how it stood at the end
 * @param errors what went wrong, by its kind
 */
record LoadResult(LoadSpec spec, String transport, int loops, LoadSample sample, Map<String, LoadErrors.Kind> errors) {
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};

    /** One figure of the distribution of latencies. */
    record Latency(String name, long ns) {}

    /** Whether a server that keeps no schedule explains what was not answered. */
    private boolean fellBehind() {
        return spec.pacing() != Pacing.CLOSED_LOOP && sample.heldBack() > 0;
    }

    /** What makes this a failure, if anything. That datagrams are lost does not. */
    Optional<String> failure() {
        if (!errors.isEmpty()) {
            final var first = errors.entrySet().iterator().next();
            return Optional.of(first.getKey() + ": " + first.getValue().first());
        }
        if (sample.verifiedMessages() == 0) {
            return Optional.of("nothing came back");
        }
        if (sample.unanswered() > 0 && !fellBehind()) {
            return Optional.of(Units.counted(sample.unanswered(), spec.messageNoun())
                    + (spec.http() == null ? " never came back" : " got no answer"));
        }
        return Optional.empty();
    }

    /** The usual percentiles and the maximum; all 0 if nothing was measured. */
    List<Latency> latencies() {
        final var histogram = sample.latencies();
        final List<Latency> all = new ArrayList<>();
        for (double percentile : PERCENTILES) {
            all.add(new Latency("p" + Units.plain(percentile), histogram.getValueAtPercentile(percentile)));
        }
        all.add(new Latency("max", histogram.getMaxValue()));
        return all;
    }

    /** Bytes a second, each way; of HTTP, those that came. */
    double bytesPerSecond() {
        if (spec.http() == null) {
            return sample.messagesPerSecond() * spec.size();
        }
        return sample.messagesPerSecond() * sample.verifiedBytes() / Math.max(1, sample.verifiedMessages());
    }

    /** For programs. */
    Json toJson() {
        return toJson(spec.target());
    }

    /**
     * For programs.
     *
     * @param uri what was asked
     */
    Json toJson(String uri) {
        final Json latency = new Json();
        latencies().forEach(figure -> latency.put(figure.name(), figure.ns() / 1e3));
        final Json counts = new Json();
        errors.forEach((kind, count) -> counts.put(kind, count.count()));
        final Json json = new Json()
                .put("event", "result")
                .put("uri", uri)
                .put("transport", transport)
                .put("loops", loops)
                .put("connections", spec.connections())
                .put("in_flight", spec.inFlight());
        if (spec.http() == null) {
            json.put("size_bytes", spec.size());
        }
        if (spec.framing() != null) {
            json.put("codec", spec.framing().name());
        }
        if (spec.requests() > 0) {
            json.put("requests", spec.requests());
        }
        if (spec.rampNs() > 0) {
            json.put("ramp_s", spec.rampNs() / 1e9);
        }
        if (spec.pacing() != Pacing.CLOSED_LOOP) {
            json.put("rate", spec.rate());
        }
        if (spec.address().isUdp()) {
            final DatagramCounts datagrams = sample.datagrams();
            json.put(
                    "datagrams",
                    new Json()
                            .put("sent", datagrams.sent())
                            .put("lost", datagrams.lost())
                            .put("late", datagrams.late())
                            .put("duplicated", datagrams.duplicated())
                            .put("reordered", datagrams.reordered()));
        }
        return json.put("measured_s", sample.measuredNs() / 1e9)
                .put("messages", sample.messages())
                .put("messages_per_s", sample.messagesPerSecond())
                .put("bytes_per_s", bytesPerSecond())
                .put("latency_us", latency)
                .put("verified_messages", sample.verifiedMessages())
                .put("verified_bytes", sample.verifiedBytes())
                .put("held_back", sample.heldBack())
                .put("unanswered", sample.unanswered())
                .put("errors", counts)
                .put("ok", failure().isEmpty());
    }
}
