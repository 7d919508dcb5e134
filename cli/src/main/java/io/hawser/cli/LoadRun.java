// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.Limits;
import io.hawser.loop.EventLoop;
import io.hawser.tls.Tls;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A load on an echo server, or on one of HTTP: connects, sends for as long as its specification says, and collects what the loops have measured. One thread,
 * which must not be a loop, but for what says otherwise.
 */
final class LoadRun implements Load {
    private static final int DIALS_AT_ONCE = 128;
    private static final long START_DELAY_NS = 1_000_000;
    /** How long answers are waited for after the end. */
    private static final long DRAIN_NS = 3_000_000_000L;

    private static final long DRAIN_POLL_NS = 5_000_000;
    private static final Duration CLOSE_TIME = Duration.ofMillis(500);
    /** How long a loop may take to say how it stands. */
    private static final long LOOP_TIMEOUT_SECONDS = 10;
    /** Room for what is written while the last of what may be in flight is still unsent. */
    private static final long SLACK_BYTES = 64 * 1024;

    private final Engine engine;
    private final LoadSpec spec;
    private final ConnectionOptions options;
    private final List<LoopLoad> loads;
    private final LoadErrors errors = new LoadErrors();
    private final AtomicInteger alive = new AtomicInteger();
    private long endNs;

    private LoadRun(Engine engine, LoadSpec spec, Optional<Tls> tls) {
        this.options = tls.map(ConnectionOptions.DEFAULT::withTls).orElse(ConnectionOptions.DEFAULT);
        this.engine = engine;
        this.spec = spec;
        this.loads =
                engine.loops().stream().map(loop -> new LoopLoad(loop, spec)).toList();
    }

    /**
     * Starts an engine and connects all clients; with a ramp the first one only.
     *
     * @param builder of the engine, which ends with this
     * @param tls for the connections; empty for none
     * @throws IOException if not a single one can connect
     */
    static LoadRun connect(Engine.Builder builder, LoadSpec spec, Optional<Tls> tls, Stop stop)
            throws IOException, InterruptedException {
        // A client that stopped receiving because it has much to send would wait for a server that does the same.
        final long outbound = spec.inFlightBytes() + SLACK_BYTES;
        final int message = Math.max((int) spec.wireBytes(), Limits.DEFAULT.messageBytes());
        final Limits limits = Limits.DEFAULT
                .withMessageBytes(message)
                .withInboundBytes(Math.max(message, Limits.DEFAULT.inboundBytes()))
                .withConnections(Math.max(spec.connections(), Limits.DEFAULT.connections()))
                .withOutboundBytes(outbound, outbound, Math.min(outbound, Limits.DEFAULT.outboundLowBytes()));
        final LoadRun run = new LoadRun(builder.limits(limits).start(), spec, tls);
        try {
            run.dialBefore(spec.rampNs() > 0 ? 1 : spec.connections(), stop);
            return run;
        } catch (IOException | InterruptedException | RuntimeException e) {
            run.close();
            throw e;
        }
    }

    /** Connects so many before anything is sent. */
    private void dialBefore(int clients, Stop stop) throws IOException, InterruptedException {
        final Semaphore permits = new Semaphore(DIALS_AT_ONCE);
        for (int i = 0; i < clients && !stop.isRequested(); i++) {
            permits.acquire();
            alive.incrementAndGet();
            final var unused = dial(i).whenComplete((_, _) -> permits.release());
        }
        permits.acquire(DIALS_AT_ONCE);
        if (alive.get() == 0 && !stop.isRequested()) {
            throw new IOException("Cannot connect to " + spec.address() + ": "
                    + errors.first().orElse("all connections were lost at once"));
        }
    }

    /** Connects one more client, which counts as alive already. Any thread. */
    CompletableFuture<?> dial(int number) {
        final CompletableFuture<?> dialled = spec.address().isUdp()
                ? engine.connectDatagram(
                        spec.address(), DatagramClient.options(spec), new DatagramClient(spec, this, number))
                : engine.dial(spec.address(), options, client(number));
        return dialled.whenComplete((_, failure) -> {
            if (failure != null) {
                errors.add("could not connect", Failures.reason(failure));
                alive.decrementAndGet();
            }
        });
    }

