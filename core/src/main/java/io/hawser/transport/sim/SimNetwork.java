// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The world of a simulation: its clock, its chance, what is going to happen, its hosts, and the faults that befall them.
 *
 * <p>Nothing happens by itself: whoever drives it moves the time by {@link #advanceTo} and has the due events happen by
 * {@link #runDue}.
 */
public final class SimNetwork {
    /** As for how long a kernel tries to get an answer to a SYN, or an acknowledgement; shorter than in life. */
    static final long GIVE_UP_NS = 60_000_000_000L;

    private static final long FIRST_RETRY_NS = 1_000_000_000L;

    private record Event(long atNs, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return atNs != other.atNs ? Long.compare(atNs, other.atNs) : Long.compare(order, other.order);
        }
    }

    private record Cut(String one, String other) {
        static Cut between(String one, String other) {
            return one.compareTo(other) <= 0 ? new Cut(one, other) : new Cut(other, one);
        }
    }

    private final SimRandom random;
    private final SimTrace trace;
    private final Map<SimFault, Double> faults = new EnumMap<>(SimFault.class);
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Map<InetAddress, SimHost> hosts = new LinkedHashMap<>();
    private final List<SimConnection> connections = new ArrayList<>();
    private final Set<Cut> cuts = new HashSet<>();
    private final List<String> violations = new ArrayList<>();
    private long nowNs;
    private long eventCount;
    private long activity;
    private long minLatencyNs = 10_000;
    private long maxLatencyNs = 1_000_000;
    private int segmentBytes = 1460;
    private int socketBufferBytes = 16 * 1024;
    private int openSockets;
    private long datagramsLost;
    private long datagramsDoubled;
    private boolean driven;
    private @Nullable SimTransport current;

    /** A network without hosts and faults, at time 0. */
    public SimNetwork(long seed, SimTrace trace) {
        this.random = new SimRandom(seed);
        this.trace = trace;
    }

    // ---- set up

    /** Sets the probability of a fault, 0 to 1, from now on. */
    public SimNetwork fault(SimFault fault, double probability) {
        faults.put(fault, probability);
        return this;
    }

    /** Sets between what bounds the time lies that a segment needs; default 10 µs to 1 ms. */
    public SimNetwork latencyNs(long min, long max) {
        minLatencyNs = min;
        maxLatencyNs = max;
        return this;
    }

    /** Sets the most bytes of a segment; default 1,460. Segments are of any size up to that. */
    public SimNetwork segmentBytes(int max) {
        segmentBytes = max;
        return this;
    }

    /**
     * Sets the size of the buffers of sockets that are made from now on, for which their options say nothing; default 16 KiB each for
     * sending and for receiving.
     */
    public SimNetwork socketBufferBytes(int bytes) {
        socketBufferBytes = bytes;
        return this;
    }

    /**
     * The host of an address, which is made if there is none.
     *
     * @param address a literal, such as {@code 10.0.0.1}
     */
    public SimHost host(String address) {
        try {
            return hosts.computeIfAbsent(InetAddress.getByName(address), ip -> new SimHost(this, ip));
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("Not an address: " + address, e);
        }
    }

    Optional<SimHost> find(InetAddress address) {
        return Optional.ofNullable(hosts.get(address));
    }

    // ---- time

    /** The virtual time in nanoseconds, from 0. */
    public long nowNs() {
        return nowNs;
    }

    /** Moves the time forward; one in the past is taken for now. No event happens by that. */
    public void advanceTo(long toNs) {
        nowNs = Math.max(nowNs, toNs);
    }

    /** Has {@code action} happen after {@code delayNs}, behind what is due at the same time already. */
    public void after(long delayNs, Runnable action) {
        events.add(new Event(nowNs + Math.max(0, delayNs), eventCount++, action));
    }

    /** When the next event is due; {@link Long#MAX_VALUE} if there is none. */
    public long nextEventNs() {
        final Event next = events.peek();
        return next == null ? Long.MAX_VALUE : next.atNs();
    }

    /** Has happen what is due by now; how many events that were. */
    public int runDue() {
        int count = 0;
        for (Event next = events.peek(); next != null && next.atNs() <= nowNs; next = events.peek()) {
            events.remove();
            count++;
            next.action().run();
        }
        return count;
    }

    // ---- chance and record

    /** The world's random generator. */
    public SimRandom random() {
        return random;
    }

    /** Whether a fault befalls {@code who} now. */
    public boolean strikes(SimFault fault, String who) {
        final double probability = faults.getOrDefault(fault, 0.0);
        // No draw for what cannot be: traces of different sets of faults stay alike for longer.
        final boolean strikes = probability > 0 && random.chance(probability);
        if (strikes) {
            trace(who, fault.name(), 0);
        }
        return strikes;
    }

    /** Notes what happened. */
    public void trace(String who, String what, long value) {
        trace.add(nowNs, who, what, value);
    }

    /** A number that grows with every byte that moves and with every connection that changes: at rest it stays. */
    public long activity() {
        return activity;
    }

    void active() {
        activity++;
    }

    /** How the users of the transports broke the SPI's contract; empty if they did not. */
    public List<String> violations() {
        return violations;
    }

    void violated(String who, String rule) {
        trace(who, "VIOLATED", 0);
        violations.add(who + ": " + rule);
    }

    /** How many sockets, listeners included, are open: what would be descriptors. */
    public int openSockets() {
        return openSockets;
    }

    void socketOpened() {
        openSockets++;
    }

    void socketClosed() {
        openSockets--;
    }

    /**
     * The loop of {@code transport} begins a turn: until {@link #leave()} its sockets alone may be used. Where this is never called,
     * as with a single transport in a test, it does not matter who uses what.
     */
    public void enter(SimTransport transport) {
        driven = true;
        current = transport;
    }

    /** The turn is over. */
    public void leave() {
        current = null;
    }

    void checkTurn(SimTransport transport, String who) {
        if (driven && current != transport) {
            violated(who, "used elsewhere than on its loop");
        }
    }

    // ---- faults that are called for

    /** All connections that were ever made, in their order. */
    public List<SimConnection> connections() {
        return connections;
    }

    /** Cuts two hosts off from each other: what is sent waits until {@link #heal}, or until a kernel gives up. */
    public void partition(SimHost one, SimHost other) {
        if (cuts.add(Cut.between(one.name(), other.name()))) {
            trace(one.name(), "cut off", 0);
        }
    }

    /** Ends a partition. */
    public void heal(SimHost one, SimHost other) {
        if (cuts.remove(Cut.between(one.name(), other.name()))) {
            trace(one.name(), "healed", 0);
            for (SimConnection connection : connections) {
                connection.deliverHeld();
            }
        }
    }

    boolean areCut(SimHost one, SimHost other) {
        return !cuts.isEmpty() && cuts.contains(Cut.between(one.name(), other.name()));
    }

    void cutForAWhile(SimHost one, SimHost other) {
        if (!areCut(one, other)) {
            partition(one, other);
            after(random.between(1_000_000L, 3 * GIVE_UP_NS / 2), () -> heal(one, other));
        }
    }

    // ---- for sockets

    long latencyNs(String who) {
        final long latencyNs = random.between(minLatencyNs, maxLatencyNs);
        return strikes(SimFault.DELAY, who) ? latencyNs * random.between(10, 300) : latencyNs;
    }

    int segmentBytes() {
        return segmentBytes;
    }

    int bufferBytes(int wanted) {
        return wanted == 0 ? socketBufferBytes : wanted;
    }

    SimConnection connect(SimHost from) {
        final SimConnection connection = new SimConnection(this, connections.size() + 1, from);
        connections.add(connection);
        return connection;
    }

    // ---- datagrams

    /** What a port sends is on its way, and may be lost, come twice, or be overtaken. */
    void send(SimDatagramPort port, InetSocketAddress from, InetSocketAddress to, byte[] payload) {
        active();
        final String who = port.toString();
        if (strikes(SimFault.DATAGRAM_LOST, who)) {
            lost(1);
            return;
        }
        final boolean twice = strikes(SimFault.DATAGRAM_DOUBLED, who);
        datagramsDoubled += twice ? 1 : 0;
        for (int copies = twice ? 2 : 1; copies > 0; copies--) {
            after(latencyNs(who), () -> arrive(port, from, to, payload));
        }
    }

    private void arrive(SimDatagramPort port, InetSocketAddress from, InetSocketAddress to, byte[] payload) {
        final List<SimDatagramPort> receivers = to.getAddress().isMulticastAddress()
                ? hosts.values().stream()
                        .filter(host -> !areCut(port.host(), host))
                        .flatMap(host -> host.members(to.getPort(), to.getAddress()).stream())
                        .toList()
                : receiver(port, from, to);
        if (receivers.isEmpty()) {
            lost(1);
        }
        datagramsDoubled += Math.max(0, receivers.size() - 1);
        for (SimDatagramPort receiver : receivers) {
            receiver.arrives(from, payload);
        }
    }

    private List<SimDatagramPort> receiver(SimDatagramPort port, InetSocketAddress from, InetSocketAddress to) {
        final Optional<SimHost> host =
                to.getAddress().isLoopbackAddress() ? Optional.of(port.host()) : find(to.getAddress());
        if (host.isEmpty() || areCut(port.host(), host.get())) {
            return List.of();
        }
        final Optional<SimDatagramPort> receiver = host.get().port(to.getPort(), from);
        if (receiver.isEmpty()) {
            after(latencyNs(port.toString()), port::unreachable);
        }
        return receiver.stream().toList();
    }

    void lost(int datagrams) {
        datagramsLost += datagrams;
    }

    /** How many datagrams were sent and came to no socket, or to one that was closed before they were received. */
    public long datagramsLost() {
        return datagramsLost;
    }

    /** How many datagrams have come that were not sent, but copies of ones that were. */
    public long datagramsDoubled() {
        return datagramsDoubled;
    }

    /** The pause before a SYN that got no answer is sent again. */
    static long retryNs(int attempts) {
        return FIRST_RETRY_NS << Math.min(attempts, 5);
    }
}
