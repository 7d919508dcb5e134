// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Engine;
import io.hawser.session.CallFailedException;
import io.hawser.session.Codec;
import io.hawser.session.Codecs;
import io.hawser.session.Correlation;
import io.hawser.session.EventListener;
import io.hawser.session.Heartbeat;
import io.hawser.session.Session;
import io.hawser.session.SessionClient;
import io.hawser.session.SessionServer;
import io.hawser.transport.sim.SimConnection;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Periods of sessions, in virtual time: heartbeats, crons, timeouts of calls. */
final class SimHeartbeatTest {
    private static final long MS = 1_000_000;
    private static final long SECOND_NS = 1000 * MS;
    private static final String ADDRESS = "tcp://10.0.0.1:7000";
    private static final Codec<String> STRINGS = Codecs.lengthField(4).strings();
    private static final Heartbeat<String> PINGING = Heartbeat.<String>every(Duration.ofSeconds(10), () -> "ping")
            .answering("ping"::equals, _ -> "pong")
            .ignoring("pong"::equals);

    private final Simulation simulation = new Simulation(17, SimTrace.hashing());

    /** What became of the sessions of one side. */
    private final class Diary implements EventListener<String> {
        final List<CloseCause> causes = new ArrayList<>();
        final List<Long> closed = new ArrayList<>();
        final List<Long> crons = new ArrayList<>();
        final List<String> received = new ArrayList<>();

        @Override
        public void onMessage(Session<String> session, String message) {
            received.add(message);
        }

        @Override
        public void onCron(Session<String> session) {
            crons.add(simulation.network().nowNs());
        }

        @Override
        public void onError(Session<String> session, Throwable error) {}

        @Override
        public void onClose(Session<String> session, CloseCause cause) {
            causes.add(cause);
            closed.add(simulation.network().nowNs());
        }
    }

    private final Diary servers = new Diary();
    private final Diary clients = new Diary();

    private SessionServer.Builder<String> server() throws IOException {
        return SessionServer.builder(ADDRESS, STRINGS)
                .listener(servers)
                .engine(simulation.engine("10.0.0.1").loops(1).start());
    }

    private SessionClient.Builder<String> client() throws IOException {
        return SessionClient.builder(ADDRESS, STRINGS)
                .listener(clients)
                .seed(1)
                .engine(simulation.engine("10.0.0.2").loops(1).start());
    }

    private static void close(SessionClient<String> client, SessionServer<String> server) {
        for (Engine engine : List.of(client.engine(), server.engine())) {
            engine.close();
            assertThat(engine.pool().usedBytes()).isZero();
        }
    }

    @Test
    void shouldEndBothSidesOfAHalfOpenConnectionAndConnectAgain() throws IOException {
        final SessionServer<String> server = server().heartbeat(PINGING).start();
        final SessionClient<String> client =
                client().heartbeat(PINGING.unanswered(2)).start();
        simulation.runFor(3600 * SECOND_NS);
        assertThat(clients.causes).isEmpty();
        assertThat(servers.causes).isEmpty();
        simulation.network().connections().forEach(SimConnection::silence);
        final long silentNs = simulation.network().nowNs();
        simulation.runFor(60 * SECOND_NS);
        assertThat(clients.causes).extracting(CloseCause::kind).containsExactly(CloseCause.Kind.TIMED_OUT);
        assertThat(servers.causes).extracting(CloseCause::kind).containsExactly(CloseCause.Kind.TIMED_OUT);
        assertThat(clients.closed.getFirst() - silentNs).isBetween(19 * SECOND_NS, 31 * SECOND_NS);
        assertThat(servers.closed.getFirst() - silentNs).isBetween(29 * SECOND_NS, 41 * SECOND_NS);
        assertThat(client.sessions()).hasSize(1);
        assertThat(server.sessions()).hasSize(1);
        assertThat(clients.received).isEmpty();
        assertThat(servers.received).isEmpty();
        close(client, server);
    }

    @Test
    void shouldTakeTheBytesOfALongMessageForLife() throws IOException {
        final SessionServer<String> server =
                server().heartbeat(PINGING.unanswered(1)).start();
        // It cannot answer while its message is on its way, for minutes.
        simulation.network().segmentBytes(10).latencyNs(90 * MS, 100 * MS).socketBufferBytes(512);
        final SessionClient<String> client = client().start();
        assertThat(client.awaitConnected(Duration.ofSeconds(5))).isTrue();
        client.send("x".repeat(500_000));
        simulation.runFor(45 * SECOND_NS);
        assertThat(servers.received).isEmpty();
        assertThat(servers.causes).isEmpty();
        simulation.runFor(3600 * SECOND_NS);
        assertThat(servers.received).hasSize(1);
        // And then it says nothing any more.
        assertThat(servers.causes).extracting(CloseCause::kind).contains(CloseCause.Kind.TIMED_OUT);
        close(client, server);
    }

    @Test
    void shouldCallOnCronWithoutDrift() throws IOException {
        final SessionServer<String> server = server().start();
        final SessionClient<String> client =
                client().cron(Duration.ofMillis(700)).start();
        assertThat(client.awaitConnected(Duration.ofSeconds(5))).isTrue();
        simulation.network().fault(SimFault.STALL, 0.3);
        simulation.runFor(1400 * SECOND_NS);
        assertThat(clients.crons).hasSizeBetween(1999, 2000);
        final long firstNs = clients.crons.getFirst();
        for (int i = 0; i < clients.crons.size(); i++) {
            // Late by a stall or some, and never more so than the one before.
            assertThat(clients.crons.get(i) - firstNs - i * 700L * MS).isBetween(-300 * MS, 300 * MS);
        }
        close(client, server);
    }

    @Test
    void shouldTimeCallsOutInTheirOrderAndKeepNoTimer() throws IOException {
        final SessionServer<String> server = server().start();
        final SessionClient<String> client =
                client().correlation(Correlation.inOrder()).start();
        assertThat(client.awaitConnected(Duration.ofSeconds(5))).isTrue();
        final long startNs = simulation.network().nowNs();
        final List<String> ends = new ArrayList<>();
        for (int seconds : new int[] {5, 2, 9, 2}) {
            final var unused = client.callAsync("request", Duration.ofSeconds(seconds))
                    .whenComplete((_, error) -> {
                        final long lateNs = simulation.network().nowNs() - startNs - seconds * SECOND_NS;
                        assertThat(((CallFailedException) error).reason())
                                .isEqualTo(CallFailedException.Reason.TIMED_OUT);
                        ends.add(seconds + (lateNs >= 0 && lateNs < 5 * MS ? " in time" : " late by " + lateNs));
                    });
        }
        simulation.runFor(20 * SECOND_NS);
        assertThat(ends).containsExactly("2 in time", "2 in time", "5 in time", "9 in time");
        assertThat(client.session().loop().wheel().size()).isZero();
        close(client, server);
    }
}
