// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.Slice;
import io.hawser.connection.CloseCause;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Family;
import io.hawser.connection.Peer;
import io.hawser.connection.TestTransport;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Listeners that run in task pools. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class SessionTasksTest {
    private static final Codec<String> STRINGS = Codecs.lengthField(4).strings();

    @RegisterExtension
    final EngineFixture engines;

    SessionTasksTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private SessionServer<String> serve(Tasks tasks, EventListener<String> listener) throws Exception {
        return engines.closing(
                SessionServer.builder(engines.freshAddress(Family.TCP).toString(), STRINGS)
                        .listener(listener)
                        .tasks(tasks)
                        .engine(engines.engine())
                        .start());
    }

    private Peer connect(SessionServer<?> server) throws Exception {
        return engines.closing(Peer.connect(server.address()));
    }

    private static String receive(Peer peer) throws Exception {
        return peer.receiveText(ByteBuffer.wrap(peer.receive(4)).getInt());
    }

    private static void sendNumbers(Peer peer, int from, int to) throws Exception {
        for (int i = from; i < to; i++) {
            peer.send(SessionTest.framed(String.valueOf(i)));
        }
    }

    @Test
    void shouldKeepTheOrderOfASession() throws Exception {
        for (Tasks tasks : List.of(Tasks.ordered(), Tasks.ordered(2))) {
            final SessionServer<String> server = serve(tasks, Session::send);
            final Peer peer = connect(server);
            sendNumbers(peer, 0, 500);
            for (int i = 0; i < 500; i++) {
                assertThat(receive(peer)).isEqualTo(String.valueOf(i));
            }
        }
    }

    @Test
    void shouldLetListenersBlock() throws Exception {
        final CyclicBarrier both = new CyclicBarrier(2);
        for (Tasks tasks : List.of(Tasks.ordered(), Tasks.ordered(2), Tasks.virtualThreads(), Tasks.pool(2))) {
            final SessionServer<String> server = serve(tasks, (session, message) -> {
                both.await();
                session.send(message, EngineFixture.PATIENCE);
            });
            final Peer one = connect(server);
            final Peer other = connect(server);
            one.send(SessionTest.framed("one"));
            other.send(SessionTest.framed("other"));
            assertThat(receive(one)).isEqualTo("one");
            assertThat(receive(other)).isEqualTo("other");
        }
    }

    @Test
    void shouldAnswerAllThatCameBeforeTheEnd() throws Exception {
        for (Tasks tasks : List.of(Tasks.ordered(), Tasks.ordered(2), Tasks.pool(1))) {
            final CountDownLatch ended = new CountDownLatch(1);
            final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
            final SessionServer<String> server = serve(tasks, new EventListener<>() {
                @Override
                public void onMessage(Session<String> session, String message) throws Exception {
                    ended.await();
                    session.send(message);
                }

                @Override
                public void onClose(Session<String> session, CloseCause cause) {
                    closed.complete(cause);
                }
            });
            final Peer peer = connect(server);
            sendNumbers(peer, 0, 20);
            peer.finish();
            ended.countDown();
            for (int i = 0; i < 20; i++) {
                assertThat(receive(peer)).isEqualTo(String.valueOf(i));
            }
            peer.expectEnd();
            assertThat(EngineFixture.await(closed).kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
        }
    }

    @Test
    void shouldTellOfTheCloseLast() throws Exception {
        for (Tasks tasks : List.of(Tasks.ordered(), Tasks.pool(3), Tasks.virtualThreads())) {
            final BlockingQueue<String> events = new LinkedBlockingQueue<>();
            final CountDownLatch gone = new CountDownLatch(1);
            final CountDownLatch started = new CountDownLatch(3);
            final AtomicReference<Session<String>> session = new AtomicReference<>();
            final SessionServer<String> server = serve(tasks.withSessionCapacity(100), new EventListener<>() {
                @Override
                public void onMessage(Session<String> from, String message) throws Exception {
                    session.set(from);
                    started.countDown();
                    gone.await();
                    events.add(message);
                }

                @Override
                public void onError(Session<String> of, Throwable error) {}

                @Override
                public void onClose(Session<String> of, CloseCause cause) {
                    events.add("close");
                }
            });
            final Peer peer = connect(server);
            sendNumbers(peer, 0, 3);
            while (started.getCount() > 0 && session.get() == null) {
                Thread.onSpinWait();
            }
            session.get().abort();
            EngineFixture.until(
                    "the connection to be gone", () -> server.engine().connectionCount() == 0);
            gone.countDown();
            String last = "";
            do {
                last = events.take();
            } while (!last.equals("close"));
            assertThat(events).isEmpty();
        }
    }

    @Test
    void shouldHoldTheSenderBackWhenThePoolIsFull() throws Exception {
        final CountDownLatch open = new CountDownLatch(1);
        final List<String> seen = new ArrayList<>();
        final SessionServer<String> server = serve(Tasks.ordered().withSessionCapacity(2), (session, message) -> {
            open.await();
            synchronized (seen) {
                seen.add(message);
            }
            session.send(message);
        });
        final Peer peer = connect(server);
        sendNumbers(peer, 0, 100);
        EngineFixture.until(
                "some to be received",
                () -> server.sessions().stream().anyMatch(s -> s.stats().messagesReceived() >= 3));
        assertThat(server.sessions().iterator().next().stats().messagesReceived())
                .as("two in the lane, and one that waits for room")
                .isEqualTo(3);
        open.countDown();
        for (int i = 0; i < 100; i++) {
            assertThat(receive(peer)).isEqualTo(String.valueOf(i));
        }
    }

    @Test
    void shouldDropWhatThePoolRejects() throws Exception {
        final CountDownLatch open = new CountDownLatch(1);
        final BlockingQueue<Throwable> errors = new LinkedBlockingQueue<>();
        final SessionServer<String> server =
                serve(Tasks.ordered().withSessionCapacity(1).withPolicy(RejectionPolicy.REJECT), new EventListener<>() {
                    @Override
                    public void onMessage(Session<String> session, String message) throws Exception {
                        open.await();
                        session.send(message);
                    }

                    @Override
                    public void onError(Session<String> session, Throwable error) {
                        errors.add(error);
                    }
                });
        final Peer peer = connect(server);
        sendNumbers(peer, 0, 3);
        assertThat(errors.take()).isInstanceOf(RejectedExecutionException.class);
        assertThat(errors.take()).isInstanceOf(RejectedExecutionException.class);
        open.countDown();
        assertThat(receive(peer)).isEqualTo("0");
        peer.finish();
        peer.expectEnd();
    }

    @Test
    void shouldRunOnTheLoopWhatThePoolRejects() throws Exception {
        final CountDownLatch open = new CountDownLatch(1);
        final Tasks tasks = Tasks.ordered().withSessionCapacity(1).withPolicy(RejectionPolicy.CALLER_RUNS);
        final SessionServer<String> server = serve(tasks, (session, message) -> {
            if (message.equals("0")) {
                open.await();
            } else {
                session.send(session.loop().inLoop() + message);
            }
        });
        final Peer peer = connect(server);
        sendNumbers(peer, 0, 2);
        assertThat(receive(peer)).isEqualTo("true1");
        open.countDown();
    }

    @Test
    void shouldCloseTheSessionThatThePoolRejects() throws Exception {
        final CountDownLatch open = new CountDownLatch(1);
        final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
        final SessionServer<String> server =
                serve(Tasks.ordered().withSessionCapacity(1).withPolicy(RejectionPolicy.CLOSE), new EventListener<>() {
                    @Override
                    public void onMessage(Session<String> session, String message) throws Exception {
                        open.await();
                    }

                    @Override
                    public void onError(Session<String> session, Throwable error) {}

                    @Override
                    public void onClose(Session<String> session, CloseCause cause) {
                        closed.complete(cause);
                    }
                });
        final Peer peer = connect(server);
        sendNumbers(peer, 0, 2);
        peer.expectGone();
        peer.close();
        open.countDown();
        assertThat(EngineFixture.await(closed).kind()).isEqualTo(CloseCause.Kind.LIMIT);
    }

    @Test
    void shouldGiveBackMessagesThatNobodySees() throws Exception {
        final CountDownLatch open = new CountDownLatch(1);
        final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
        final SessionServer<Slice> server = engines.closing(SessionServer.builder(
                        engines.freshAddress(Family.TCP).toString(),
                        Codecs.lengthField(4).slices())
                .tasks(Tasks.ordered().withSessionCapacity(5))
                .listener(new EventListener<>() {
                    @Override
                    public void onMessage(Session<Slice> session, Slice message) throws Exception {
                        message.close();
                        open.await();
                        session.abort();
                        throw new IllegalStateException("the rest is not seen");
                    }

                    @Override
                    public void onError(Session<Slice> session, Throwable error) {}

                    @Override
                    public void onClose(Session<Slice> session, CloseCause cause) {
                        closed.complete(cause);
                    }
                })
                .engine(engines.engine())
                .start());
        final Peer peer = connect(server);
        sendNumbers(peer, 0, 100);
        EngineFixture.until(
                "some to be received",
                () -> server.sessions().stream().anyMatch(s -> s.stats().messagesReceived() >= 6));
        open.countDown();
        EngineFixture.await(closed);
        // The fixture looks for the slices.
    }

    @Test
    void shouldServeSeveralServersWithOnePool() throws Exception {
        try (TaskPool pool = Tasks.ordered(2).start()) {
            for (int i = 0; i < 2; i++) {
                try (SessionServer<String> server = SessionServer.builder(
                                engines.freshAddress(Family.TCP).toString(), STRINGS)
                        .listener(Session::send)
                        .tasks(pool)
                        .engine(engines.engine())
                        .start()) {
                    final Peer peer = connect(server);
                    peer.send(SessionTest.framed("hello"));
                    assertThat(receive(peer)).isEqualTo("hello");
                    peer.finish();
                    peer.expectEnd();
                }
            }
            assertThat(pool.stats().completed()).isGreaterThanOrEqualTo(2);
        }
    }

    @Test
    void shouldAnswerWhatCameBeforeAStop() throws Exception {
        final CountDownLatch open = new CountDownLatch(1);
        final CountDownLatch started = new CountDownLatch(1);
        final SessionServer<String> server = serve(Tasks.ordered(), (session, message) -> {
            started.countDown();
            open.await();
            session.send(message);
        });
        final Peer peer = connect(server);
        peer.send(SessionTest.framed("late"));
        started.await();
        final CompletableFuture<Void> stopped = server.engine().closeAsync(EngineFixture.PATIENCE);
        assertThat(stopped).isNotDone();
        open.countDown();
        assertThat(receive(peer)).isEqualTo("late");
        peer.expectEnd();
        peer.close();
        EngineFixture.await(stopped);
    }
}
