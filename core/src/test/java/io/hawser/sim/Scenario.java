// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.connection.Address;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionClosedException;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.Limits;
import io.hawser.connection.OverflowPolicy;
import io.hawser.connection.Server;
import io.hawser.connection.ServerOptions;
import io.hawser.connection.VirtualThreads;
import io.hawser.loop.EventLoop;
import io.hawser.loop.LoadBalancer;
import io.hawser.loop.LoopStats;
import io.hawser.transport.SocketOptions;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimRandom;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/**
 * A short life of one or two engines, all of it determined by a seed: servers, clients, faults, an end. While it goes on and when it is
 * over, the rules are checked that hold whatever happens; and some more if no fault could have cost a byte.
 */
final class Scenario {
    private static final String SERVER_HOST = "10.0.0.1";
    private static final String CLIENT_HOST = "10.0.0.2";
    private static final long SCRIPT_NS = 60_000_000;
    private static final long QUIET_NS = 4_000_000_000L;
    private static final long MAX_SETTLE_NS = 200_000_000_000L;
    private static final long MAX_TURNS = 300_000;

    private final SimRandom random;
    private final Simulation simulation;
    private final Ledger ledger;
    private final TimerChecks timers;
    private final TaskChecks tasks;
    private final LogCapture log;
    private final Limits limits;
    private final ConnectionOptions options;
    private final int socketBufferBytes;
    private final int readBlockBytes;
    private final boolean littleMemory;
    private final boolean harmless;
    private final boolean closesEarly;
    private final List<Engine> engines = new ArrayList<>();
    private final List<Server> servers = new ArrayList<>();
    private final List<CompletableFuture<?>> dials = new ArrayList<>();
    private final List<CheckedBlocking> blocking = new ArrayList<>();
    private final DatagramPlay datagrams;
    private String clientHost = CLIENT_HOST;
    private long nextKey;
    private int opened;

    /** What came of a scenario. */
    record Outcome(long seed, List<String> failures, long traceHash, long turns, int connections, long bytes) {
        boolean isGood() {
            return failures.isEmpty();
        }
    }

    /** Plays the scenario of {@code seed}. */
    static Outcome play(long seed, SimTrace trace) {
        try (LogCapture log = new LogCapture()) {
            final Scenario scenario = new Scenario(seed, trace, log);
            String broken = "";
            try {
                scenario.run();
            } catch (Throwable t) {
                broken = t + Failures.at(t);
            }
            final List<String> failures = new ArrayList<>(scenario.ledger.failures());
            if (!broken.isEmpty()) {
                failures.add(broken);
                trace.lines().ifPresent(lines -> lines.accept("FAILED"));
            }
            long bytes = 0;
            for (Tracked tracked : scenario.ledger.connections()) {
                bytes += tracked.received;
            }
            return new Outcome(
                    seed,
                    failures,
                    trace.hash(),
                    scenario.simulation.turns(),
                    scenario.ledger.connections().size(),
                    bytes);
        }
    }

    private Scenario(long seed, SimTrace trace, LogCapture log) {
        this.log = log;
        random = new SimRandom(SimRandom.mix(seed));
        simulation = new Simulation(seed, trace).maxTurns(MAX_TURNS);
        ledger = new Ledger(simulation.network());
        timers = new TimerChecks(simulation, ledger, random);
        tasks = new TaskChecks(ledger);
        readBlockBytes = random.chance(0.5) ? 1024 : random.between(1024, 16_384);
        socketBufferBytes = random.skewed(512, 16_384);
        simulation
                .network()
                .socketBufferBytes(socketBufferBytes)
                .segmentBytes(random.between(200, 1460))
                .latencyNs(10_000, random.between(20_000L, 2_000_000L));
        // A pool that has cut all it may into small blocks has no larger ones for ever.
        littleMemory = random.chance(0.05);
        harmless = chooseFaults() && !littleMemory;
        closesEarly = random.chance(0.15);
        limits = chooseLimits();
        datagrams = new DatagramPlay(this, simulation, ledger, random.split());
        options = ConnectionOptions.DEFAULT
                .withSocket(SocketOptions.DEFAULT.withBacklog(random.chance(0.2) ? random.between(1, 3) : 128))
                .withOverflow(random.chance(0.8) ? OverflowPolicy.FAIL : OverflowPolicy.CLOSE)
                .withDialTimeout(Duration.ofMillis(random.between(500, 10_000)))
                .withCloseTimeout(Duration.ofMillis(random.between(500, 2_000)));
    }

