// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.Buffer;
import io.hawser.connection.CloseCause.Kind;
import io.hawser.linux.CallState;
import io.hawser.linux.Sockets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.opentest4j.TestAbortedException;

/** Taking a socket out of an engine and putting it into one: no byte is lost, doubled or out of order, and no socket is. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class DetachTest {
    private static final int MEBIBYTE = 1 << 20;

    private final Wire wire;
    private final Family family;

    @RegisterExtension
    final LoopErrors errors = new LoopErrors();

    @RegisterExtension
    final EngineFixture engines;

    private Engine other;

    DetachTest(Wire wire) {
        this.wire = wire;
        family = wire.family();
        engines = new EngineFixture(wire.transport());
    }

    @BeforeEach
    void startOther() throws IOException {
        other = engines.engine();
    }

    private boolean isNio() {
        return wire.transport() == TestTransport.NIO;
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }

    private static DetachedConnection detach(Connection connection) throws Exception {
        return EngineFixture.await(connection.detach());
    }

    private Connection adopt(Engine engine, DetachedConnection detached, ConnectionHandler handler) throws Exception {
        return EngineFixture.await(engine.adopt(detached, ConnectionOptions.DEFAULT, engines.watched(handler)));
    }

    // ---- what goes along

    @Test
    void shouldDeliverUnreadBytesBeforeNewOnes() throws Exception {
        final Recorder first = new Recorder().onData(c -> {
            if (c.reader().readableBytes() >= 8) {
                c.reader().skip(3);
                c.pause();
            }
        });
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final Connection connection = first.awaitOpen();
        peer.send("onetwoth");
        EngineFixture.until("eight bytes", () -> connection.loop().stats().bytesIn() >= 8);

        final DetachedConnection detached = detach(connection);

        assertThat(first.awaitClose().kind()).isEqualTo(Kind.DETACHED);
        assertThat(text(detached.unread())).isEqualTo("twoth");
        peer.send("ree");
        final Recorder second = new Recorder();
        final Connection adopted = adopt(engines.engine(), detached, second);
        peer.send("four");
        assertThat(second.awaitText(12)).isEqualTo("twothreefour");
        assertThat(second.events().getFirst()).isEqualTo("open");
        final var unused = adopted.send("five".getBytes(StandardCharsets.UTF_8));
        assertThat(peer.receiveText(4)).isEqualTo("five");
        assertThat(first.events()).endsWith("close DETACHED").doesNotContain("end", "error");
        assertThat(first.causes()).hasSize(1);
        peer.close();
        assertThat(second.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
    }

    @Test
    void shouldLoseNothingOnAConnectionThatNeverStays() throws Exception {
        final Payload payload = Payload.random(1, 6 * MEBIBYTE);
        final List<Engine> both = List.of(engines.engine(b -> b.loops(2)), engines.engine());
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        // Each leaves something behind for the next. One of them has the connection at a time, so one thread.
        final Recorder handler = new Recorder()
                .onData(c -> received.writeBytes(
                        c.reader().readBytes((int) (c.reader().readableBytes() + 1) / 2)))
                .onEnd(c -> {
                    received.writeBytes(c.reader().readBytes((int) c.reader().readableBytes()));
                    c.close();
                });
        final Peer peer = engines.connect(engines.listen(both.getFirst(), family, handler));
        final CompletableFuture<Void> sent = EngineFixture.async(() -> peer.send(payload.bytes()));

        Connection connection = handler.awaitOpen();
        int moves = 0;
        do {
            connection = adopt(both.get(moves++ % 2), detach(connection), handler);
        } while (!sent.isDone() && moves < 500);
        EngineFixture.await(sent);
        // Only now: a connection that has seen the end closes, and cannot be detached.
        peer.finish();

        EngineFixture.until("the end", () -> handler.causes().stream().anyMatch(c -> c.kind() == Kind.PEER_CLOSED));
        assertThat(handler.causes()).filteredOn(c -> c.kind() == Kind.DETACHED).hasSize(moves);
        payload.assertEqualTo(received.toByteArray());
    }

    @Test
    void shouldSendWhatIsPendingFirst() throws Exception {
        final Payload payload = Payload.random(2, 4 * MEBIBYTE);
        final AtomicReference<CompletableFuture<DetachedConnection>> detached = new AtomicReference<>();
        final Recorder first = new Recorder().onOpen(c -> {
            c.writer().writeBytes(payload.bytes());
            detached.set(c.detach());
        });
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));

        first.awaitOpen();
        payload.assertEqualTo(peer.receive(payload.size()));
        EngineFixture.until("the call of detach", () -> detached.get() != null);

        final Recorder second = new Recorder().onOpen(c -> c.writer().writeString("behind"));
        adopt(engines.engine(), EngineFixture.await(detached.get()), second);
        assertThat(peer.receiveText(6)).isEqualTo("behind");
    }

    @Test
    void shouldSendMessagesOfOtherThreadsThatCameBefore() throws Exception {
        final Recorder first = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final Connection connection = first.awaitOpen();
        final CountDownLatch release = EngineFixture.block(connection.loop());
        final CompletableFuture<Void> before = connection.send("before".getBytes(StandardCharsets.UTF_8));
        final CompletableFuture<DetachedConnection> detached = connection.detach();
        final CompletableFuture<Void> behind = connection.send("behind".getBytes(StandardCharsets.UTF_8));
        release.countDown();

        final String sentBehind;
        try (DetachedConnection handle = EngineFixture.await(detached)) {
            assertThat(peer.receiveText(6)).isEqualTo("before");
            EngineFixture.await(before);
            // Whether the loop took it over with the one before is a matter of when it looked.
            final boolean sent = behind.handle((_, failure) -> failure == null).get();
            assertThat(handle.isOpen()).isTrue();
            sentBehind = sent ? "behind" : "";
        }
        assertThat(peer.receiveAllText()).isEqualTo(sentBehind);
    }

    @Test
    void shouldRefuseWritesFromTheCallOn() throws Exception {
        final AtomicReference<CompletableFuture<DetachedConnection>> detached = new AtomicReference<>();
        final AtomicReference<Throwable> refusal = new AtomicReference<>();
        final Recorder first = new Recorder().onData(c -> {
            c.reader().skip(1);
            detached.set(c.detach());
            try {
                c.writer().writeByte(1);
            } catch (ConnectionClosedException e) {
                refusal.set(e);
            }
            c.close();
            c.shutdownOutput();
            c.writer().flush();
        });
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        peer.send("ab");

        assertThat(first.awaitClose().kind()).isEqualTo(Kind.DETACHED);
        assertThat(refusal.get()).isNotNull();
        try (DetachedConnection handle = EngineFixture.await(detached.get())) {
            assertThat(text(handle.unread())).isIn("b", "");
            assertThat(EngineFixture.awaitFailure(first.opened().getFirst().send(new byte[1])))
                    .isInstanceOf(ConnectionClosedException.class);
        }
        assertThat(peer.receiveAllText()).isEmpty();
    }

    @Test
    void shouldFindTheEndOfThePeerAgain() throws Exception {
        final Recorder first = new Recorder().onEnd(_ -> {});
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        peer.send("last").finish();
        first.awaitEvent("end");

        final Recorder second = new Recorder().onEnd(c -> c.writer().writeString("so long"));
        final Connection adopted = adopt(other, detach(first.awaitOpen()), second);

        assertThat(peer.receiveText(7)).isEqualTo("so long");
        adopted.close();
        peer.expectEnd();
        assertThat(second.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(second.receivedBytes()).isZero();
    }

    @Test
    void shouldFindAHangUpThatCameWhilePaused() throws Exception {
        final Recorder first = new Recorder().onOpen(Connection::pause);
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final Connection connection = first.awaitOpen();
        peer.send("last").close();
        EngineFixture.assertDoesNotSpin(connection.loop(), 0);

        final Recorder second = new Recorder();
        adopt(other, detach(connection), second);

        assertThat(second.awaitText(4)).isEqualTo("last");
        assertThat(second.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(first.events()).containsExactly("open", "close DETACHED");
    }

    @Test
    void shouldTakeAlongWhatWasReceivedAhead() throws Exception {
        final Recorder first = new Recorder().onOpen(Connection::pause);
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final Connection connection = first.awaitOpen();
        peer.send("ahead");
        assertThat(connection.isActive()).isTrue();

        final Recorder second = new Recorder();
        adopt(other, detach(connection), second);
        peer.send("behind");

        assertThat(second.awaitText(11)).isEqualTo("aheadbehind");
    }

    /** Whichever of the two comes first: there is one end, and the socket is somebody's. */
    @Test
    void shouldMeetAReset() throws Exception {
        Assumptions.assumeTrue(family == Family.TCP, "unix sockets have no reset of their own");
        final Recorder first = new Recorder();
        final Server server = engines.listen(engines.engine(), family, first);
        for (int i = 1; i <= 20; i++) {
            final Peer peer = engines.connect(server);
            final Connection connection = first.awaitOpen(i).get(i - 1);
            peer.send(new byte[10_000]);
            final CompletableFuture<DetachedConnection> detached = connection.detach();
            peer.reset();

            final Recorder second = new Recorder();
            final var adopted = detached.thenCompose(
                    handle -> other.adopt(handle, ConnectionOptions.DEFAULT, engines.watched(second)));

            final boolean moved = EngineFixture.await(adopted.handle((_, failure) -> failure == null));
            assertThat(first.awaitClose(i).get(i - 1).kind()).isEqualTo(moved ? Kind.DETACHED : Kind.RESET);
            if (moved) {
                assertThat(second.awaitClose().kind()).isEqualTo(Kind.RESET);
            }
        }
    }

    @Test
    void shouldHandAHalfClosedConnectionAlong() throws Exception {
        final Recorder first = new Recorder().onOpen(Connection::shutdownOutput);
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        peer.expectEnd();

        final AtomicReference<Throwable> refusal = new AtomicReference<>();
        final Recorder second = new Recorder().onOpen(c -> {
            try {
                c.writer().writeByte(1);
            } catch (ConnectionClosedException e) {
                refusal.set(e);
            }
        });
        adopt(other, detach(first.awaitOpen()), second);
        peer.send("heard").close();

        assertThat(second.awaitText(5)).isEqualTo("heard");
        assertThat(second.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(refusal.get()).isNotNull();
    }

    @Test
    void shouldDetachADialledConnection() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, family, Recorder.echo());
        final Connection dialled = engines.dial(engine, server.address(), new Recorder());

        final Recorder second = new Recorder().onOpen(c -> c.writer().writeString("echo"));
        final Connection adopted = adopt(engine, detach(dialled), second);

        assertThat(second.awaitText(4)).isEqualTo("echo");
        assertThat(adopted.remoteAddress()).isEqualTo(dialled.remoteAddress()).isPresent();
        assertThat(adopted.id()).isNotEqualTo(dialled.id());
    }

    // ---- who takes the socket

    @Test
    void shouldGiveTheSocketItself() throws Exception {
        final Recorder first = new Recorder().onData(_ -> {});
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        peer.send("kept");
        first.awaitEvent("data");
        EngineFixture.until(
                "four bytes", () -> first.opened().getFirst().loop().stats().bytesIn() >= 4);
        final DetachedConnection detached = detach(first.awaitOpen());
        final Recorder second = new Recorder();
        final Engine engine = engines.engine();
        final CompletableFuture<Connection> adoption;

        if (isNio()) {
            assertThatThrownBy(detached::takeDescriptor).isInstanceOf(UnsupportedOperationException.class);
            final var channel = detached.takeChannel();
            channel.configureBlocking(true);
            channel.write(ByteBuffer.wrap("by hand".getBytes(StandardCharsets.UTF_8)));
            adoption = engine.adopt(channel, ConnectionOptions.DEFAULT, engines.watched(second));
        } else {
            assertThatThrownBy(detached::takeChannel).isInstanceOf(UnsupportedOperationException.class);
            final int fd = detached.takeDescriptor();
            try (Buffer bytes = new Buffer(engine.pool())) {
                bytes.writeString("by hand");
                final var head = bytes.head();
                assertThat(Sockets.send(new CallState(), fd, head.address() + head.start(), 7))
                        .isEqualTo(7);
            }
            adoption = engine.adopt(fd, ConnectionOptions.DEFAULT, engines.watched(second));
        }
        assertThat(text(detached.unread())).isEqualTo("kept");
        assertThat(detached.isOpen()).isFalse();
        detached.close();
        assertThatThrownBy(() -> engine.adopt(detached, ConnectionOptions.DEFAULT, second))
                .isInstanceOf(IllegalStateException.class);

        EngineFixture.await(adoption);
        assertThat(peer.receiveText(7)).isEqualTo("by hand");
        peer.send("new").close();
        assertThat(second.awaitText(3)).isEqualTo("new");
        assertThat(second.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
    }

    @Test
    void shouldRefuseWhatIsNoSocketForThisTransport() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, family, Recorder.echo());
        final var options = ConnectionOptions.DEFAULT;
        try (var channel = SocketChannel.open(server.address().resolve().getFirst())) {
            if (isNio()) {
                assertThatThrownBy(() -> engine.adopt(0, options, new Recorder()))
                        .isInstanceOf(UnsupportedOperationException.class);
                try (var selector = Selector.open();
                        var closed = SocketChannel.open()) {
                    channel.configureBlocking(false);
                    channel.register(selector, 0);
                    assertThatThrownBy(() -> engine.adopt(channel, options, new Recorder()))
                            .isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> engine.adopt(closed, options, new Recorder()))
                            .isInstanceOf(IllegalArgumentException.class);
                }
            } else {
                assertThatThrownBy(() -> engine.adopt(channel, options, new Recorder()))
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining("nio");
                final int listening = Sockets.socket(new CallState(), Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
                for (int fd : new int[] {-1, 0, listening}) {
                    assertThatThrownBy(() -> engine.adopt(fd, options, new Recorder()))
                            .isInstanceOf(IllegalArgumentException.class);
                }
                Sockets.close(new CallState(), listening);
            }
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void shouldMoveBetweenTransportsOfOneKind() throws Exception {
        final Recorder first = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final DetachedConnection detached = detach(first.awaitOpen());
        final Recorder second = Recorder.echo();
        final TestTransport sibling =
                wire.transport() == TestTransport.IO_URING ? TestTransport.EPOLL_EDGE : TestTransport.IO_URING;
        Assumptions.assumeTrue(isAvailable(sibling));
        final Engine engine = engines.engine(_ -> sibling.builder());
        final var adoption = engine.adopt(detached, ConnectionOptions.DEFAULT, engines.watched(second));

        if (isNio()) {
            assertThat(EngineFixture.awaitFailure(adoption)).isInstanceOf(UnsupportedOperationException.class);
            peer.expectEnd();
            assertThat(engine.connectionCount()).isZero();
        } else {
            final Connection adopted = EngineFixture.await(adoption);
            peer.send("over");
            assertThat(peer.receiveText(4)).isEqualTo("over");
            EngineFixture.assertDoesNotSpin(adopted.loop(), 0);
            assertThat(adopted.remoteAddress()).isEqualTo(detached.remoteAddress());
            final Recorder third = Recorder.echo();
            final Connection back = adopt(other, detach(adopted), third);
            peer.send("back");
            assertThat(peer.receiveText(4)).isEqualTo("back");
            EngineFixture.assertDoesNotSpin(back.loop(), 0);
        }
    }

    /** Else an epoll loop would block in a send. */
    @Test
    void shouldSetTheModeThatTheTransportNeeds() throws Exception {
        Assumptions.assumeFalse(isNio());
        final TestTransport sibling =
                wire.transport() == TestTransport.IO_URING ? TestTransport.EPOLL_EDGE : TestTransport.IO_URING;
        Assumptions.assumeTrue(isAvailable(sibling));
        final Recorder first = new Recorder();
        engines.connect(engines.listen(engines.engine(), family, first));
        final Engine engine = engines.engine(_ -> sibling.builder());
        final Connection adopted = adopt(engine, detach(first.awaitOpen()), new Recorder());

        final int fd = detach(adopted).takeDescriptor();

        try {
            final String flags = Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)).stream()
                    .filter(line -> line.startsWith("flags:"))
                    .findFirst()
                    .orElseThrow();
            final int octal =
                    Integer.parseInt(flags.substring("flags:".length()).strip(), 8);
            assertThat((octal & Sockets.SOCK_NONBLOCK) != 0)
                    .as("O_NONBLOCK over %s", sibling)
                    .isEqualTo(sibling != TestTransport.IO_URING);
        } finally {
            Sockets.close(new CallState(), fd);
        }
    }

    private static boolean isAvailable(TestTransport transport) {
        try {
            transport.assumeAvailable();
            return true;
        } catch (TestAbortedException e) {
            return false;
        }
    }

    // ---- who does not

    @Test
    void shouldCloseTheSocketWithTheHandle() throws Exception {
        final Recorder first = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final DetachedConnection detached = detach(first.awaitOpen());
        assertThat(detached.transport()).isEqualTo(wire.transport().transportName());

        detached.close();
        detached.close();

        peer.expectEnd();
        assertThatThrownBy(detached::takeChannel).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(detached::takeDescriptor).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldCloseWhatNobodyWaitsForAnyMore() throws Exception {
        final Recorder first = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final Connection connection = first.awaitOpen();
        final CountDownLatch release = EngineFixture.block(connection.loop());
        connection.detach().cancel(false);
        release.countDown();

        peer.expectEnd();
        assertThat(first.awaitClose().kind()).isEqualTo(Kind.DETACHED);
    }

    @Test
    void shouldReportAndCloseWhatIsForgotten() throws Exception {
        final Engine engine = wire.transport().builder().name("forgetful").start();
        final Recorder first = new Recorder();
        final Server server = engine.listen(engines.freshAddress(family), ServerOptions.DEFAULT, first);
        final Peer peer = engines.connect(server);
        final DetachedConnection forgotten = detach(first.awaitOpen());

        assertThatThrownBy(engine::close)
                .rootCause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("1 detached")
                .satisfies(failure -> assertThat(failure.getSuppressed()[0].getStackTrace())
                        .anySatisfy(frame ->
                                assertThat(frame.getMethodName()).isEqualTo("shouldReportAndCloseWhatIsForgotten")));

        assertThat(forgotten.isOpen()).isFalse();
        peer.expectEnd();
        assertThat(engine.state()).isEqualTo(EngineState.CLOSED);
        assertThat(engine.pool().leaks()).isEmpty();
    }

    // ---- when it does not work

    @Test
    void shouldDetachOnceAtMost() throws Exception {
        final Recorder first = new Recorder();
        engines.connect(engines.listen(engines.engine(), family, first));
        final Connection connection = first.awaitOpen();
        final CountDownLatch release = EngineFixture.block(connection.loop());
        final var one = connection.detach();
        final var two = connection.detach();
        release.countDown();

        try (DetachedConnection detached = EngineFixture.await(one)) {
            assertThat(EngineFixture.awaitFailure(two))
                    .isInstanceOf(ConnectionClosedException.class)
                    .hasMessageContaining("under way");
            assertThat(EngineFixture.awaitFailure(connection.detach()))
                    .isInstanceOf(ConnectionClosedException.class)
                    .hasMessageContaining("DETACHED");
            assertThat(detached.isOpen()).isTrue();
        }
        assertThat(first.causes()).hasSize(1);
    }

    @Test
    void shouldNotDetachWhatIsBeingClosed() throws Exception {
        final Recorder first = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final Connection connection = first.awaitOpen();
        connection.close();

        assertThat(EngineFixture.awaitFailure(connection.detach())).isInstanceOf(ConnectionClosedException.class);

        peer.expectEnd();
        peer.close();
        assertThat(first.awaitClose().kind()).isEqualTo(Kind.LOCAL);
    }

    @Test
    void shouldNotDetachWhatIsNotOpenYet() throws Exception {
        final AtomicReference<CompletableFuture<DetachedConnection>> detached = new AtomicReference<>();
        final var handler = new ConnectionHandler() {
            @Override
            public boolean prepare(Connection connection) {
                detached.set(connection.detach());
                return true;
            }

            @Override
            public void onData(Connection connection) {
                connection.writer().append(connection.reader());
            }
        };
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, handler));

        assertThat(peer.send("on").receiveText(2)).isEqualTo("on");
        assertThat(EngineFixture.awaitFailure(detached.get())).isInstanceOf(ConnectionClosedException.class);
    }

    /** A connection that is being detached and cannot be, since its peer takes nothing. */
    private record Stuck(
            Recorder handler, Peer peer, Connection connection, CompletableFuture<DetachedConnection> result) {}

    private Stuck stuck(Engine engine, ConnectionOptions options) throws Exception {
        final AtomicReference<CompletableFuture<DetachedConnection>> detached = new AtomicReference<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeBytes(new byte[10 * MEBIBYTE]);
            detached.set(c.detach());
        });
        final Server server = engines.listen(engine, family, ServerOptions.DEFAULT.withConnections(options), handler);
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        final Connection connection = handler.awaitOpen();
        EngineFixture.until("the call of detach", () -> detached.get() != null);
        return new Stuck(handler, peer, connection, detached.get());
    }

    @Test
    void shouldFailWhenThePeerResets() throws Exception {
        final Stuck stuck = stuck(engines.engine(), ConnectionOptions.DEFAULT);

        if (family == Family.TCP) {
            stuck.peer.reset();
        } else {
            stuck.peer.close();
        }

        assertThat(EngineFixture.awaitFailure(stuck.result)).isInstanceOf(ConnectionClosedException.class);
        assertThat(stuck.handler.awaitClose().kind()).isEqualTo(Kind.RESET);
    }

    @Test
    void shouldFailWhenItIsAborted() throws Exception {
        final Stuck stuck = stuck(engines.engine(), ConnectionOptions.DEFAULT);

        stuck.connection.close();
        stuck.connection.abort();

        assertThat(EngineFixture.awaitFailure(stuck.result)).isInstanceOf(ConnectionClosedException.class);
        assertThat(stuck.handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
    }

    @Test
    void shouldFailWhenThePeerTakesTooLong() throws Exception {
        final Stuck stuck = stuck(engines.engine(), ConnectionOptions.DEFAULT.withCloseTimeout(Duration.ofMillis(50)));

        assertThat(EngineFixture.awaitFailure(stuck.result))
                .isInstanceOf(ConnectionClosedException.class)
                .hasMessageContaining("TIMED_OUT");
        assertThat(stuck.handler.awaitClose().kind()).isEqualTo(Kind.TIMED_OUT);
    }

    @Test
    void shouldFailWhenTheEngineStops() throws Exception {
        final Engine engine = engines.engine();
        final Stuck stuck = stuck(engine, ConnectionOptions.DEFAULT.withCloseTimeout(Duration.ofMinutes(5)));

        final var closed = engine.closeAsync(Duration.ZERO);

        assertThat(EngineFixture.awaitFailure(stuck.result)).isInstanceOf(ConnectionClosedException.class);
        assertThat(stuck.handler.awaitClose().kind()).isEqualTo(Kind.SHUTDOWN);
        EngineFixture.await(closed);
        assertThat(EngineFixture.awaitFailure(stuck.connection.detach())).isInstanceOf(ConnectionClosedException.class);
    }

    @Test
    void shouldFinishWhileTheEngineDrains() throws Exception {
        final Engine engine = engines.engine();
        final Stuck stuck = stuck(engine, ConnectionOptions.DEFAULT.withCloseTimeout(Duration.ofMinutes(5)));

        final Recorder second = Recorder.echo();
        // Before the engine's end finds it open: on its loop, which ends later.
        final var adopted = stuck.result.thenCompose(
                detached -> other.adopt(detached, ConnectionOptions.DEFAULT, engines.watched(second)));
        final var closed = engine.closeAsync(EngineFixture.PATIENCE);
        stuck.peer.receive(10 * MEBIBYTE);
        EngineFixture.await(adopted);

        EngineFixture.await(closed);
        assertThat(stuck.peer.send("on").receiveText(2)).isEqualTo("on");
    }

    @Test
    void shouldFailWhenTheHandlerThrowsMeanwhile() throws Exception {
        final AtomicReference<CompletableFuture<DetachedConnection>> detached = new AtomicReference<>();
        final Recorder first = new Recorder().onData(c -> {
            detached.set(c.detach());
            throw new IllegalStateException("on purpose");
        });
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        peer.send("x");

        assertThat(first.awaitClose().kind()).isEqualTo(Kind.ERROR);
        assertThat(EngineFixture.awaitFailure(detached.get())).hasRootCauseMessage("on purpose");
        peer.expectGone();
    }

    // ---- where it does not fit

    @Test
    void shouldCloseWhatAClosedEngineIsToAdopt() throws Exception {
        final Recorder first = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final DetachedConnection detached = detach(first.awaitOpen());
        other.close();

        final var adoption = other.adopt(detached, ConnectionOptions.DEFAULT, new Recorder());

        assertThat(EngineFixture.awaitFailure(adoption))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("closed");
        peer.expectEnd();
    }

    @Test
    void shouldCloseAndCountWhatIsOverTheLimit() throws Exception {
        final Engine small = engines.engine(b -> b.limits(Limits.DEFAULT.withConnections(1)));
        final Recorder first = new Recorder();
        final Server server = engines.listen(engines.engine(), family, first);
        final Peer kept = engines.connect(server);
        final Recorder second = Recorder.echo();
        adopt(small, detach(first.awaitOpen()), second);
        final Peer refused = engines.connect(server);

        final var adoption = small.adopt(
                detach(first.awaitOpen(2).get(1)), ConnectionOptions.DEFAULT, engines.watched(new Recorder()));

        assertThat(EngineFixture.awaitFailure(adoption))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("limit is 1");
        refused.expectEnd();
        assertThat(small.limitCounters().connections()).isEqualTo(1);
        assertThat(small.connectionCount()).isEqualTo(1);
        assertThat(kept.send("still").receiveText(5)).isEqualTo("still");
    }

    @Test
    void shouldCountTowardsItsSource() throws Exception {
        Assumptions.assumeTrue(family == Family.TCP, "unix peers are not counted");
        final Engine small = engines.engine(b -> b.limits(Limits.DEFAULT.withConnectionsPerSource(1)));
        final Recorder first = new Recorder();
        final Server server = engines.listen(small, family, first);
        final Peer peer = engines.connect(server);
        final Recorder second = new Recorder();
        adopt(small, detach(first.awaitOpen()), second);

        engines.connect(server).expectEnd();
        assertThat(small.limitCounters().connectionsPerSource()).isEqualTo(1);
        peer.close();
        second.awaitClose();
        engines.connect(server);
        first.awaitOpen(2);

        final Connection dialled = engines.dial(
                small, engines.listen(other, family, new Recorder()).address(), new Recorder());
        adopt(small, detach(dialled), new Recorder());
        assertThat(small.sources().sources()).isEqualTo(1);
    }

    @Test
    void shouldSpreadOverTheLoops() throws Exception {
        final Engine two = engines.engine(b -> b.loops(2));
        final Recorder first = new Recorder();
        final Server server = engines.listen(other, family, first);
        for (int i = 0; i < 4; i++) {
            engines.connect(server);
        }

        for (Connection each : first.awaitOpen(4)) {
            adopt(two, detach(each), new Recorder());
        }

        assertThat(IntStream.range(0, 2).map(two::connectionCount)).containsExactly(2, 2);
        assertThat(other.connectionCount()).isZero();
    }

    @Test
    void shouldCloseWhatTheHandlerRefuses() throws Exception {
        final Recorder first = new Recorder().onData(_ -> {});
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        peer.send("kept");
        first.awaitEvent("data");
        final var refusing = new ConnectionHandler() {
            @Override
            public boolean prepare(Connection connection) {
                return false;
            }

            @Override
            public void onData(Connection connection) {
                throw new AssertionError();
            }
        };

        final var adoption = other.adopt(detach(first.awaitOpen()), ConnectionOptions.DEFAULT, refusing);

        assertThat(EngineFixture.awaitFailure(adoption)).hasMessageContaining("refused");
        peer.expectEnd();
        assertThat(other.connectionCount()).isZero();
    }

    @Test
    void shouldCloseWhatThereIsNoMemoryFor() throws Exception {
        final CompletableFuture<DetachedConnection> handed = new CompletableFuture<>();
        final Recorder first = new Recorder().onData(c -> {
            if (c.reader().readableBytes() >= MEBIBYTE) {
                final var unused = c.detach().whenComplete((detached, _) -> handed.complete(detached));
            }
        });
        final Peer peer = engines.connect(engines.listen(engines.engine(), family, first));
        final CompletableFuture<Void> sent = EngineFixture.async(() -> peer.send(new byte[MEBIBYTE]));
        final DetachedConnection detached = EngineFixture.await(handed);
        EngineFixture.await(sent);
        assertThat(detached.unread().remaining()).isEqualTo(MEBIBYTE);
        final Engine poor = engines.engine(b -> b.limits(Limits.DEFAULT.withBufferMemoryBytes(MEBIBYTE / 2))
                .transportConfig(wire.transport().receiving(4096, 8)));

        final var adoption = poor.adopt(detached, ConnectionOptions.DEFAULT, new Recorder());

        assertThat(EngineFixture.awaitFailure(adoption)).isInstanceOf(IOException.class);
        peer.expectGone();
        assertThat(poor.connectionCount()).isZero();
    }

    // ---- the blocking style

    @Test
    void shouldDetachAndAdoptInTheBlockingStyle() throws Exception {
        final AtomicReference<Kind> cause = new AtomicReference<>();
        final CompletableFuture<DetachedConnection> detached = new CompletableFuture<>();
        final var handler = new BlockingHandler() {
            @Override
            public void handle(Connection connection) {
                final String greeting = connection.reader().readString(5);
                connection.writer().writeString(greeting);
                // The thread may wait for it.
                detached.complete(connection.detach().join());
                assertThatThrownBy(connection::reader).isInstanceOf(ConnectionClosedException.class);
                assertThatThrownBy(connection::writer).isInstanceOf(ConnectionClosedException.class);
            }

            @Override
            public void onError(Connection connection, Throwable error) {
                detached.completeExceptionally(error);
            }

            @Override
            public void onClose(Connection connection, CloseCause why) {
                cause.set(why.kind());
            }
        };
        final Server server = engines.engine().serve(engines.freshAddress(family), ServerOptions.DEFAULT, handler);
        final Peer peer = engines.connect(server);
        peer.send("helloworld");
        assertThat(peer.receiveText(5)).isEqualTo("hello");
        final DetachedConnection first = EngineFixture.await(detached);
        assertThat(cause).hasValue(Kind.DETACHED);

        final CompletableFuture<Connection> served = other.serve(first, ConnectionOptions.DEFAULT, connection -> {
            connection.writer().writeString(connection.reader().readString(8));
        });
        peer.send("now");

        assertThat(peer.receiveText(8)).isEqualTo("worldnow");
        assertThatThrownBy(() -> EngineFixture.await(served).detach())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("by its handler");
    }

    @Test
    void shouldDetachWhatBlockingCodeHasDialled() throws Exception {
        final Server server = engines.listen(engines.engine(), family, Recorder.echo());
        final DetachedConnection detached;
        try (Connection dialled = other.dial(server.address(), ConnectionOptions.DEFAULT)) {
            dialled.writer().writeString("onetwo");
            assertThat(dialled.reader().readString(3)).isEqualTo("one");
            dialled.writer().writeString("three");
            detached = dialled.detach().join();
            assertThat(EngineFixture.awaitFailure(dialled.detach())).isInstanceOf(ConnectionClosedException.class);
        }

        try (Connection adopted = other.adopt(detached, ConnectionOptions.DEFAULT)) {
            assertThat(adopted.reader().readString(8)).isEqualTo("twothree");
            adopted.writer().writeString("four");
            assertThat(adopted.reader().readString(4)).isEqualTo("four");
        }
    }
}
