// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Engine;
import io.hawser.loop.EventLoop;
import io.hawser.session.ClientListener;
import io.hawser.session.ClientState;
import io.hawser.session.Codec;
import io.hawser.session.Codecs;
import io.hawser.session.EventListener;
import io.hawser.session.Reconnect;
import io.hawser.session.Session;
import io.hawser.session.SessionClient;
import io.hawser.session.SessionServer;
import io.hawser.session.SlotState;
import io.hawser.transport.sim.SimConnection;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a client of sessions connects again, in virtual time. */
final class SimClientTest {
    private static final long MS = 1_000_000;
    private static final long SECOND_NS = 1000 * MS;
    private static final String ADDRESS = "tcp://10.0.0.1:7000";
    private static final String OTHER = "tcp://10.0.0.3:7000";
    private static final Codec<String> STRINGS = Codecs.lengthField(4).strings();
    private static final Reconnect QUICK = Reconnect.of(Duration.ofMillis(100), Duration.ofSeconds(1));

    private final Simulation simulation = new Simulation(11, SimTrace.hashing());

    /** When sessions opened and closed, in virtual time. */
    private class Diary implements EventListener<String>, ClientListener {
        final List<Long> opened = new ArrayList<>();
        final List<Long> closed = new ArrayList<>();
        final List<String> received = new ArrayList<>();
        final List<SlotState> slots = new ArrayList<>();
        final List<ClientState> states = new ArrayList<>();

        @Override
        public boolean onOpen(Session<String> session) throws Exception {
            opened.add(simulation.network().nowNs());
            return true;
        }

        @Override
        public void onMessage(Session<String> session, String message) {
            received.add(message);
        }

        @Override
        public void onError(Session<String> session, Throwable error) {
            // Expected.
        }

        @Override
        public void onClose(Session<String> session, CloseCause cause) {
            closed.add(simulation.network().nowNs());
        }

        @Override
        public void onSlot(SlotState state) {
            slots.add(state);
        }

        @Override
        public void onState(ClientState state) {
            states.add(state);
        }
    }

    private Engine serverEngine() throws IOException {
        return simulation.engine("10.0.0.1").loops(1).start();
    }

    private Engine clientEngine() throws IOException {
        return simulation.engine("10.0.0.2").loops(2).start();
    }

    private SessionServer<String> serve(Engine engine, EventListener<String> listener) throws IOException {
        return SessionServer.builder(ADDRESS, STRINGS)
                .listener(listener)
                .engine(engine)
                .start();
    }

    private SessionClient.Builder<String> client(Engine engine, Diary diary) {
        return SessionClient.builder(ADDRESS, STRINGS)
                .listener(diary)
                .clientListener(diary)
                .reconnect(QUICK)
                .seed(5)
                .engine(engine);
    }

    private static void close(Engine... engines) {
        for (Engine engine : engines) {
            engine.close();
            assertThat(engine.pool().usedBytes()).isZero();
            assertThat(engine.pool().leaks()).isEmpty();
        }
    }

    private static int timers(Engine engine) {
        return engine.loops().stream().mapToInt(loop -> loop.wheel().size()).sum();
    }

    private void resetAll() {
        simulation.network().connections().forEach(SimConnection::reset);
    }

    @Test
    void shouldNotLoopWhenTheListenerRefuses() throws IOException {
        final Engine server = serverEngine();
        final Engine engine = clientEngine();
        serve(server, Session::send);
        final Diary diary = new Diary() {
            @Override
            public boolean onOpen(Session<String> session) throws Exception {
                super.onOpen(session);
                return false;
            }
        };
        client(engine, diary).start();
        simulation.runFor(60 * SECOND_NS);
        // 100 ms or more, then up to a second each.
        assertThat(diary.opened).hasSizeBetween(58, 125);
        assertThat(diary.states).isEmpty();
        assertThat(diary.slots).extracting(SlotState::phase).doesNotContain(SlotState.Phase.OPEN);
        final SlotState last = diary.slots.getLast();
        assertThat(last.failedTries()).isGreaterThan(50);
        assertThat(last.lastError()).isPresent();
        close(engine, server);
    }

