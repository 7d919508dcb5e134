// SPDX-License-Identifier: Apache-2.0
package io.hawser.micrometer;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.PoolSnapshot;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Engine;
import io.hawser.connection.LimitCounters;
import io.hawser.loop.EventLoop;
import io.hawser.loop.LoopStats;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * The counters of an engine as meters of Micrometer. They are read when the registry is, and cost nothing otherwise. Any thread.
 *
 * <table>
 * <caption>What there is, besides the tag {@code engine} and those that are given</caption>
 * <tr><th>meter</th><th>tags</th><th>what it tells</th></tr>
 * <tr><td>{@code hawser.connections}</td><td>{@code loop}</td><td>connections now</td></tr>
 * <tr><td>{@code hawser.connections.max}</td><td></td><td>how many there may be</td></tr>
 * <tr><td>{@code hawser.connections.accepted}</td><td>{@code loop}</td><td>connections accepted</td></tr>
 * <tr><td>{@code hawser.connections.opened}</td><td>{@code loop}</td><td>connections accepted and dialled</td></tr>
 * <tr><td>{@code hawser.connections.closed}</td><td>{@code cause}: a {@link io.hawser.connection.CloseCause.Kind} in lower case</td><td>connections that ended</td></tr>
 * <tr><td>{@code hawser.bytes}</td><td>{@code loop}, {@code direction}: {@code received}, {@code sent}</td><td>bytes of connections</td></tr>
 * <tr><td>{@code hawser.messages}</td><td>the same</td><td>messages of sessions</td></tr>
 * <tr><td>{@code hawser.loop.turns}</td><td>{@code loop}</td><td>turns</td></tr>
 * <tr><td>{@code hawser.loop.busy}</td><td>{@code loop}</td><td>seconds of work</td></tr>
 * <tr><td>{@code hawser.loop.stalls}</td><td>{@code loop}</td><td>turns over 20 ms</td></tr>
 * <tr><td>{@code hawser.loop.turn.max}</td><td>{@code loop}</td><td>the longest turn since the start</td></tr>
 * <tr><td>{@code hawser.loop.tasks}</td><td>{@code loop}</td><td>tasks run</td></tr>
 * <tr><td>{@code hawser.loop.tasks.waiting}</td><td>{@code loop}</td><td>tasks that wait</td></tr>
 * <tr><td>{@code hawser.loop.timers}</td><td>{@code loop}</td><td>timers fired</td></tr>
 * <tr><td>{@code hawser.loop.timers.armed}</td><td>{@code loop}</td><td>timers that are armed</td></tr>
 * <tr><td>{@code hawser.memory}</td><td>{@code state}: {@code used}, {@code cached}, {@code free}</td><td>native memory of buffers, in bytes</td></tr>
 * <tr><td>{@code hawser.memory.max}</td><td></td><td>how much there may be, in bytes</td></tr>
 * <tr><td>{@code hawser.limits.hit}</td><td>{@code limit}: its name in {@link io.hawser.connection.Limits}</td><td>how often a limit was hit</td></tr>
 * </table>
 */
public final class HawserMetrics implements MeterBinder, AutoCloseable {
    private static final Map<String, ToDoubleFunction<LimitCounters>> LIMITS = Map.of(
            "connections", LimitCounters::connections,
            "connectionsPerSource", LimitCounters::connectionsPerSource,
            "acceptsPerSecond", LimitCounters::acceptsPerSecond,
            "handshakes", LimitCounters::handshakes,
            "inboundBytes", LimitCounters::inboundBytes,
            "outboundBytes", LimitCounters::outboundBytes,
            "bufferMemoryBytes", LimitCounters::bufferMemoryBytes);

    private final Engine engine;
    private final Tags tags;
    private final ConcurrentLinkedQueue<Bound> bound = new ConcurrentLinkedQueue<>();

    private record Bound(MeterRegistry registry, Meter meter) {}

    /** Meters of {@code engine}, which bear its {@link Engine#name()} as the tag {@code engine}. */
    public HawserMetrics(Engine engine) {
        this(engine, List.of());
    }

    /**
     * Meters of {@code engine}, with tags of one's own.
     *
     * @param tags one called {@code engine} stands instead of the engine's name
     */
    public HawserMetrics(Engine engine, Iterable<Tag> tags) {
        this.engine = engine;
        this.tags = Tags.of("engine", engine.name()).and(tags);
    }

