// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.ServerOptions;
import io.hawser.session.AttributeKey;
import io.hawser.session.ClientState;
import io.hawser.session.Codec;
import io.hawser.session.Codecs;
import io.hawser.session.Correlation;
import io.hawser.session.EventListener;
import io.hawser.session.Reconnect;
import io.hawser.session.SendFailedException;
import io.hawser.session.Session;
import io.hawser.session.SessionClient;
import io.hawser.session.SessionServer;
import io.hawser.transport.sim.SimConnection;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimRandom;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.net.BindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Storms: many clients, and servers that come and go, refuse, are cut off, and lose connections, each storm determined by its seed. When it is over,
 * every session of every client must be there again, and nothing may be left of those that were lost.
 *
 * <p>Replay one with {@code -Dhawser.test.flags=-Dhawser.storm.seed=…}, play more with {@code -Dhawser.test.flags=-Dhawser.storm.seeds=…}.
 */
final class SimReconnectTest {
    private static final long MS = 1_000_000;
    private static final long SECOND_NS = 1000 * MS;
    private static final String SERVER = "10.0.0.1";
    private static final Codec<String> STRINGS = Codecs.lengthField(2).strings();
    private static final AttributeKey<Integer> LAST = AttributeKey.of("last");
    private static final AttributeKey<Boolean> CLOSED = AttributeKey.of("closed");
    private static final Set<SimFault> FAULTS = EnumSet.of(
            SimFault.DELAY,
            SimFault.SHORT_READ,
            SimFault.SHORT_WRITE,
            SimFault.FULL_BUFFER,
            SimFault.PENDING_SEND,
            SimFault.STALL,
            SimFault.LATE_CLOSE,
            SimFault.LATE_COMPLETION,
            SimFault.NO_BUFFER,
            SimFault.RESET,
            SimFault.REFUSE,
            SimFault.NO_ANSWER,
            SimFault.NO_DESCRIPTOR,
            SimFault.ATTACH_FAILS,
            SimFault.ACCEPTED_GONE,
            SimFault.RESET_OVERTAKES);

    private static final Correlation<String> NUMBERED = new Correlation<>() {
        @Override
        public Object requestKey(String request) {
            return request.substring(1);
        }

        @Override
        public Optional<?> responseKey(String message) {
            return message.startsWith("!") ? Optional.of(message.substring(1)) : Optional.empty();
        }
    };

    /** One storm. */
    private static final class Storm {
        private final long seed;
        private final Simulation simulation;
        private final SimRandom random;
        private final List<String> broken = new ArrayList<>();
        private final List<Engine> clientEngines = new ArrayList<>();
        private final List<SessionClient<String>> clients = new ArrayList<>();
        private final List<CompletableFuture<String>> calls = new ArrayList<>();
        private Engine server;
        private int port = 7000;
        private boolean calm;
        private int call;

        Storm(long seed) {
            this.seed = seed;
            this.simulation = new Simulation(seed, SimTrace.hashing());
            this.random = simulation.network().random();
        }

        /** The same code on either side: counts up, answers, and checks the order of its events. */
        private final class Checking implements EventListener<String> {
            private final boolean onServer;

            Checking(boolean onServer) {
                this.onServer = onServer;
            }

            @Override
            public boolean onOpen(Session<String> session) {
                check(session.get(LAST).isEmpty(), "opened twice");
                session.set(LAST, 0);
                if (!calm && random.chance(0.1)) {
                    return false;
                }
                sendNumbers(session, 0);
                return true;
            }

            private void sendNumbers(Session<String> session, int from) {
                try {
                    for (int i = 1; i <= 20; i++) {
                        session.send("#" + (from + i) + "-".repeat(random.between(0, 200)));
                    }
                } catch (SendFailedException _) {
                    // It ends, or its peer does not read.
                    session.close();
                }
            }

            @Override
            public void onMessage(Session<String> session, String message) {
                check(session.get(CLOSED).isEmpty(), "a message after the close");
                if (message.startsWith("?")) {
                    session.send("!" + message.substring(1));
                    return;
                }
                final int dash = message.indexOf('-');
                final int number = Integer.parseInt(message.substring(1, dash < 0 ? message.length() : dash));
                final int last = session.get(LAST).orElseThrow();
                check(number == last + 1, "message " + number + " after " + last);
                session.set(LAST, number);
                if (!calm && onServer && random.chance(0.01)) {
                    if (random.chance(0.5)) {
                        session.close();
                    } else {
                        throw new IllegalStateException("on purpose");
                    }
                }
            }