    @Test
    void shouldNotLoopWhenSessionsDieAtOnce() throws IOException {
        final Engine server = serverEngine();
        final Engine engine = clientEngine();
        final Diary accepted = new Diary() {
            @Override
            public boolean onOpen(Session<String> session) throws Exception {
                super.onOpen(session);
                return false;
            }
        };
        serve(server, accepted);
        final Diary diary = new Diary();
        final SessionClient<String> client = client(engine, diary).start();
        simulation.runFor(60 * SECOND_NS);
        assertThat(diary.opened).hasSizeBetween(58, 125);
        assertThat(accepted.opened).hasSizeBetween(58, 125);
        // And it never gives up.
        assertThat(client.slots().getFirst().phase()).isNotEqualTo(SlotState.Phase.CLOSED);
        close(engine, server);
    }

    @Test
    void shouldNotLoopWhenThePeerGreetsAndCloses() throws IOException {
        final Engine server = serverEngine();
        final Engine engine = clientEngine();
        serve(server, new Diary() {
            @Override
            public boolean onOpen(Session<String> session) {
                session.send("welcome, and goodbye");
                return false;
            }
        });
        final Diary diary = new Diary();
        client(engine, diary).start();
        simulation.runFor(60 * SECOND_NS);
        // It has proved itself each time, so the pauses do not grow; but no more than one in an interval.
        assertThat(diary.received).hasSizeBetween(300, 600);
        assertThat(diary.opened).hasSizeBetween(300, 601);
        assertThat(diary.slots).extracting(SlotState::failedTries).containsOnly(0);
        close(engine, server);
    }

    @Test
    void shouldTryAtOnceAfterASessionThatHasLived() throws IOException {
        final Engine server = serverEngine();
        final Engine engine = clientEngine();
        serve(server, new Diary());
        final Diary diary = new Diary();
        client(engine, diary).start();
        simulation.runFor(SECOND_NS);
        for (int i = 0; i < 5; i++) {
            resetAll();
            simulation.runFor(SECOND_NS);
            assertThat(diary.opened).hasSize(i + 2);
            // The way of a SYN and its answer, and no sleep.
            assertThat(diary.opened.getLast() - diary.closed.getLast()).isBetween(0L, 5 * MS);
        }
        assertThat(diary.slots).extracting(SlotState::phase).doesNotContain(SlotState.Phase.WAITING);
        close(engine, server);
    }

    @Test
    void shouldHaveNoTimerWhileAllAreOpen() throws IOException {
        final Engine server = serverEngine();
        final Engine engine = clientEngine();
        serve(server, new Diary());
        final Diary diary = new Diary();
        final SessionClient<String> client = client(engine, diary).sessions(8).start();
        assertThat(client.awaitConnected(8, Duration.ofSeconds(5))).isTrue();
        assertThat(timers(engine)).isZero();
        final long turns = turns(engine);
        simulation.runFor(3600 * SECOND_NS);
        assertThat(turns(engine) - turns).isLessThan(20);
        resetAll();
        simulation.runFor(SECOND_NS);
        assertThat(client.state()).isEqualTo(ClientState.CONNECTED);
        assertThat(timers(engine)).isZero();
        close(engine, server);
    }

    private static long turns(Engine engine) {
        return engine.loops().stream().mapToLong(loop -> loop.stats().turns()).sum();
    }

    @Test
    void shouldBackOffWhileNobodyListensAndConnectWhenSomebodyDoes() throws IOException {
        final Engine engine = clientEngine();
        simulation.network().host("10.0.0.1");
        final Diary diary = new Diary();
        final SessionClient<String> client = client(engine, diary).start();
        simulation.runFor(20 * SECOND_NS);
        final List<SlotState> waits = diary.slots.stream()
                .filter(state -> state.phase() == SlotState.Phase.WAITING)
                .toList();
        assertThat(waits).hasSizeBetween(18, 45);
        for (int i = 0; i < waits.size(); i++) {
            final SlotState wait = waits.get(i);
            assertThat(wait.failedTries()).isEqualTo(i + 1);
            assertThat(wait.lastError().orElseThrow()).isInstanceOf(IOException.class);
            final long mostMs = Math.min(1000, 100L << Math.min(i + 1, 10));
            assertThat(wait.untilNextTry().toMillis()).isBetween(Math.max(100, mostMs / 2) - 1, mostMs);
        }
        assertThat(client.slots().getFirst().untilNextTry()).isLessThanOrEqualTo(Duration.ofSeconds(1));
        final Engine server = serverEngine();
        serve(server, Session::send);
        assertThat(client.awaitConnected(Duration.ofSeconds(2))).isTrue();
        client.send("ahoy");
        simulation.runFor(SECOND_NS);
        assertThat(diary.received).containsExactly("ahoy");
        // What was is forgotten only when the session has proved itself.
        resetAll();
        simulation.runFor(SECOND_NS);
        assertThat(diary.slots.getLast().failedTries()).isZero();
        close(engine, server);
    }

