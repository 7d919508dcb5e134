// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Family;
import io.hawser.connection.Peer;
import io.hawser.connection.TestTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests and responses, with and without numbers. The one that calls is the server's side here, or a client. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class CallTest {
    private static final Codec<String> STRINGS = Codecs.lengthField(4).strings();
    private static final Duration PATIENCE = EngineFixture.PATIENCE;
    private static final Duration SHORT = Duration.ofMillis(5);

    /** How responses find their requests. */
    enum Kind {
        IN_ORDER,
        NUMBERED;

        Correlation<String> correlation() {
            return this == IN_ORDER ? Correlation.inOrder() : SessionClientTest.NUMBERED;
        }
    }

    @RegisterExtension
    final EngineFixture engines;

    private final BlockingQueue<String> unsolicited = new LinkedBlockingQueue<>();
    private final CompletableFuture<Session<String>> opened = new CompletableFuture<>();

    CallTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    /** A session whose peer the test plays. */
    private Peer open(Correlation<String> correlation, int maxPendingCalls) throws Exception {
        final var listener = new SessionClientTest.Quiet() {
            @Override
            public boolean onOpen(Session<String> session) {
                return opened.complete(session);
            }

            @Override
            public void onMessage(Session<String> session, String message) {
                unsolicited.add(message);
            }
        };
        final SessionServer<String> server = SessionServer.builder(
                        engines.freshAddress(Family.TCP).toString(), STRINGS)
                .listener(listener)
                .correlation(correlation)
                .maxPendingCalls(maxPendingCalls)
                .engine(engines.engine())
                .start();
        return engines.closing(Peer.connect(server.address()));
    }

    private Peer open(Correlation<String> correlation) throws Exception {
        return open(correlation, 1000);
    }

    private Session<String> session() throws Exception {
        return EngineFixture.await(opened);
    }

    private static String receive(Peer peer) throws IOException {
        return peer.receiveText(ByteBuffer.wrap(peer.receive(4)).getInt());
    }

    private static void send(Peer peer, String... messages) throws IOException {
        for (String message : messages) {
            peer.send(SessionTest.framed(message));
        }
    }

    private static CallFailedException.Reason reasonOf(CompletableFuture<?> call) throws Exception {
        return ((CallFailedException) EngineFixture.awaitFailure(call)).reason();
    }

    // ---- in order

    @Test
    void shouldGiveResponsesOutInTheOrderOfTheRequests() throws Exception {
        final Peer peer = open(Correlation.inOrder());
        final List<CompletableFuture<String>> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            calls.add(session().callAsync("request " + i, PATIENCE));
        }
        assertThat(session().pendingCalls()).isEqualTo(5);
        for (int i = 0; i < 5; i++) {
            assertThat(receive(peer)).isEqualTo("request " + i);
            send(peer, "response " + i);
        }
        for (int i = 0; i < 5; i++) {
            assertThat(EngineFixture.await(calls.get(i))).isEqualTo("response " + i);
        }
        assertThat(session().pendingCalls()).isZero();
        assertThat(session().stats().lateResponses()).isZero();
    }

    @Test
    void shouldKeepThePlaceOfACallThatHasTimedOut() throws Exception {
        final Peer peer = open(Correlation.inOrder());
        final CompletableFuture<String> first = session().callAsync("first", SHORT);
        final CompletableFuture<String> second = session().callAsync("second", PATIENCE);
        assertThat(reasonOf(first)).isEqualTo(CallFailedException.Reason.TIMED_OUT);
        assertThat(session().pendingCalls()).isEqualTo(2);
        assertThat(receive(peer)).isEqualTo("first");
        assertThat(receive(peer)).isEqualTo("second");
        send(peer, "late, to the first", "to the second");
        assertThat(EngineFixture.await(second)).isEqualTo("to the second");
        assertThat(session().stats().lateResponses()).isEqualTo(1);
        assertThat(session().pendingCalls()).isZero();
        // And one that was given up by its caller.
        final CompletableFuture<String> third = session().callAsync("third", PATIENCE);
        final CompletableFuture<String> fourth = session().callAsync("fourth", PATIENCE);
        assertThat(third.cancel(false)).isTrue();
        send(peer, "to the third", "to the fourth");
        assertThat(EngineFixture.await(fourth)).isEqualTo("to the fourth");
        assertThat(session().stats().lateResponses()).isEqualTo(2);
        assertThat(unsolicited).isEmpty();
    }

    @Test
    void shouldGiveTheListenerWhatNobodyHasAskedFor() throws Exception {
        final Peer peer = open(Correlation.inOrder(message -> !message.startsWith("push")));
        send(peer, "before any call", "push 1");
        assertThat(unsolicited.take()).isEqualTo("before any call");
        assertThat(unsolicited.take()).isEqualTo("push 1");
        final CompletableFuture<String> call = session().callAsync("request", PATIENCE);
        assertThat(receive(peer)).isEqualTo("request");
        send(peer, "push 2", "response");
        assertThat(EngineFixture.await(call)).isEqualTo("response");
        assertThat(unsolicited.take()).isEqualTo("push 2");
    }

    @Test
    void shouldKeepOneOrderWithManyThreads() throws Exception {
        final Engine engine = engines.engine();
        final SessionServer<String> server = SessionServer.builder(
                        engines.freshAddress(Family.TCP).toString(), STRINGS)
                .listener(Session::send)
                .engine(engine)
                .start();
        final SessionClient<String> client =
                engines.closing(SessionClient.builder(server.address().toString(), STRINGS)
                        .correlation(Correlation.inOrder())
                        .engine(engines.engine())
                        .start());
        assertThat(client.awaitConnected(PATIENCE)).isTrue();
        final Session<String> session = client.session();
        final List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            final int thread = t;
            callers.add(EngineFixture.async(() -> {
                final List<CompletableFuture<String>> calls = new ArrayList<>();
                for (int i = 0; i < 300; i++) {
                    calls.add(session.callAsync(thread + "/" + i, PATIENCE));
                    if (i % 10 == 0) {
                        assertThat(session.call(thread + "/waits", PATIENCE)).isEqualTo(thread + "/waits");
                    }
                }
                for (int i = 0; i < 300; i++) {
                    assertThat(EngineFixture.await(calls.get(i))).isEqualTo(thread + "/" + i);
                }
            }));
        }
        // And the loop itself, whose requests must not overtake those that are on their way to it.
        final AtomicInteger left = new AtomicInteger(300);
        final CompletableFuture<Void> onLoop = new CompletableFuture<>();
        session.loop().execute(new Runnable() {
            @Override
            public void run() {
                final String request = "loop/" + left.get();
                final var unused = session.callAsync(request, PATIENCE).whenComplete((response, error) -> {
                    if (!request.equals(response)) {
                        onLoop.completeExceptionally(new AssertionError(request + " got " + response, error));
                    } else if (left.decrementAndGet() == 0) {
                        onLoop.complete(null);
                    }
                });
                if (left.get() > 0 && !onLoop.isDone()) {
                    session.loop().execute(this);
                }
            }
        });
        for (CompletableFuture<Void> caller : callers) {
            EngineFixture.await(caller);
        }
        EngineFixture.await(onLoop);
        assertThat(session.stats().lateResponses()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void shouldBoundPendingCalls(Kind kind) throws Exception {
        final Peer peer = open(kind.correlation(), 2);
        final Session<String> session = session();
        final CompletableFuture<String> first = session.callAsync("?1:", PATIENCE);
        final CompletableFuture<String> second = session.callAsync("?2:", PATIENCE);
        assertThat(EngineFixture.awaitFailure(session.callAsync("?3:", PATIENCE)))
                .isInstanceOfSatisfying(
                        SendFailedException.class,
                        e -> assertThat(e.reason()).isEqualTo(SendFailedException.Reason.BLOCKED));
        assertThat(session.pendingCalls()).isEqualTo(2);
        assertThat(receive(peer)).isEqualTo("?1:");
        send(peer, "!1:");
        EngineFixture.await(first);
        final CompletableFuture<String> third = session.callAsync("?4:", PATIENCE);
        assertThat(receive(peer)).isEqualTo("?2:");
        assertThat(receive(peer)).as("nothing of the third").isEqualTo("?4:");
        send(peer, "!2:", "!4:");
        EngineFixture.await(second);
        EngineFixture.await(third);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void shouldFailAllWhenTheSessionIsClosed(Kind kind) throws Exception {
        final Peer peer = open(kind.correlation());
        final Session<String> session = session();
        final List<CompletableFuture<String>> calls = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            calls.add(session.callAsync("?" + i + ":", PATIENCE));
        }
        calls.add(session.callAsync("?10:", SHORT));
        assertThat(reasonOf(calls.removeLast())).isEqualTo(CallFailedException.Reason.TIMED_OUT);
        final CompletableFuture<Void> blocking = EngineFixture.async(() -> session.call("?11:", PATIENCE));
        EngineFixture.until("all are sent", () -> session.stats().messagesSent() == 12);
        peer.reset();
        for (CompletableFuture<String> call : calls) {
            assertThat(reasonOf(call)).isEqualTo(CallFailedException.Reason.CLOSED);
        }
        assertThat(EngineFixture.awaitFailure(blocking)).isInstanceOf(CallFailedException.class);
        assertThat(EngineFixture.await(session.closeFuture()).kind()).isEqualTo(CloseCause.Kind.RESET);
        assertThat(session.pendingCalls()).isZero();
        assertThat(EngineFixture.awaitFailure(session.callAsync("?12:", PATIENCE)))
                .isInstanceOf(SendFailedException.class);
        assertThat(session.pendingCalls()).isZero();
    }

    // ---- by number

    @Test
    void shouldCountLateResponsesOfNumberedCalls() throws Exception {
        final Peer peer = open(SessionClientTest.NUMBERED);
        final Session<String> session = session();
        assertThat(reasonOf(session.callAsync("?1:", SHORT))).isEqualTo(CallFailedException.Reason.TIMED_OUT);
        assertThat(session.pendingCalls()).isZero();
        final CompletableFuture<String> second = session.callAsync("?2:", PATIENCE);
        assertThat(EngineFixture.awaitFailure(session.callAsync("?2:", PATIENCE)))
                .isInstanceOf(IllegalStateException.class);
        final CompletableFuture<String> third = session.callAsync("?3:", PATIENCE);
        assertThat(third.cancel(false)).isTrue();
        assertThat(session.pendingCalls()).isEqualTo(1);
        send(peer, "!1:late", "!3:late", "!2:good", "news");
        assertThat(EngineFixture.await(second)).isEqualTo("!2:good");
        assertThat(unsolicited.take()).isEqualTo("news");
        assertThat(session.stats().lateResponses()).isEqualTo(2);
        assertThat(session.pendingCalls()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void shouldLeaveNothingBehindWhenARequestCannotBeSent(Kind kind) throws Exception {
        final Peer peer = open(kind.correlation());
        final Session<String> session = session();
        assertThatThrownBy(() -> session.call("?1:" + "x".repeat(2 << 20), PATIENCE))
                .isInstanceOf(SendFailedException.class);
        assertThat(session.pendingCalls()).isZero();
        final CompletableFuture<String> call = session.callAsync("?1:", PATIENCE);
        assertThat(receive(peer)).isEqualTo("?1:");
        send(peer, "!1:");
        assertThat(EngineFixture.await(call)).isEqualTo("!1:");
    }

    @Test
    void shouldRefuseResponsesThatEndWithTheCallback() {
        assertThatThrownBy(() -> SessionServer.builder(
                                "tcp://127.0.0.1:0", Codecs.lengthField(2).frames())
                        .correlation(Correlation.inOrder())
                        .engine(engines.engine())
                        .start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("slices live longer");
    }
}
