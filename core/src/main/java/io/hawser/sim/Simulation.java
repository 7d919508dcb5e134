// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.connection.Engine;
import io.hawser.loop.LoopDriver;
import io.hawser.transport.Transport;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.TransportProvider;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimHost;
import io.hawser.transport.sim.SimNetwork;
import io.hawser.transport.sim.SimTrace;
import io.hawser.transport.sim.SimTransport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs engines on a simulated network.
 *
 * <pre>{@code
 * var simulation = new Simulation(seed, SimTrace.hashing());
 * Engine engine = simulation.engine("10.0.0.1").loops(2).start();
 * Server server = engine.listen("tcp://10.0.0.1:7000", c -> c.writer().append(c.reader()));
 * …
 * simulation.runFor(Duration.ofSeconds(1).toNanos());
 * engine.close();
 * }</pre>
 *
 * <p>What is called between the turns, from a test or as an event of the network, is to engines what another thread is: it finds no
 * loop's thread, and has to go through their queues. Waiting there, as {@link Engine#close()} does, lets the world go on.
 *
 * <p>Blocking handlers can take part where {@link io.hawser.connection.VirtualThreads#LOOP} is available and set: then their virtual
 * threads run as tasks of the loops. Each runs until it parks or yields, so races between two threads at once are not to be found here.
 *
 * <p><b>Thread:</b> one.
 */
public final class Simulation implements LoopDriver {
    /** Turns that a loop takes in a row without waiting, without anything to do, and without anything that happens: it spins. */
    private static final int MAX_IDLE_TURNS = 1_000;

    private static final long MIN_TURN_NS = 500;
    private static final long MAX_TURN_NS = 15_000;
    private static final long MAX_STALL_NS = 20_000_000;
    private static final long MAX_JUMP_NS = 30_000_000_000L;

    private static final class Actor {
        final Life life;

        @Nullable
        SimTransport transport;

        long stalledUntilNs;
        long stallNs;
        long idleTurns;
        long activityBefore;

        Actor(Life life) {
            this.life = life;
        }

        boolean isReady(long nowNs) {
            return stalledUntilNs <= nowNs && (transport == null || transport.isReady());
        }

        long nextTurnNs() {
            return transport == null || transport.isReady()
                    ? stalledUntilNs
                    : Math.max(stalledUntilNs, transport.waitUntilNs());
        }
    }

    private final SimNetwork network;
    private final List<Actor> actors = new ArrayList<>();
    private final List<Actor> ready = new ArrayList<>();
    private @Nullable Actor current;
    private long turns;
    private long maxTurns = Long.MAX_VALUE;
    private long events;
    private long delayedNs;

    /** An empty world. */
    public Simulation(long seed, SimTrace trace) {
        network = new SimNetwork(seed, trace);
    }

    /** The network, with its hosts and faults, and the clock. */
    public SimNetwork network() {
        return network;
    }

    /**
     * An engine to be set up on the host of {@code address}.
     *
     * @param address a literal, such as {@code 10.0.0.1}
     */
    public Engine.Builder engine(String address) {
        final SimHost host = network.host(address);
        return Engine.builder().name(address).transport(provider(host)).driver(this, network::nowNs);
    }

    private TransportProvider provider(SimHost host) {
        final TransportProvider provider = host.provider();
        return new TransportProvider() {
            @Override
            public String name() {
                return provider.name();
            }

            @Override
            public Transport open(TransportConfig config) throws java.io.IOException {
                return opened(provider.open(config));
            }
        };
    }

    private Transport opened(Transport transport) {
        if (current == null || !(transport instanceof SimTransport own)) {
            throw new IllegalStateException("A simulated transport is opened by a simulated loop");
        }
        current.transport = own;
        return own;
    }

    /** How many turns may be taken in all before the simulation gives up; default as many as it likes. */
    public Simulation maxTurns(long count) {
        maxTurns = count;
        return this;
    }

    /** How many turns were taken. */
    public long turns() {
        return turns;
    }

    /**
     * For how long, in all, loops that had something to do were held up by stalls and jumps of the clock; a stall counts when it is
     * over.
     */
    public long delayedNs() {
        return delayedNs;
    }

    // ---- running

    /** Runs for as long as {@code durationNs}. */
    public void runFor(long durationNs) {
        final long untilNs = network.nowNs() + durationNs;
        while (network.nowNs() < untilNs) {
            if (!step(untilNs)) {
                network.advanceTo(untilNs);
            }
        }
    }

    /**
     * Runs until a condition holds.
     *
     * @return whether it does; false if the time has passed
     */
    public boolean runUntil(BooleanSupplier condition, long timeoutNs) {
        final long untilNs = timeoutNs == Long.MAX_VALUE ? Long.MAX_VALUE : network.nowNs() + timeoutNs;
        while (!condition.getAsBoolean()) {
            if (network.nowNs() >= untilNs) {
                return false;
            }
            if (!step(untilNs)) {
                if (untilNs == Long.MAX_VALUE) {
                    throw new SimulationException("Nothing will ever happen again, and somebody waits");
                }
                network.advanceTo(untilNs);
            }
        }
        return true;
    }

    /** Runs until nothing has moved on the network for {@code quietNs}, or {@code timeoutNs} has passed. */
    public void runUntilQuiet(long quietNs, long timeoutNs) {
        final long untilNs = network.nowNs() + timeoutNs;
        long before;
        do {
            before = network.activity();
            runFor(quietNs);
        } while (network.activity() != before && network.nowNs() < untilNs);
    }

    /**
     * Lets happen what is due, and gives one loop a turn, or moves the time on if none has anything to do; not beyond
     * {@code limitNs}. Whether there is anything to come.
     */
    private boolean step(long limitNs) {
        if (current != null) {
            throw new IllegalStateException("Waiting on a loop, whose turn does not end then");
        }
        final int happened = network.runDue();
        events += happened;
        if (happened > 0) {
            return true;
        }
        ready.clear();
        for (Actor actor : actors) {
            if (actor.isReady(network.nowNs())) {
                ready.add(actor);
            }
        }
        if (!ready.isEmpty()) {
            turn(ready.get(ready.size() == 1 ? 0 : network.random().between(0, ready.size() - 1)));
            return true;
        }
        long nextNs = network.nextEventNs();
        for (Actor actor : actors) {
            nextNs = Math.min(nextNs, actor.nextTurnNs());
        }
        network.advanceTo(Math.min(nextNs, limitNs));
        return nextNs != Long.MAX_VALUE;
    }

    private void turn(Actor actor) {
        final long nowNs = network.nowNs();
        final String name = actor.life.name();
        if (network.strikes(SimFault.STALL, name)) {
            final long stallNs = network.random().between(0, MAX_STALL_NS);
            actor.stallNs += stallNs;
            actor.stalledUntilNs = nowNs + stallNs;
            return;
        }
        delayedNs += actor.stallNs;
        actor.stallNs = 0;
        if (network.strikes(SimFault.CLOCK_JUMP, name)) {
            final long jumpNs = network.random().between(0, MAX_JUMP_NS);
            delayedNs += jumpNs;
            network.advanceTo(nowNs + jumpNs);
        }
        watch(actor);
        if (++turns > maxTurns) {
            throw new SimulationException("No end after " + maxTurns + " turns");
        }
        network.trace(name, "turn", 0);
        final SimTransport transport = actor.transport;
        current = actor;
        if (transport != null) {
            network.enter(transport);
        }
        try {
            if (!actor.life.step()) {
                actors.remove(actor);
            }
        } finally {
            current = null;
            network.leave();
        }
        network.advanceTo(network.nowNs() + network.random().between(MIN_TURN_NS, MAX_TURN_NS));
    }

    private void watch(Actor actor) {
        final long activity = network.activity() + events;
        final boolean idle =
                actor.transport != null && !actor.transport.isWaiting() && activity == actor.activityBefore;
        actor.activityBefore = activity;
        actor.idleTurns = idle ? actor.idleTurns + 1 : 0;
        if (actor.idleTurns > MAX_IDLE_TURNS) {
            throw new SimulationException("Loop " + actor.life.name() + " spins");
        }
    }

    // ---- for engines

    @Override
    public void start(Life loop) {
        final Actor actor = new Actor(loop);
        actors.add(actor);
        turn(actor);
        while (actor.transport == null && actors.contains(actor)) {
            network.advanceTo(actor.stalledUntilNs);
            turn(actor);
        }
    }

    @Override
    public void execute(String name, Runnable task) {
        network.after(network.random().between(0L, 100_000L), task);
    }

    @Override
    public boolean await(CompletableFuture<?> future, long timeoutNs) {
        return runUntil(future::isDone, timeoutNs);
    }

    @Override
    public void await(CompletableFuture<?> future) {
        if (Thread.currentThread().isVirtual()) {
            // Carried by a loop: it parks, and the world goes on by itself.
            future.handle((_, _) -> Boolean.TRUE).join();
        } else {
            runUntil(future::isDone, Long.MAX_VALUE);
        }
    }
}