    private boolean chooseFaults() {
        boolean allHarmless = true;
        final double share = random.chance(0.3) ? 0 : random.chance(0.5) ? 0.2 : 0.5;
        final boolean harmlessOnly = random.chance(0.4);
        for (SimFault fault : SimFault.values()) {
            if (random.chance(share) && (fault.isHarmless() || !harmlessOnly)) {
                // What ends connections must be rarer, or nothing else would happen.
                final double most = fault.isHarmless() ? 0.4 : 0.05;
                simulation.network().fault(fault, most * random.between(1, 100) / 100);
                allHarmless &= fault.isHarmless();
            }
        }
        return allHarmless;
    }

    private Limits chooseLimits() {
        final long high = random.skewed(1, 16_384);
        final long low = random.between(1L, high);
        // Above the high mark as much must fit as one turn may receive, or an echo could not but fail.
        final long bound = high + 16L * readBlockBytes + socketBufferBytes + random.skewed(0, 20_000);
        return Limits.DEFAULT
                .withConnections(random.chance(0.15) ? random.between(1, 6) : 1000)
                .withBufferMemoryBytes(littleMemory ? random.between(100_000, 400_000) : 8 << 20)
                .withInboundBytes(random.chance(0.2) ? random.skewed(1000, 8_000) : 1 << 20)
                .withOutboundBytes(bound, high, low)
                .withTasksPerLoop(random.chance(0.1) ? random.between(1, 8) : 1000);
    }

    // ---- what behaviours ask

    SimRandom random() {
        return random;
    }

    Ledger ledger() {
        return ledger;
    }

    Limits limits() {
        return limits;
    }

    long nowNs() {
        return simulation.network().nowNs();
    }

    void trace(String who, String what) {
        simulation.network().trace(who, what, 0);
    }

    Tracked track(Connection connection, boolean dialled, Behaviour behaviour) {
        opened++;
        final Tracked tracked = new Tracked(ledger, connection, dialled, SimRandom.mix(nextKey++), random, behaviour);
        ledger.opened(tracked);
        return tracked;
    }

    /** A connection has opened of which no books are kept here. */
    void countOpened() {
        opened++;
    }

    /** Runs something on the connection's loop a little later; the loop's thread. */
    void later(Tracked tracked, long maxDelayNs, Runnable task) {
        timers.schedule(tracked.connection.loop(), random.between(0L, maxDelayNs), task);
    }

    /**
     * Runs something on a loop a little later.
     *
     * @throws RejectedExecutionException as the loop does
     */
    void later(EventLoop loop, Runnable task) {
        timers.schedule(loop, random.between(0L, 10_000_000L), task);
    }

    /** Where the clients are. */
    String clientHost() {
        return clientHost;
    }

    /** Something that must end, be it badly. */
    void expectDone(CompletableFuture<?> future) {
        dials.add(future);
    }

    CompletableFuture<Connection> dialUpstream(Engine engine, Supplier<Behaviour> behaviour) {
        // Only servers that were there before the proxy: no circles.
        return dial(engine, servers.getFirst().address(), behaviour);
    }

    private CompletableFuture<Connection> dial(Engine engine, Address address, Supplier<Behaviour> behaviour) {
        // If both sides stopped, each would wait for the other to read.
        final var dial = engine.dial(
                address, options.withReceiveWhileCongested(true), new CheckedHandler(this, true, behaviour));
        dials.add(dial);
        return dial;
    }