            @Override
            public void onError(Session<String> session, Throwable error) {
                check(session.get(CLOSED).isEmpty(), "an error after the close: " + error);
            }

            @Override
            public void onClose(Session<String> session, CloseCause cause) {
                check(session.get(CLOSED).isEmpty(), "closed twice");
                session.set(CLOSED, true);
            }
        }

        private void check(boolean good, String what) {
            if (!good) {
                broken.add(what);
            }
        }

        void run() throws IOException {
            simulation
                    .network()
                    .latencyNs(10_000, random.between(20_000L, 5 * MS))
                    .segmentBytes(random.chance(0.3) ? 1 : random.between(1, 1460))
                    .socketBufferBytes(random.between(512, 16_384));
            startServer();
            for (int i = 0; i < random.between(1, 5); i++) {
                startClient("10.0.1." + (i + 1));
            }
            simulation.runFor(random.between(0L, SECOND_NS));
            for (SimFault fault : FAULTS) {
                if (random.chance(0.3)) {
                    simulation.network().fault(fault, (fault.isHarmless() ? 0.3 : 0.02) * random.between(1, 100) / 100);
                }
            }
            final int events = random.between(3, 10);
            for (int i = 0; i < events; i++) {
                strike();
                simulation.runFor(random.between(0L, 3 * SECOND_NS));
            }
            for (SimFault fault : FAULTS) {
                simulation.network().fault(fault, 0);
            }
            calm();
        }

        private void startServer() throws IOException {
            server = simulation.engine(SERVER).loops(random.between(1, 2)).start();
            final var options = ServerOptions.DEFAULT.withConnections(
                    ConnectionOptions.DEFAULT.withCloseTimeout(Duration.ofMillis(random.between(10, 2000))));
            // A port of which a socket is left may be refused for a while, as in life.
            for (int tries = 0; ; tries++) {
                try {
                    SessionServer.builder("tcp://" + SERVER + ":" + port, STRINGS)
                            .listener(new Checking(true))
                            .options(options)
                            .engine(server)
                            .start();
                    return;
                } catch (BindException e) {
                    if (tries == 10) {
                        throw e;
                    }
                    simulation.runFor(SECOND_NS);
                }
            }
        }

        private void startClient(String host) throws IOException {
            final Engine engine =
                    simulation.engine(host).loops(random.between(1, 3)).start();
            clientEngines.add(engine);
            clients.add(SessionClient.builder("tcp://" + SERVER + ":" + port, STRINGS)
                    .listener(new Checking(false))
                    .correlation(NUMBERED)
                    .options(ConnectionOptions.DEFAULT
                            .withDialTimeout(Duration.ofMillis(random.between(50, 5000)))
                            .withCloseTimeout(Duration.ofMillis(random.between(10, 2000))))
                    .reconnect(Reconnect.of(
                            Duration.ofMillis(random.between(1, 200)), Duration.ofMillis(random.between(200, 5000))))
                    .sessions(random.between(1, 20))
                    .seed(seed)
                    .engine(engine)
                    .start());
        }

        private void strike() throws IOException {
            switch (random.between(0, 6)) {
                case 0, 1 -> {
                    final var closed = server.closeAsync(Duration.ofMillis(random.between(0, 500)));
                    simulation.await(closed);
                    simulation.runFor(random.between(0L, 5 * SECOND_NS));
                    startServer();
                }
                case 2 -> {
                    final var one = simulation.network().host(SERVER);
                    final var other = simulation.network().host("10.0.1.1");
                    simulation.network().partition(one, other);
                    simulation
                            .network()
                            .after(
                                    random.between(0L, 4 * SECOND_NS),
                                    () -> simulation.network().heal(one, other));
                }
                case 3 ->
                    simulation.network().connections().forEach(connection -> {
                        if (random.chance(0.5)) {
                            connection.reset();
                        }
                    });
                case 4 ->
                    clients.forEach(client -> client.sessions().forEach(session -> {
                        if (random.chance(0.3)) {
                            session.close();
                        }
                    }));
                default ->
                    clients.forEach(client -> {
                        for (int i = 0; i < 20; i++) {
                            calls.add(client.callAsync("?" + call++, Duration.ofSeconds(random.between(1, 5))));
                        }
                    });
            }
        }

