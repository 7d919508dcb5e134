// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.connection.Address;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.connection.DatagramServer;
import io.hawser.connection.Engine;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.PeerAddress;
import io.hawser.transport.sim.SimRandom;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;

/**
 * The datagrams of a scenario: servers and clients, each of whose datagrams says which it is, and the rules: what comes is what was sent,
 * no oftener than it was sent, and the books of endpoints are right.
 */
final class DatagramPlay {
    private static final String SERVER_HOST = "10.0.0.1";
    private static final int FIRST_PORT = 9000;

    /** A datagram that was sent, or is an answer that repeats it. */
    private static final class Sent {
        final int length;
        int sends;
        int receipts;
        /** An answer repeats what a receiver had cut. */
        boolean cut;

        Sent(int length) {
            this.length = length;
        }
    }

    private final Scenario scenario;
    private final Simulation simulation;
    private final Ledger ledger;
    private final SimRandom random;
    private final Map<Long, Sent> sent = new HashMap<>();
    private final List<CheckedDatagrams.Socket> sockets = new ArrayList<>();
    private final List<InetSocketAddress> servers = new ArrayList<>();
    private long nextKey;

    DatagramPlay(Scenario scenario, Simulation simulation, Ledger ledger, SimRandom random) {
        this.scenario = scenario;
        this.simulation = simulation;
        this.ledger = ledger;
        this.random = random;
    }

    Scenario scenario() {
        return scenario;
    }

    SimRandom random() {
        return random;
    }

    Ledger ledger() {
        return ledger;
    }

    void opened(CheckedDatagrams.Socket socket) {
        sockets.add(socket);
    }

    private DatagramOptions options() {
        return DatagramOptions.builder()
                .maxDatagramBytes(random.chance(0.7) ? 2048 : random.skewed(8, 4000))
                .maxQueued(random.skewed(1, 64), random.skewed(1, 100_000))
                .receiveBufferBytes(random.chance(0.7) ? 0 : random.skewed(1, 20_000))
                .reusePort(random.chance(0.3))
                .build();
    }

    // ---- the play

    void start(Engine serving, Engine dialling, long scriptNs) {
        for (int i = random.between(1, 2); i > 0; i--) {
            final int kind = random.between(0, 6);
            final int port = FIRST_PORT + i;
            servers.add(new InetSocketAddress(SERVER_HOST, port));
            bind(serving, SERVER_HOST, port, new CheckedDatagrams(this, kind));
        }
        final CheckedDatagrams clients = new CheckedDatagrams(this, CheckedDatagrams.DEAF);
        bind(dialling, scenario.clientHost(), 0, clients);
        for (int i = random.skewed(0, 6); i > 0; i--) {
            final InetSocketAddress to = destination();
            final var connected = dialling.connectDatagram(
                    Address.parse("udp://" + to.getAddress().getHostAddress() + ":" + to.getPort()),
                    options(),
                    clients);
            scenario.expectDone(connected);
        }
        for (int i = random.skewed(1, 60); i > 0; i--) {
            simulation.network().after(random.between(0L, scriptNs), () -> act(clients));
        }
    }

    private void bind(Engine engine, String host, int port, CheckedDatagrams handler) {
        try {
            final DatagramServer unused = engine.bind(Address.parse("udp://" + host + ":" + port), options(), handler);
        } catch (IOException e) {
            // No descriptor, as the faults may have it.
            simulation.network().trace(host, "bind failed", 0);
        }
    }

    private InetSocketAddress destination() {
        return random.chance(0.05)
                ? new InetSocketAddress(SERVER_HOST, 9)
                : servers.get(random.between(0, servers.size() - 1));
    }

    private void act(CheckedDatagrams clients) {
        final List<CheckedDatagrams.Socket> open = sockets.stream()
                .filter(s -> s.belongsTo(clients) && !s.isClosed())
                .toList();
        if (open.isEmpty()) {
            return;
        }
        final CheckedDatagrams.Socket socket = open.get(random.between(0, open.size() - 1));
        try {
            if (random.chance(0.02)) {
                socket.endpoint().close();
            } else {
                final int count = random.skewed(1, 30);
                socket.endpoint().execute(() -> {
                    for (int i = 0; i < count; i++) {
                        send(socket);
                    }
                });
            }
        } catch (RejectedExecutionException _) {
            // Too many tasks wait, or the loop has ended.
        }
    }

    private void send(CheckedDatagrams.Socket socket) {
        final DatagramEndpoint endpoint = socket.endpoint();
        final PeerAddress to = PeerAddress.of(destination());
        final byte[] payload = make();
        socket.sending(
                () -> endpoint.remoteAddress().isPresent() ? endpoint.send(payload) : endpoint.send(payload, to));
    }

    /** A new datagram, noted as one that may be sent once. */
    byte[] make() {
        final int length = random.chance(0.05) ? 0 : random.skewed(StreamBytes.KEY_BYTES, 3000);
        final long key = SimRandom.mix(nextKey++);
        if (length >= StreamBytes.KEY_BYTES) {
            final Sent first = new Sent(length);
            first.sends = 1;
            sent.put(key, first);
        }
        return StreamBytes.make(key, 0, length);
    }

    /** What has come is to be sent again. */
    void repeats(long key, boolean cut) {
        final Sent repeated = sent.get(key);
        if (repeated != null) {
            repeated.sends++;
            repeated.cut |= cut;
        }
    }

    // ---- the rules

    void received(String who, long key, int length, int max, boolean truncated) {
        final Sent original = sent.get(key);
        if (original == null) {
            ledger.fail(who, "received a datagram that nobody sent");
            return;
        }
        original.receipts++;
        ledger.check(
                original.receipts <= original.sends + simulation.network().datagramsDoubled(),
                who,
                "received a datagram oftener than it was sent");
        final int expected = Math.min(original.length, max);
        ledger.check(
                length == expected || (original.cut && length < expected),
                who,
                "received " + length + " bytes of " + original.length);
        ledger.check(
                truncated == original.length > max || original.cut, who, "truncated: " + truncated + " at " + length);
    }

    /** Nothing moves any more. */
    void checkSettled() {
        long sentInAll = 0;
        long receivedInAll = 0;
        for (CheckedDatagrams.Socket socket : sockets) {
            final var asked = socket.endpoint().stats();
            simulation.await(asked);
            final var stats = asked.join();
            sentInAll += stats.sent();
            receivedInAll += stats.received() + stats.dropped();
            socket.checkSettled();
        }
        final long came = sentInAll
                + simulation.network().datagramsDoubled()
                - simulation.network().datagramsLost();
        ledger.check(
                receivedInAll == came, "datagrams", receivedInAll + " received or dropped, but " + came + " have come");
    }

    void checkEnded() {
        for (CheckedDatagrams.Socket socket : sockets) {
            socket.checkEnded();
        }
    }
}