    @Test
    void shouldGiveUpAfterTheLastTry() throws IOException {
        final Engine engine = clientEngine();
        simulation.network().host("10.0.0.1");
        final Diary diary = new Diary();
        final SessionClient<String> client =
                client(engine, diary).reconnect(QUICK.withTries(3)).sessions(2).start();
        assertThat(client.awaitConnected(Duration.ofSeconds(60))).isFalse();
        assertThat(simulation.network().nowNs()).isLessThan(5 * SECOND_NS);
        assertThat(client.state()).isEqualTo(ClientState.CLOSED);
        assertThat(diary.states).containsExactly(ClientState.CLOSED);
        assertThat(client.slots()).allSatisfy(slot -> {
            assertThat(slot.phase()).isEqualTo(SlotState.Phase.CLOSED);
            assertThat(slot.failedTries()).isEqualTo(3);
        });
        assertThat(timers(engine)).isZero();
        client.close();
        close(engine);
    }

    @Test
    void shouldTryTheOtherAddressAtOnce() throws IOException {
        final Engine engine = clientEngine();
        simulation.network().host("10.0.0.1");
        final Engine server = simulation.engine("10.0.0.3").loops(1).start();
        SessionServer.builder(OTHER, STRINGS)
                .listener(Session::send)
                .engine(server)
                .start();
        final Diary diary = new Diary();
        final SessionClient<String> client =
                client(engine, diary).address(OTHER).sessions(4).start();
        assertThat(client.awaitConnected(4, Duration.ofMillis(50))).isTrue();
        assertThat(diary.slots).extracting(SlotState::phase).doesNotContain(SlotState.Phase.WAITING);
        close(engine, server);
    }

    @Test
    void shouldSpreadItsSessionsOverTheAddresses() throws IOException {
        final Engine engine = clientEngine();
        final Engine server = serverEngine();
        final SessionServer<String> one = serve(server, new Diary());
        final Engine otherServer = simulation.engine("10.0.0.3").loops(1).start();
        final SessionServer<String> other = SessionServer.builder(OTHER, STRINGS)
                .listener(Session::send)
                .engine(otherServer)
                .start();
        final SessionClient<String> client =
                client(engine, new Diary()).address(OTHER).sessions(6).start();
        assertThat(client.awaitConnected(6, Duration.ofSeconds(1))).isTrue();
        simulation.runFor(SECOND_NS);
        assertThat(one.sessions()).hasSize(3);
        assertThat(other.sessions()).hasSize(3);
        close(engine, server, otherServer);
    }

    // ---- the end

    @Test
    void shouldEndAPauseForGoodWhenItCloses() throws IOException {
        final Engine engine = clientEngine();
        simulation.network().host("10.0.0.1");
        final Diary diary = new Diary();
        final SessionClient<String> client = client(engine, diary).sessions(3).start();
        simulation.runFor(10 * SECOND_NS);
        assertThat(client.slots()).extracting(SlotState::phase).containsOnly(SlotState.Phase.WAITING);
        assertThat(timers(engine)).isEqualTo(3);
        client.close();
        assertThat(timers(engine)).isZero();
        assertThat(client.state()).isEqualTo(ClientState.CLOSED);
        final int told = diary.slots.size();
        simulation.runFor(60 * SECOND_NS);
        assertThat(diary.slots).hasSize(told);
        assertThat(client.awaitConnected(Duration.ofSeconds(60))).isFalse();
        close(engine);
    }