    /** Whether a handler may have failed by this. */
    boolean isExpected(Throwable error) {
        return error instanceof Behaviours.Thrown
                || error instanceof PoolExhaustedException
                || (error instanceof BufferFullException && !harmless)
                || error instanceof ConnectionClosedException;
    }

    void checkBounds(Tracked tracked) {
        final Connection connection = tracked.connection;
        ledger.check(connection.pendingBytes() <= limits.outboundBytes(), tracked.name, "more pending than the bound");
        final long readable = connection.reader().readableBytes();
        final long most = limits.inboundBytes() + socketBufferBytes + 8L * readBlockBytes;
        ledger.check(readable <= most, tracked.name, "more unread than the bound: " + readable);
        final Engine engine = connection.engine();
        ledger.check(
                engine.connectionCount() <= limits.connections(),
                tracked.name,
                "more connections than the bound: " + engine.connectionCount());
        ledger.check(
                engine.pool().reservedBytes() <= limits.bufferMemoryBytes(), tracked.name, "more memory than the cap");
    }

    void closed(Tracked tracked) {
        ledger.check(tracked.connection.engine().connectionCount() >= 0, tracked.name, "fewer connections than none");
    }

    // ---- the play

    private void run() throws IOException {
        final Engine serving = start(SERVER_HOST);
        final Engine dialling = random.chance(0.3) ? serving : start(CLIENT_HOST);
        clientHost = dialling == serving ? SERVER_HOST : CLIENT_HOST;
        listen(serving);
        script(dialling);
        if (random.chance(0.3)) {
            datagrams.start(serving, dialling, SCRIPT_NS);
        }
        if (closesEarly) {
            simulation.runFor(random.between(0L, 2 * SCRIPT_NS));
        } else {
            simulation.runFor(SCRIPT_NS);
            simulation.runUntilQuiet(QUIET_NS, MAX_SETTLE_NS);
            if (harmless) {
                checkSettled();
            }
        }
        end();
    }

    private Engine start(String host) throws IOException {
        final Engine engine = simulation
                .engine(host)
                .loops(random.between(1, 3))
                .dedicatedAcceptor(random.chance(0.2))
                .limits(limits)
                .virtualThreads(VirtualThreads.LOOP)
                .transportConfig(config -> new TransportConfig(
                        config.blocks(),
                        readBlockBytes,
                        config.edgeTriggered(),
                        config.readBlocks(),
                        config.submissionEntries()))
                .start();
        engines.add(engine);
        return engine;
    }

    private void listen(Engine engine) throws IOException {
        final int count = random.between(1, 3);
        for (int i = 0; i < count; i++) {
            final boolean first = i == 0;
            final int kind = random.between(0, first ? 6 : 7);
            final Address address = Address.parse("tcp://" + SERVER_HOST + ":" + (7000 + i));
            final ServerOptions serverOptions = ServerOptions.DEFAULT
                    .withConnections(options)
                    .withReusePort(random.chance(0.2))
                    .withBalancer(balancer());
            if (random.chance(0.2) && VirtualThreads.LOOP.isAvailable()) {
                final CheckedBlocking handler = new CheckedBlocking(this, random.between(0, CheckedBlocking.KINDS - 1));
                blocking.add(handler);
                servers.add(engine.serve(address, serverOptions, handler));
            } else {
                servers.add(
                        engine.listen(address, serverOptions, new CheckedHandler(this, false, () -> behaviour(kind))));
            }
        }
    }

    private Supplier<LoadBalancer> balancer() {
        return switch (random.between(0, 3)) {
            case 0 -> LoadBalancer::roundRobin;
            case 1 -> LoadBalancer::leastConnections;
            case 2 -> LoadBalancer::sourceHash;
            default -> () -> LoadBalancer.random(random.next());
        };
    }