    private ConnectionHandler client(int number) {
        final HttpTarget http = spec.http();
        return http == null
                ? new EchoClient(spec, this, number).handler(engine)
                : new HttpLoadClient(spec, this, http, number);
    }

    // ---- for clients

    /** Connects a client once more, on the loop that it belongs to. */
    CompletableFuture<?> redial(ConnectionHandler client, EventLoop loop) {
        return engine.dial(spec.address(), options, client, loop);
    }

    /** The part of the load that {@code loop} makes. Any thread. */
    LoopLoad loadOf(EventLoop loop) {
        for (LoopLoad load : loads) {
            if (load.loop() == loop) {
                return load;
            }
        }
        throw new IllegalArgumentException("Not a loop of this load: " + loop);
    }

    /** A connection has ended, before its time or since it is done. Any thread. */
    void clientEnded() {
        alive.decrementAndGet();
    }

    /** What has gone wrong. Any thread. */
    LoadErrors errors() {
        return errors;
    }

    // ---- for who watches it

    LoadSpec spec() {
        return spec;
    }

    /** The name of the transport that it uses. */
    String transport() {
        return engine.transport();
    }

    /** How many loops it has. */
    int loops() {
        return loads.size();
    }

    @Override
    public void start() throws InterruptedException {
        final List<Integer> counts = fromLoops(LoopLoad::countClients);
        final int all = counts.stream().mapToInt(Integer::intValue).sum();
        final long startNs = System.nanoTime() + START_DELAY_NS;
        endNs = startNs + spec.allNs();
        int first = 0;
        for (int i = 0; i < loads.size(); i++) {
            final LoopLoad load = loads.get(i);
            final int firstIndex = first;
            load.loop().execute(() -> load.start(startNs, firstIndex, all));
            first += counts.get(i);
        }
        if (spec.rampNs() > 0) {
            alive.addAndGet(spec.connections() - 1);
            final LoopLoad load = loads.getFirst();
            load.loop().execute(new Ramp(this, load, startNs)::dialDue);
        }
    }

    @Override
    public long remainingNs() {
        return alive.get() == 0 ? 0 : Math.max(0, endNs - System.nanoTime());
    }

    /** Whether answers are missing without which a number of messages will never be complete: only that has no end of its own. */
    boolean isStalled() throws InterruptedException {
        return spec.requests() > 0
                && unanswered() > 0
                && fromLoops(LoopLoad::silentNs).stream().allMatch(silentNs -> silentNs > spec.answerTimeoutNs());
    }

    @Override
    public LoadSample sample() throws InterruptedException {
        return LoadSample.merged(fromLoops(LoopLoad::sample));
    }

    @Override
    public LoadResult finish() throws InterruptedException {
        final long nowNs = System.nanoTime();
        onLoops(load -> load.stop(nowNs));
        final long drainNs = DRAIN_NS + (spec.address().isUdp() ? spec.answerTimeoutNs() : 0);
        while (System.nanoTime() - nowNs < drainNs && unanswered() > 0) {
            TimeUnit.NANOSECONDS.sleep(DRAIN_POLL_NS);
        }
        final LoadSample last = sample();
        onLoops(LoopLoad::finish);
        return new LoadResult(spec, transport(), loops(), last, errors.kinds());
    }

    private long unanswered() throws InterruptedException {
        return fromLoops(LoopLoad::unanswered).stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    private void onLoops(Consumer<LoopLoad> action) throws InterruptedException {
        fromLoops(load -> {
            action.accept(load);
            return true;
        });
    }

    /** Asks all loops, each on its own thread. */
    private <T> List<T> fromLoops(Function<LoopLoad, T> question) throws InterruptedException {
        final List<CompletableFuture<T>> answers = loads.stream()
                .map(load -> CompletableFuture.supplyAsync(() -> question.apply(load), load.loop()))
                .toList();
        final List<T> all = new ArrayList<>();
        for (CompletableFuture<T> answer : answers) {
            try {
                all.add(answer.get(LOOP_TIMEOUT_SECONDS, TimeUnit.SECONDS));
            } catch (ExecutionException | TimeoutException e) {
                throw new IllegalStateException("A loop of the load generator does not answer: " + e, e);
            }
        }
        return all;
    }

    @Override
    public void close() {
        engine.closeAsync(CLOSE_TIME).join();
    }
}