        /** All is well again: so must be the clients. */
        private void calm() {
            calm = true;
            // Those that were cut off hang until their kernels give up.
            simulation.network().connections().forEach(connection -> {
                if (connection.isSilent()) {
                    connection.reset();
                }
            });
            final boolean connected = simulation.runUntil(
                    () -> clients.stream().allMatch(client -> client.state() == ClientState.CONNECTED),
                    120 * SECOND_NS);
            check(
                    connected,
                    "not all sessions are back: "
                            + clients.stream()
                                    .map(client -> client.slots().toString())
                                    .toList());
            simulation.runFor(10 * SECOND_NS);
            for (SessionClient<String> client : clients) {
                check(client.state() == ClientState.CONNECTED, "not connected any more: " + client.slots());
                client.sessions().forEach(session -> calls.add(session.callAsync("?" + call++, Duration.ofSeconds(9))));
            }
            final int last = calls.size();
            simulation.runFor(10 * SECOND_NS);
            for (int i = 0; i < last; i++) {
                check(calls.get(i).isDone(), "call " + i + " hangs");
            }
            calls.subList(
                            last
                                    - clients.stream()
                                            .mapToInt(c -> c.sessions().size())
                                            .sum(),
                            last)
                    .forEach(done -> check(!done.isCompletedExceptionally(), "an answer is missing: " + done));
            clients.forEach(SessionClient::close);
            simulation.runFor(10 * SECOND_NS);
            for (Engine engine : clientEngines) {
                check(engine.connectionCount() == 0, engine.connectionCount() + " connections left");
                final int timers = engine.loops().stream()
                        .mapToInt(loop -> loop.wheel().size())
                        .sum();
                check(timers == 0, timers + " timers left");
            }
            clientEngines.add(server);
            for (Engine engine : clientEngines) {
                engine.close();
                check(engine.pool().usedBytes() == 0, engine.pool().usedBytes() + " bytes left");
                check(engine.pool().leaks().isEmpty(), "leaks: " + engine.pool().leaks());
            }
            check(simulation.network().openSockets() == 0, simulation.network().openSockets() + " sockets left");
            broken.addAll(simulation.network().violations());
        }
    }

    @Test
    void shouldLoseNoSessionForGood() throws IOException {
        final long only = Long.getLong("hawser.storm.seed", 0);
        final long first = only == 0 ? 1 : only;
        final long last = only == 0 ? Long.getLong("hawser.storm.seeds", 15) : only;
        for (long seed = first; seed <= last; seed++) {
            try (LogCapture log = new LogCapture()) {
                final Storm storm = new Storm(seed);
                try {
                    storm.run();
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError("seed " + seed + " failed; before: " + storm.broken, e);
                }
                storm.broken.addAll(log.severe());
                assertThat(storm.broken).as("seed %d", seed).isEmpty();
            }
        }
    }