    private Behaviour behaviour(int kind) {
        return switch (kind) {
            case 0 -> new Behaviours.Echo();
            case 1 -> new Behaviours.PatientEcho(this);
            case 2 -> new Behaviours.AnswerAtTheEnd(this);
            case 3 -> new Behaviours.Slow(this);
            case 4 -> new Behaviours.Source(this);
            case 5 -> new Behaviours.Thrower(this);
            case 6 -> new Behaviours.Quitter(this);
            default -> new Behaviours.Proxy(this);
        };
    }

    private void script(Engine dialling) {
        final int clients = random.skewed(1, 16);
        for (int i = 0; i < clients; i++) {
            final Behaviours.Client client = new Behaviours.Client(this);
            final Address address = random.chance(0.03)
                    ? Address.parse("tcp://" + SERVER_HOST + ":9")
                    : servers.get(random.between(0, servers.size() - 1)).address();
            at(random.between(0L, SCRIPT_NS / 2), () -> {
                final var unused = dial(dialling, address, () -> client);
            });
            final int steps = random.skewed(0, 20);
            for (int step = 0; step < steps; step++) {
                at(random.between(0L, SCRIPT_NS), () -> act(client));
            }
        }
        for (int i = random.skewed(0, 6); i > 0; i--) {
            at(random.between(0L, SCRIPT_NS), this::useLoops);
        }
        if (random.chance(0.1)) {
            final Server server = servers.get(random.between(0, servers.size() - 1));
            at(random.between(0L, SCRIPT_NS), () -> {
                final var unused = server.closeAsync();
            });
        }
    }

    private void at(long delayNs, Runnable action) {
        simulation.network().after(delayNs, action);
    }

    /** Something that a thread other than the loop's does to a connection. */
    private void act(Behaviours.Client client) {
        final Tracked tracked = client.tracked;
        if (tracked == null || tracked.closed) {
            return;
        }
        switch (random.between(0, 19)) {
            case 0 -> {
                tracked.pause();
                at(random.between(0L, SCRIPT_NS), tracked::resume);
            }
            case 1 -> {
                tracked.pause();
                tracked.resume();
            }
            case 2 -> tracked.shutdownOutput();
            case 3 -> tracked.close();
            case 4 -> {
                if (random.chance(0.5)) {
                    tracked.abort();
                }
            }
            case 5 -> laterIfPossible(tracked.connection.loop(), () -> write(tracked));
            default -> tasks.execute(tracked.connection.loop(), () -> write(tracked));
        }
    }

    private void write(Tracked tracked) {
        if (!tracked.closed) {
            tracked.write(random.skewed(1, 12_000));
        }
    }

    private void laterIfPossible(EventLoop loop, Runnable task) {
        try {
            later(loop, task);
        } catch (RejectedExecutionException _) {
            // Too many tasks wait, or the loop has ended: then it is not run.
        }
    }

    private void useLoops() {
        final Engine engine = engines.get(random.between(0, engines.size() - 1));
        final EventLoop one =
                engine.loops().get(random.between(0, engine.loops().size() - 1));
        final EventLoop other =
                engine.loops().get(random.between(0, engine.loops().size() - 1));
        switch (random.between(0, 3)) {
            case 0 -> {
                for (int i = random.skewed(1, 20); i > 0; i--) {
                    tasks.execute(one, () -> {});
                }
            }
            case 1 -> tasks.execute(one, () -> tasks.executeAlways(other, () -> {}));
            case 2 -> laterIfPossible(one, () -> tasks.execute(other, () -> {}));
            default -> timers.repeat(one, random.between(500_000L, 5_000_000L), random.between(1, 20));
        }
    }

    // ---- the rules