    @Test
    void shouldEndADialThatNobodyAnswersWhenItCloses() throws IOException {
        final Engine engine = clientEngine();
        simulation.network().host("10.0.0.1");
        simulation.network().fault(SimFault.NO_ANSWER, 1);
        final SessionClient<String> client =
                client(engine, new Diary()).sessions(3).start();
        simulation.runFor(SECOND_NS);
        assertThat(simulation.network().openSockets()).isEqualTo(3);
        client.close();
        simulation.runFor(MS);
        assertThat(simulation.network().openSockets()).isZero();
        assertThat(timers(engine)).isZero();
        close(engine);
    }

    @Test
    void shouldCloseAtAnyMoment() throws IOException {
        for (long seed = 1; seed <= 150; seed++) {
            final Simulation world = new Simulation(seed, SimTrace.hashing());
            final Engine server = world.engine("10.0.0.1").loops(1).start();
            final Engine engine = world.engine("10.0.0.2").loops(2).start();
            final List<String> late = new ArrayList<>();
            final boolean[] over = {false};
            SessionServer.builder(ADDRESS, STRINGS)
                    .listener((session, message) -> session.close())
                    .engine(server)
                    .start();
            final SessionClient<String> client = SessionClient.builder(ADDRESS, STRINGS)
                    .listener(new EventListener<String>() {
                        @Override
                        public boolean onOpen(Session<String> session) {
                            if (over[0]) {
                                late.add("open");
                            }
                            session.send("end it");
                            return true;
                        }

                        @Override
                        public void onMessage(Session<String> session, String message) {}

                        @Override
                        public void onError(Session<String> session, Throwable error) {}

                        @Override
                        public void onClose(Session<String> session, CloseCause cause) {
                            if (over[0]) {
                                late.add("close");
                            }
                        }
                    })
                    .reconnect(Reconnect.of(Duration.ofMillis(1), Duration.ofMillis(5)))
                    .sessions(3)
                    .seed(seed)
                    .engine(engine)
                    .start();
            world.runFor(world.network().random().between(0L, 20 * MS));
            final var closed = client.closeAsync();
            final var told = closed.thenRun(() -> over[0] = true);
            world.await(told);
            world.runFor(20 * SECOND_NS);
            assertThat(late).as("seed %d: callbacks after the close", seed).isEmpty();
            assertThat(timers(engine)).as("seed %d: timers", seed).isZero();
            assertThat(engine.connectionCount())
                    .as("seed %d: connections", seed)
                    .isZero();
            close(engine, server);
            assertThat(world.network().openSockets()).as("seed %d", seed).isZero();
            assertThat(world.network().violations()).as("seed %d", seed).isEmpty();
        }
    }

    @Test
    void shouldConnectNoMoreWhenItsEngineCloses() throws IOException {
        final Engine engine = clientEngine();
        final Engine server = serverEngine();
        serve(server, new Diary());
        final Diary diary = new Diary();
        final SessionClient<String> client = client(engine, diary).sessions(2).start();
        assertThat(client.awaitConnected(2, Duration.ofSeconds(1))).isTrue();
        close(engine);
        assertThat(diary.opened).hasSize(2);
        assertThat(diary.closed).hasSize(2);
        assertThat(client.state()).isEqualTo(ClientState.CLOSED);
        assertThat(client.awaitConnected(Duration.ofSeconds(1))).isFalse();
        client.close();
        close(server);
    }

    @Test
    void shouldSayWhatItIsAt() throws IOException {
        final Engine engine = clientEngine();
        final Engine server = serverEngine();
        serve(server, new Diary());
        final Diary diary = new Diary() {
            @Override
            public void onState(ClientState state) {
                super.onState(state);
                assertThat(engine.loops()).anyMatch(EventLoop::inLoop);
                throw new IllegalStateException("which must not matter");
            }
        };
        final SessionClient<String> client = client(engine, diary).sessions(2).start();
        assertThat(client.awaitConnected(2, Duration.ofSeconds(1))).isTrue();
        client.sessions().getFirst().close();
        simulation.runFor(SECOND_NS);
        client.close();
        simulation.runFor(SECOND_NS);
        assertThat(diary.states)
                .containsExactly(
                        ClientState.PARTIAL,
                        ClientState.CONNECTED,
                        ClientState.PARTIAL,
                        ClientState.CONNECTED,
                        ClientState.PARTIAL,
                        ClientState.CLOSED);
        close(engine, server);
    }
}