    @Test
    void shouldComeBackAtAMeasuredPace() throws IOException {
        final Simulation simulation = new Simulation(3, SimTrace.hashing());
        Engine server = simulation.engine(SERVER).loops(1).start();
        final EventListener<String> quiet = new EventListener<>() {
            @Override
            public void onMessage(Session<String> session, String message) {}

            @Override
            public void onError(Session<String> session, Throwable error) {}
        };
        final String address = "tcp://" + SERVER + ":7000";
        SessionServer.builder(address, STRINGS).listener(quiet).engine(server).start();
        final Engine engine = simulation.engine("10.0.0.2").loops(2).start();
        final List<SessionClient<String>> clients = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            clients.add(SessionClient.builder(address, STRINGS)
                    .listener(quiet)
                    .sessions(4)
                    .seed(i)
                    .reconnect(Reconnect.of(Duration.ofMillis(100), Duration.ofSeconds(2)))
                    .engine(engine)
                    .start());
        }
        simulation.runFor(SECOND_NS);
        assertThat(clients).allMatch(client -> client.state() == ClientState.CONNECTED);
        server.close();
        simulation.runFor(2 * SECOND_NS);
        final int before = simulation.network().connections().size();
        simulation.runFor(30 * SECOND_NS);
        // 200 sessions, each every one to two seconds.
        assertThat(simulation.network().connections().size() - before).isBetween(2900, 6200);
        server = simulation.engine(SERVER).loops(1).start();
        final List<Long> opened = new ArrayList<>();
        SessionServer.builder(address, STRINGS)
                .listener(new EventListener<>() {
                    @Override
                    public boolean onOpen(Session<String> session) {
                        opened.add(simulation.network().nowNs());
                        return true;
                    }

                    @Override
                    public void onMessage(Session<String> session, String message) {}
                })
                .engine(server)
                .start();
        simulation.runFor(3 * SECOND_NS);
        assertThat(clients).allMatch(client -> client.state() == ClientState.CONNECTED);
        // They do not come all at once: no tenth of a second sees a third of them.
        for (long from = opened.getFirst(); from < opened.getLast(); from += 100 * MS) {
            final long begin = from;
            assertThat(opened.stream().filter(at -> at >= begin && at < begin + 100 * MS))
                    .hasSizeLessThan(67);
        }
        engine.close();
        server.close();
    }

    @Test
    void shouldFindMessagesThatAreSplitAtEveryByte() throws IOException {
        for (long seed = 1; seed <= 20; seed++) {
            final Simulation simulation = new Simulation(seed, SimTrace.hashing());
            simulation.network().segmentBytes(1).fault(SimFault.SHORT_READ, 0.5).fault(SimFault.SHORT_WRITE, 0.5);
            final Engine server = simulation.engine(SERVER).loops(1).start();
            final Engine engine = simulation.engine("10.0.0.2").loops(1).start();
            final String address = "tcp://" + SERVER + ":7000";
            SessionServer.builder(address, STRINGS)
                    .listener(Session::send)
                    .engine(server)
                    .start();
            final List<String> received = new ArrayList<>();
            final SessionClient<String> client = SessionClient.builder(address, STRINGS)
                    .listener((_, message) -> received.add(message))
                    .engine(engine)
                    .start();
            assertThat(client.awaitConnected(Duration.ofSeconds(1))).isTrue();
            final List<String> sent = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                sent.add("ü".repeat(i));
                client.send(sent.getLast());
            }
            simulation.runFor(60 * SECOND_NS);
            assertThat(received).as("seed %d", seed).isEqualTo(sent);
            engine.close();
            server.close();
        }
    }

    /** A connection may be cut at any byte, and is made again. */
    @Test
    void shouldReconnectAfterAResetAtAnyPoint() throws IOException {
        for (int point = 0; point < 120; point++) {
            final Simulation simulation = new Simulation(point, SimTrace.hashing());
            simulation.network().segmentBytes(3).latencyNs(100_000, 100_000);
            final Engine server = simulation.engine(SERVER).loops(1).start();
            final Engine engine = simulation.engine("10.0.0.2").loops(1).start();
            final String address = "tcp://" + SERVER + ":7000";
            final var listening = SessionServer.builder(address, STRINGS)
                    .listener(new EventListener<String>() {
                        @Override
                        public void onMessage(Session<String> session, String message) {
                            session.send(message);
                        }

                        @Override
                        public void onError(Session<String> session, Throwable error) {}
                    })
                    .engine(server)
                    .start();
            final List<String> received = new ArrayList<>();
            final SessionClient<String> client = SessionClient.builder(address, STRINGS)
                    .listener(new EventListener<String>() {
                        @Override
                        public boolean onOpen(Session<String> session) {
                            session.send("a message of some length");
                            return true;
                        }

                        @Override
                        public void onMessage(Session<String> session, String message) {
                            received.add(message);
                        }

                        @Override
                        public void onError(Session<String> session, Throwable error) {}
                    })
                    .engine(engine)
                    .start();
            simulation.runFor(point * 20_000L);
            simulation.network().connections().forEach(SimConnection::reset);
            simulation.runFor(10 * SECOND_NS);
            assertThat(client.state()).as("point %d", point).isEqualTo(ClientState.CONNECTED);
            assertThat(listening.sessions()).as("point %d", point).hasSize(1);
            assertThat(received).as("point %d", point).isNotEmpty().containsOnly("a message of some length");
            engine.close();
            server.close();
            assertThat(simulation.network().openSockets()).as("point %d", point).isZero();
        }
    }
}