    /** Nothing moves any more, and no fault has cost a byte: what was written has arrived, and every end has been noticed. */
    private void checkSettled() {
        for (Tracked one : ledger.connections()) {
            final Tracked other = one.peer;
            if (other == null) {
                continue;
            }
            if (one.isUntouched() && other.isUntouched()) {
                ledger.check(
                        other.received == one.written,
                        other.name,
                        "only " + other.received + " of " + one.written + " bytes have come");
                ledger.check(one.behaviour.isFinished(), one.name, "has not done what it had to do");
                ledger.check(one.ended == other.shutdownCalled, one.name, "has not seen the end of " + other);
            }
            if (one.closeCalled) {
                ledger.check(one.closed, one.name, "does not close");
            }
            checkGraceful(one, other);
            if (one.closed) {
                ledger.check(other.closed || other.ended, other.name, "has not noticed the end of " + one);
            }
        }
        for (CompletableFuture<?> dial : dials) {
            ledger.check(dial.isDone(), "dial", "not completed");
        }
        blocking.forEach(CheckedBlocking::checkSettled);
        datagrams.checkSettled();
        timers.checkNoneLost();
        tasks.checkNoneLost();
    }

    /** Who is closed in the ordinary way, in time, has told the other side all that it had to say. */
    private void checkGraceful(Tracked one, Tracked other) {
        final boolean graceful = one.closeCalled
                && !one.abortCalled
                && !one.threw
                && one.closed
                && isOrdinary(one.cause)
                && one.closedNs - one.closeCalledNs < options.closeTimeout().toNanos();
        final boolean listened = !other.closeCalled
                && !other.abortCalled
                && !other.threw
                && !(other.closed && other.cause.kind() == CloseCause.Kind.LIMIT);
        if (graceful && listened && !other.ended) {
            ledger.fail(other.name, "has missed the graceful end of " + one);
        }
    }

    private static boolean isOrdinary(CloseCause cause) {
        return cause.kind() == CloseCause.Kind.LOCAL || cause.kind() == CloseCause.Kind.PEER_CLOSED;
    }

    private void end() {
        for (Engine engine : engines) {
            final Duration grace = Duration.ofMillis(random.skewed(1, 3_000));
            final var unused = engine.closeAsync(grace);
            if (random.chance(0.5)) {
                simulation.runFor(random.between(0L, SCRIPT_NS));
            }
        }
        for (Engine engine : engines) {
            simulation.await(engine.closeAsync(Duration.ZERO));
            // Throws what the close threw: leaks among others.
            engine.closeAsync(Duration.ZERO).join();
        }
        simulation.runFor(QUIET_NS);
        checkEnded();
    }

    private void checkEnded() {
        for (Tracked tracked : ledger.connections()) {
            ledger.check(tracked.closed, tracked.name, "was never closed");
            final Tracked peer = tracked.peer;
            ledger.check(
                    peer == null || tracked.received <= peer.written, tracked.name, "received more than was written");
        }
        for (Engine engine : engines) {
            final String name = engine.loops().getFirst().name();
            ledger.check(engine.connectionCount() == 0, name, engine.connectionCount() + " connections are left");
            ledger.check(engine.pool().usedBytes() == 0, name, engine.pool().usedBytes() + " bytes are in use");
        }
        long openedByLoops = 0;
        long closedByLoops = 0;
        for (Engine engine : engines) {
            for (EventLoop loop : engine.loops()) {
                final LoopStats stats = loop.stats();
                openedByLoops += stats.connectionsOpened();
                closedByLoops += stats.connectionsClosed();
            }
        }
        ledger.check(openedByLoops == opened, "engines", openedByLoops + " connections opened, seen were " + opened);
        ledger.check(closedByLoops == opened, "engines", closedByLoops + " connections closed of " + opened);
        for (CompletableFuture<?> dial : dials) {
            ledger.check(dial.isDone(), "dial", "never completed");
        }
        blocking.forEach(CheckedBlocking::checkEnded);
        datagrams.checkEnded();
        tasks.checkNoneLost();
        ledger.check(ledger.lent() == 0, "writer", ledger.lent() + " pieces of memory were not given back");
        ledger.check(
                simulation.network().openSockets() == 0,
                "network",
                simulation.network().openSockets() + " sockets are open");
        simulation.network().violations().forEach(violation -> ledger.fail("contract", violation));
        log.severe().forEach(message -> ledger.fail("log", message));
    }
}
