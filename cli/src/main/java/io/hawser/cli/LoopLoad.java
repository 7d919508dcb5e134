// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.loop.EventLoop;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** The part of a load that one loop makes, and what it measures. The loop's thread, so nothing here is locked. */
final class LoopLoad {
    private static final long MAX_LATENCY_NS = 600_000_000_000L;
    private static final int DIGITS = 3;

    /** Where clients put what they check. */
    final byte[] scratch = new byte[Payload.CHUNK_BYTES];

    /** A datagram, while it is made or checked. */
    final byte[] datagram;

    private final EventLoop loop;
    private final LoadSpec spec;
    private final List<LoadClient> clients = new ArrayList<>();
    private final Histogram histogram = new Histogram(MAX_LATENCY_NS, DIGITS);
    private final Pacer pacer;
    private long fromNs;
    private long toNs;
    private long lastAnswerNs;
    private long lastSentNs;
    private boolean running;
    private boolean finishing;
    private long verifiedMessages;
    private long verifiedBytes;
    private long heldBack;

    LoopLoad(EventLoop loop, LoadSpec spec) {
        this.loop = loop;
        this.spec = spec;
        this.datagram = new byte[spec.address().isUdp() ? spec.size() : 0];
        this.pacer = new Pacer(this, spec);
    }

    EventLoop loop() {
        return loop;
    }

    void add(LoadClient client) {
        clients.add(client);
    }

    List<LoadClient> clients() {
        return clients;
    }

    // ---- the run

    /** Forgets clients that are lost already; how many there are. */
    int countClients() {
        clients.removeIf(client -> !client.isOpen());
        return clients.size();
    }

    /**
     * Begins to send.
     *
     * @param startNs when the first message of all loops is due, and the first connection of a ramp
     * @param firstIndex the index of this loop's first client among all clients
     * @param allClients how many clients all loops have together
     */
    void start(long startNs, int firstIndex, int allClients) {
        for (int i = 0; i < clients.size(); i++) {
            clients.get(i).setIndex(firstIndex + i);
        }
        final long nowNs = System.nanoTime();
        // Of a number of messages every one counts, so the time begins before the first.
        fromNs = spec.requests() > 0
                ? startNs - Math.max(0, startNs - nowNs)
                : startNs + spec.rampNs() + spec.warmupNs();
        toNs = fromNs + spec.durationNs();
        lastAnswerNs = fromNs;
        lastSentNs = fromNs;
        running = true;
        if (spec.pacing() == LoadSpec.Pacing.CLOSED_LOOP) {
            clients.forEach(client -> client.sendMore(nowNs));
        } else {
            pacer.start(startNs, allClients);
        }
    }

    /** Whether what is answered or due at {@code timeNs} is still part of the run. */
    boolean isRunning(long timeNs) {
        return running && timeNs - toNs < 0;
    }

    /** Ends the measuring, and the sending of new messages, if their time is not over yet. What was due before is still sent. */
    void stop(long nowNs) {
        if (isRunning(nowNs)) {
            toNs = spec.requests() > 0 ? lastAnswerNs + 1 : nowNs;
        }
        pacer.stop();
    }

    /** From now on connections may go without that being an error. */
    void finish() {
        running = false;
        finishing = true;
    }

    boolean isFinishing() {
        return finishing;
    }

    // ---- what clients report

    /** A message of a stream has left. */
    void sent(long nowNs) {
        lastSentNs = nowNs;
    }

    /** An answer has come that is none to count. */
    void answeredWrong(long nowNs) {
        lastAnswerNs = nowNs;
    }

    /** A message came back as it was sent. */
    void answered(long sinceNs, long nowNs) {
        answered(sinceNs, nowNs, spec.size());
    }

    /** A right answer of {@code bytes} has come. */
    void answered(long sinceNs, long nowNs, long bytes) {
        verifiedMessages++;
        verifiedBytes += bytes;
        lastAnswerNs = nowNs;
        final long countedNs = spec.pacing() == LoadSpec.Pacing.OPEN_LOOP ? sinceNs : nowNs;
        if (countedNs - fromNs >= 0 && countedNs - toNs < 0) {
            histogram.recordValue(Math.clamp(nowNs - sinceNs, 0, MAX_LATENCY_NS));
        }
    }

    /** A message was due and had to wait for earlier answers. */
    void heldBack() {
        heldBack++;
    }

    // ---- what it has to tell

    /** Messages that have been due and are not answered, those of lost connections left out. */
    long unanswered() {
        long count = 0;
        for (LoadClient client : clients) {
            count += client.unanswered();
        }
        return count;
    }

    /** For how long nothing of a stream has been sent, and nothing has come back. */
    long silentNs() {
        final long nowNs = System.nanoTime();
        return Math.min(nowNs - lastAnswerNs, nowNs - lastSentNs);
    }

    /** What was measured so far. */
    LoadSample sample() {
        final long nowNs = System.nanoTime();
        long open = 0;
        DatagramCounts datagrams = DatagramCounts.NONE;
        for (LoadClient client : clients) {
            open += client.isOpen() ? 1 : 0;
            datagrams = datagrams.plus(client.datagrams());
        }
        final long untilNs = nowNs - toNs < 0 ? nowNs : toNs;
        return new LoadSample(
                nowNs,
                running ? Math.max(0, untilNs - fromNs) : 0,
                open,
                verifiedMessages,
                verifiedBytes,
                heldBack,
                unanswered(),
                datagrams,
                histogram.copy());
    }
}