    /** Registers the meters, until {@link #close()}. The registry does not keep the engine alive; of one that is gone it tells nothing. */
    @Override
    public void bindTo(MeterRegistry registry) {
        final List<EventLoop> loops = engine.loops();
        for (int i = 0; i < loops.size(); i++) {
            bindLoop(registry, loops.get(i), i);
        }
        gauge(
                registry,
                "hawser.connections.max",
                tags,
                engine,
                e -> e.limits().connections(),
                "How many connections there may be");
        for (CloseCause.Kind kind : CloseCause.Kind.values()) {
            count(
                    registry,
                    "hawser.connections.closed",
                    tags.and("cause", kind.name().toLowerCase(Locale.ROOT)),
                    engine,
                    e -> e.connectionsClosed(kind),
                    "Connections that ended, by their causes");
        }
        memory(registry, "used", PoolSnapshot::usedBytes);
        memory(registry, "cached", PoolSnapshot::cachedBytes);
        memory(registry, "free", PoolSnapshot::freeBytes);
        add(
                registry,
                Gauge.builder("hawser.memory.max", engine.pool(), BlockPool::capBytes)
                        .tags(tags)
                        .baseUnit("bytes")
                        .description("How much native memory buffers may reserve")
                        .register(registry));
        LIMITS.forEach((limit, hits) -> count(
                registry,
                "hawser.limits.hit",
                tags.and("limit", limit),
                engine.limitCounters(),
                hits,
                "How often a limit was hit"));
    }

    private void bindLoop(MeterRegistry registry, EventLoop loop, int index) {
        final Tags of = tags.and("loop", loop.name());
        final Tags received = of.and("direction", "received");
        final Tags sent = of.and("direction", "sent");
        final LoopStats stats = loop.stats();
        gauge(registry, "hawser.connections", of, engine, e -> e.connectionCount(index), "Connections");
        count(
                registry,
                "hawser.connections.accepted",
                of,
                stats,
                LoopStats::connectionsAccepted,
                "Connections accepted");
        count(
                registry,
                "hawser.connections.opened",
                of,
                stats,
                LoopStats::connectionsOpened,
                "Connections accepted and dialled");
        bytes(registry, received, stats, LoopStats::bytesIn);
        bytes(registry, sent, stats, LoopStats::bytesOut);
        count(registry, "hawser.messages", received, stats, LoopStats::messagesIn, "Messages of sessions");
        count(registry, "hawser.messages", sent, stats, LoopStats::messagesOut, "Messages of sessions");
        count(registry, "hawser.loop.turns", of, stats, LoopStats::turns, "Turns of the loop");
        count(registry, "hawser.loop.stalls", of, stats, LoopStats::stalls, "Turns that took longer than 20 ms");
        count(registry, "hawser.loop.tasks", of, stats, LoopStats::tasks, "Tasks run on the loop");
        count(registry, "hawser.loop.timers", of, stats, LoopStats::timers, "Timers fired on the loop");
        gauge(registry, "hawser.loop.tasks.waiting", of, loop, EventLoop::waitingTasks, "Tasks that wait for the loop");
        gauge(
                registry,
                "hawser.loop.timers.armed",
                of,
                stats,
                LoopStats::timersArmed,
                "Timers that are armed on the loop");
        add(
                registry,
                FunctionCounter.builder("hawser.loop.busy", stats, s -> s.busyNs() / 1e9)
                        .tags(of)
                        .baseUnit("seconds")
                        .description("How long the loop was at work")
                        .register(registry));
        add(
                registry,
                TimeGauge.builder("hawser.loop.turn.max", stats, TimeUnit.NANOSECONDS, LoopStats::longestTurnNs)
                        .tags(of)
                        .description("The longest turn of the loop since its start")
                        .register(registry));
    }

    private void bytes(MeterRegistry registry, Tags of, LoopStats stats, ToDoubleFunction<LoopStats> count) {
        add(
                registry,
                FunctionCounter.builder("hawser.bytes", stats, count)
                        .tags(of)
                        .baseUnit("bytes")
                        .description("Bytes of connections")
                        .register(registry));
    }

    private void memory(MeterRegistry registry, String state, ToDoubleFunction<PoolSnapshot> bytes) {
        add(
                registry,
                Gauge.builder("hawser.memory", engine.pool(), pool -> bytes.applyAsDouble(pool.snapshot()))
                        .tags(tags.and("state", state))
                        .baseUnit("bytes")
                        .description("Native memory of buffers")
                        .register(registry));
    }

    private <T> void count(
            MeterRegistry registry, String name, Tags of, T source, ToDoubleFunction<T> count, String description) {
        add(
                registry,
                FunctionCounter.builder(name, source, count)
                        .tags(of)
                        .description(description)
                        .register(registry));
    }

    private <T> void gauge(
            MeterRegistry registry, String name, Tags of, T source, ToDoubleFunction<T> value, String description) {
        add(
                registry,
                Gauge.builder(name, source, value)
                        .tags(of)
                        .description(description)
                        .register(registry));
    }

    private void add(MeterRegistry registry, Meter meter) {
        bound.add(new Bound(registry, meter));
    }

    /** Takes its meters out of every registry that it was bound to. */
    @Override
    public void close() {
        for (Bound one = bound.poll(); one != null; one = bound.poll()) {
            one.registry().remove(one.meter());
        }
    }
}
