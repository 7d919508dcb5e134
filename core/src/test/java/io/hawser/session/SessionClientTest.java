// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.Address;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Family;
import io.hawser.connection.Limits;
import io.hawser.connection.TestTransport;
import java.io.IOException;
import java.net.BindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that keep sessions open, over real sockets. What takes time is in {@code SimClientTest}, in virtual time. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class SessionClientTest {
    private static final Codec<String> STRINGS = Codecs.lengthField(4).strings();
    private static final Duration PATIENCE = EngineFixture.PATIENCE;
    private static final Reconnect QUICK = Reconnect.of(Duration.ofMillis(5), Duration.ofMillis(50));

    /** Requests and responses begin with {@code ?n:} and {@code !n:}. */
    static final Correlation<String> NUMBERED = new Correlation<>() {
        @Override
        public Object requestKey(String request) {
            return request.substring(1, request.indexOf(':'));
        }

        @Override
        public Optional<?> responseKey(String message) {
            return message.startsWith("!") ? Optional.of(message.substring(1, message.indexOf(':'))) : Optional.empty();
        }
    };

    /** Answers what {@link #NUMBERED} asks, and echoes the rest. */
    static final EventListener<String> ANSWERING = new Quiet() {
        @Override
        public void onMessage(Session<String> session, String message) {
            session.send(message.startsWith("?") ? "!" + message.substring(1) : message);
        }
    };

    /** Sessions may break. */
    static class Quiet implements EventListener<String> {
        @Override
        public void onMessage(Session<String> session, String message) throws Exception {}

        @Override
        public void onError(Session<String> session, Throwable error) {}
    }

    @RegisterExtension
    final EngineFixture engines;

    SessionClientTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private SessionServer<String> serve(Address address, Engine engine, EventListener<String> listener)
            throws IOException {
        return SessionServer.builder(address.toString(), STRINGS)
                .listener(listener)
                .engine(engine)
                .start();
    }

    private SessionServer<String> serve(EventListener<String> listener) throws IOException {
        return serve(engines.freshAddress(Family.TCP), engines.engine(), listener);
    }

    private SessionClient.Builder<String> client(Address address) throws IOException {
        return SessionClient.builder(address.toString(), STRINGS)
                .listener(new Quiet())
                .correlation(NUMBERED)
                .reconnect(QUICK)
                .engine(engines.engine(builder -> builder.loops(2)));
    }

    private SessionClient<String> start(SessionClient.Builder<String> builder) throws IOException {
        return engines.closing(builder.start());
    }

    @Test
    void shouldTakeItsSessionsInTurn() throws Exception {
        final SessionServer<String> server = serve(ANSWERING);
        final SessionClient<String> client = start(client(server.address()).sessions(3));
        assertThat(client.awaitConnected(3, PATIENCE)).isTrue();
        assertThat(client.state()).isEqualTo(ClientState.CONNECTED);
        assertThat(client.sessions()).hasSize(3).doesNotHaveDuplicates();
        for (int i = 0; i < 9; i++) {
            assertThat(client.call("?" + i + ":hello", PATIENCE)).isEqualTo("!" + i + ":hello");
        }
        assertThat(client.sessions())
                .extracting(session -> session.stats().messagesSent())
                .containsOnly(3L);
    }

    @Test
    void shouldTakeTheSessionWithTheFewestPendingCalls() throws Exception {
        final SessionServer<String> server = serve(new Quiet());
        final SessionClient<String> client =
                start(client(server.address()).sessions(3).balancer(SessionBalancer.leastPending()));
        assertThat(client.awaitConnected(3, PATIENCE)).isTrue();
        final List<Session<String>> sessions = client.sessions();
        final List<CompletableFuture<String>> calls = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            calls.add(sessions.get(i % 2).callAsync("?" + i + ":", PATIENCE));
        }
        // 4, 3 and 0 are pending.
        for (int i = 7; i < 10; i++) {
            assertThat(client.session()).isSameAs(sessions.get(2));
            calls.add(client.callAsync("?" + i + ":", PATIENCE));
        }
        calls.add(client.callAsync("?10:", PATIENCE));
        calls.add(client.callAsync("?11:", PATIENCE));
        assertThat(sessions).extracting(Session::pendingCalls).containsExactly(4, 4, 4);
        client.close();
        for (CompletableFuture<String> call : calls) {
            assertThat(EngineFixture.awaitFailure(call)).isInstanceOf(CallFailedException.class);
        }
    }

    @Test
    void shouldAskAStrategyOfTheUsers() throws Exception {
        final SessionServer<String> server = serve(ANSWERING);
        final SessionClient<String> client =
                start(client(server.address()).sessions(3).balancer(List::getLast));
        assertThat(client.awaitConnected(3, PATIENCE)).isTrue();
        for (int i = 0; i < 4; i++) {
            client.call("?" + i + ":", PATIENCE);
        }
        assertThat(client.sessions())
                .extracting(session -> session.stats().messagesSent())
                .containsExactly(0L, 0L, 4L);
    }

    @Test
    void shouldStartBeforeTheServerDoes() throws Exception {
        for (Family family : Family.values()) {
            final Address address = addressOfNobody(family);
            final SessionClient<String> client = start(client(address).sessions(2));
            assertThatThrownBy(() -> client.send("early"))
                    .isInstanceOfSatisfying(
                            SendFailedException.class,
                            e -> assertThat(e.reason()).isEqualTo(SendFailedException.Reason.NOT_CONNECTED));
            EngineFixture.until("a failed try", () -> client.slots().getFirst().failedTries() > 2);
            assertThat(client.slots().getFirst().lastError()).isPresent();
            serve(address, engines.engine(), ANSWERING);
            assertThat(client.awaitConnected(2, PATIENCE)).isTrue();
            assertThat(client.call("?1:", PATIENCE)).isEqualTo("!1:");
        }
    }

    @Test
    void shouldLetACallWaitForASession() throws Exception {
        final Address address = addressOfNobody(Family.TCP);
        final SessionClient<String> client = start(client(address).sessions(2));
        assertThatThrownBy(() -> client.call("?0:", Duration.ofMillis(20)))
                .isInstanceOfSatisfying(
                        SendFailedException.class,
                        e -> assertThat(e.reason()).isEqualTo(SendFailedException.Reason.NOT_CONNECTED));
        final CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> client.call("?1:", PATIENCE));
        serve(address, engines.engine(), ANSWERING);
        assertThat(EngineFixture.await(answer)).isEqualTo("!1:");
    }

    /** An address on which somebody may listen later. */
    private Address addressOfNobody(Family family) throws IOException {
        if (family == Family.UNIX) {
            return engines.freshAddress(family);
        }
        try (SessionServer<String> server = serve(new Quiet())) {
            return server.address();
        }
    }

    @Test
    void shouldRefuseWhatCannotWork() throws Exception {
        assertThatThrownBy(() -> SessionClient.builder("127.0.0.1:1", STRINGS))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SessionClient.builder("tcp://127.0.0.1:0", STRINGS))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SessionClient.builder("tcp://*:7000", STRINGS))
                .isInstanceOf(IllegalArgumentException.class);
        final var builder = client(Address.parse("tcp://127.0.0.1:1"));
        assertThatThrownBy(() -> builder.sessions(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.maxMessageBytes(0)).isInstanceOf(IllegalArgumentException.class);
        builder.maxMessageBytes(1 << 30);
        assertThatThrownBy(builder::start)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("inboundBytes");
        final var negative = client(Address.parse("tcp://127.0.0.1:1")).cron(Duration.ofSeconds(-1));
        assertThatThrownBy(negative::start).isInstanceOf(IllegalArgumentException.class);
        final Engine closed = engines.engine();
        closed.close();
        try (SessionClient<String> client =
                client(Address.parse("tcp://127.0.0.1:1")).engine(closed).start()) {
            assertThat(client.awaitConnected(PATIENCE)).isFalse();
            assertThatThrownBy(() -> client.send("")).isInstanceOf(SendFailedException.class);
        }
    }

    @Test
    void shouldReconnectWhoeverClosed() throws Exception {
        final SessionServer<String> server = serve(new Quiet() {
            @Override
            public void onMessage(Session<String> session, String message) {
                switch (message) {
                    case "close" -> session.close();
                    case "abort" -> session.abort();
                    default -> throw new IllegalStateException("on purpose");
                }
            }
        });
        final SessionClient<String> client = start(client(server.address()));
        final Set<Session<String>> seen = ConcurrentHashMap.newKeySet();
        for (String how : List.of("close", "abort", "fail", "by us", "by us, hard")) {
            assertThat(client.awaitConnected(PATIENCE)).isTrue();
            final Session<String> session = client.session();
            assertThat(seen.add(session)).as("a new one").isTrue();
            switch (how) {
                case "by us" -> session.close();
                case "by us, hard" -> session.abort();
                default -> session.send(how);
            }
            EngineFixture.await(session.closeFuture());
            EngineFixture.until("the next session", () -> {
                final List<Session<String>> now = client.sessions();
                return now.size() == 1 && now.getFirst() != session;
            });
        }
    }

    @Test
    void shouldCloseItsOwnEngine() throws Exception {
        final SessionServer<String> server = serve(ANSWERING);
        final BlockingQueue<String> received = new LinkedBlockingQueue<>();
        final Engine engine;
        final Session<String> session;
        try (SessionClient<String> client = SessionClient.builder(
                        server.address().toString(), STRINGS)
                .listener((_, message) -> received.add(message))
                .start()) {
            engine = client.engine();
            assertThat(client.awaitConnected(PATIENCE)).isTrue();
            session = client.session();
            client.send("echo");
            assertThat(received.take()).isEqualTo("echo");
        }
        assertThat(engine.pool().usedBytes()).isZero();
        assertThat(EngineFixture.await(session.closeFuture()).kind())
                .isIn(CloseCause.Kind.LOCAL, CloseCause.Kind.SHUTDOWN);
    }

    @Test
    void shouldSendWhatIsPendingWhenItCloses() throws Exception {
        final AtomicLong bytes = new AtomicLong();
        final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
        final SessionServer<String> server = serve(new Quiet() {
            @Override
            public void onMessage(Session<String> session, String message) {
                bytes.addAndGet(message.length());
            }

            @Override
            public void onClose(Session<String> session, CloseCause cause) {
                closed.complete(cause);
            }
        });
        final SessionClient<String> client = start(client(server.address()));
        assertThat(client.awaitConnected(PATIENCE)).isTrue();
        final String message = "x".repeat(100_000);
        for (int i = 0; i < 50; i++) {
            client.send(message);
        }
        client.close();
        assertThat(client.state()).isEqualTo(ClientState.CLOSED);
        assertThat(EngineFixture.await(closed).kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
        assertThat(bytes.get()).isEqualTo(5_000_000);
    }

    @Test
    void shouldNotBeClosedOnALoop() throws Exception {
        final SessionServer<String> server = serve(ANSWERING);
        final CompletableFuture<SessionClient<String>> client = new CompletableFuture<>();
        final CompletableFuture<Throwable> failure = new CompletableFuture<>();
        client.complete(start(client(server.address()).listener(new Quiet() {
            @Override
            public void onMessage(Session<String> session, String message) throws Exception {
                try {
                    client.get().close();
                } catch (Throwable t) {
                    failure.complete(t);
                }
            }
        })));
        assertThat(client.get().awaitConnected(PATIENCE)).isTrue();
        client.get().send("echo");
        assertThat(EngineFixture.await(failure))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closeAsync()");
    }

    @Test
    void shouldLoseNoSessionForGoodWhenServersAreKilledUnderLoad() throws Exception {
        Engine engine = engines.engine();
        final Address address =
                serve(engines.freshAddress(Family.TCP), engine, ANSWERING).address();
        final SessionClient<String> client = start(client(address)
                .sessions(4)
                .engine(engines.engine(
                        b -> b.loops(2).limits(Limits.DEFAULT.withOutboundBytes(1 << 20, 65_536, 1024)))));
        final AtomicBoolean stop = new AtomicBoolean();
        final AtomicLong numbers = new AtomicLong();
        final AtomicLong answered = new AtomicLong();
        final List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            callers.add(EngineFixture.async(() -> {
                while (!stop.get()) {
                    final long n = numbers.incrementAndGet();
                    try {
                        assertThat(client.call("?" + n + ":payload", PATIENCE)).isEqualTo("!" + n + ":payload");
                        answered.incrementAndGet();
                    } catch (CallFailedException e) {
                        // Not answered is not answered twice, nor late.
                        assertThat(e.reason()).isEqualTo(CallFailedException.Reason.CLOSED);
                    } catch (SendFailedException _) {
                        client.awaitConnected(Duration.ofMillis(20));
                    }
                }
            }));
        }
        for (int round = 0; round < 3; round++) {
            final long before = answered.get();
            EngineFixture.until("answers", () -> answered.get() > before + 100);
            final long errors =
                    client.slots().stream().mapToLong(SlotState::failedTries).sum();
            engine.closeAsync(Duration.ZERO).get();
            EngineFixture.until("no session", () -> client.sessions().isEmpty());
            if (round == 1) {
                EngineFixture.until(
                        "failed tries",
                        () -> client.slots().stream()
                                        .mapToLong(SlotState::failedTries)
                                        .sum()
                                > errors);
            }
            engine = engines.engine();
            serveAgain(address, engine);
            assertThat(client.awaitConnected(4, PATIENCE)).as("round %d", round).isTrue();
        }
        final long before = answered.get();
        EngineFixture.until("answers", () -> answered.get() > before + 100);
        stop.set(true);
        for (CompletableFuture<Void> caller : callers) {
            EngineFixture.await(caller);
        }
    }

    /** The port may still be in use by a connection that ends. */
    private void serveAgain(Address address, Engine engine) {
        EngineFixture.until("the address is free", () -> {
            try {
                serve(address, engine, ANSWERING);
                return true;
            } catch (BindException _) {
                return false;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }
}
