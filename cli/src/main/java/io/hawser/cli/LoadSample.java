// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * A load as it stood at some time. The histogram belongs to whoever has the sample.
 *
 * @param timeNs when that was, by {@link System#nanoTime()}
 * @param measuredNs how long the measuring had lasted by then
 * @param openConnections connections that lived
 * @param verifiedMessages messages that had come back right since the start, also while it warmed up
 * @param verifiedBytes their bytes
 * @param heldBack messages that could not be sent when they were due, since too many answers were outstanding
 * @param unanswered messages that had been due and were not answered
 * @param datagrams what became of the datagrams that were sent; nothing where there are none
 * @param latencies of the messages that were measured, in nanoseconds
 */
record LoadSample(
        long timeNs,
        long measuredNs,
        long openConnections,
        long verifiedMessages,
        long verifiedBytes,
        long heldBack,
        long unanswered,
        DatagramCounts datagrams,
        Histogram latencies) {

    /** The samples of all loops of a load, at least one, as one. */
    static LoadSample merged(List<LoadSample> samples) {
        LoadSample all = samples.getFirst();
        for (LoadSample next : samples.subList(1, samples.size())) {
            all.latencies.add(next.latencies);
            all = new LoadSample(
                    Math.max(all.timeNs, next.timeNs),
                    Math.max(all.measuredNs, next.measuredNs),
                    all.openConnections + next.openConnections,
                    all.verifiedMessages + next.verifiedMessages,
                    all.verifiedBytes + next.verifiedBytes,
                    all.heldBack + next.heldBack,
                    all.unanswered + next.unanswered,
                    all.datagrams.plus(next.datagrams),
                    all.latencies);
        }
        return all;
    }

    /** How many messages were measured. */
    long messages() {
        return latencies.getTotalCount();
    }

    double messagesPerSecond() {
        return measuredNs == 0 ? 0 : messages() * 1e9 / measuredNs;
    }
}
