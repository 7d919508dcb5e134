// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.NotEnoughBytesException;
import io.hawser.buffer.Slice;
import java.lang.foreign.ValueLayout;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers that block, on virtual threads carried by the JDK's pool and by the loop's own thread. */
@ParameterizedClass
@MethodSource("setUps")
final class BlockingTest {
    private static final int MEBIBYTE = 1 << 20;

    private final SetUp setUp;

    @RegisterExtension
    final EngineFixture engines;

    BlockingTest(SetUp setUp) {
        this.setUp = setUp;
        engines = new EngineFixture(setUp.transport());
    }

    record SetUp(TestTransport transport, VirtualThreads threads) {}

    static Stream<SetUp> setUps() {
        return Arrays.stream(TestTransport.values())
                .flatMap(transport ->
                        Arrays.stream(VirtualThreads.values()).map(threads -> new SetUp(transport, threads)));
    }

    private Engine engine() throws Exception {
        return engine(UnaryOperator.identity());
    }

    private Engine engine(UnaryOperator<Engine.Builder> more) throws Exception {
        // Or the half of these tests that is for the loop's own thread would be for the JDK's pool again.
        assertThat(setUp.threads().isAvailable()).isTrue();
        return engines.engine(builder -> more.apply(builder.virtualThreads(setUp.threads())));
    }

    private static Server serve(Engine engine, BlockingHandler handler) throws Exception {
        return engine.serve("tcp://127.0.0.1:0", handler);
    }

    /** Length, then so many bytes: the example of {@link io.hawser.Hawser#serve}. */
    private static void echoFrame(Connection connection) {
        final int length = connection.reader().readInt();
        try (Slice body = connection.reader().slice(length)) {
            connection.writer().writeInt(length).append(body).flush();
        }
    }

    private static byte[] frame(byte[] body) {
        return ByteBuffer.allocate(4 + body.length)
                .putInt(body.length)
                .put(body)
                .array();
    }

    private static void letTheLoopTurn(Engine engine, int times) {
        for (int i = 0; i < times; i++) {
            CompletableFuture.runAsync(() -> {}, engine.loops().getFirst()).join();
        }
    }

    // ---- many at once

    /** Where the JDK's pool carries them, one thread makes all others ready, and ends with the engine. */
    @Test
    void shouldWakeAllThatHaveReceivedSomethingInATurn() throws Exception {
        final int connections = 40;
        final int rounds = 20;
        final CountDownLatch begun = new CountDownLatch(connections);
        final Engine engine = engine(builder -> builder.loops(1));
        final Server server = serve(engine, c -> {
            if (c.reader().readByte() == 1) {
                begun.countDown();
            }
            c.writer().writeInt(c.reader().readInt()).flush();
        });
        final List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            peers.add(engines.closing(Peer.connect(server.address())));
            peers.getLast().send(new byte[] {1});
        }
        begun.await();

        for (int round = 0; round < rounds; round++) {
            final CompletableFuture<Void> sent = new CompletableFuture<>();
            engine.loops().getFirst().execute(sent::join);
            for (int i = 0; i < connections; i++) {
                // The rest of one message, and the beginning of the next, for which its thread waits then.
                final byte[] rest = {0, 0, (byte) round, (byte) i, 0};
                peers.get(i).send(round < rounds - 1 ? rest : Arrays.copyOf(rest, 4));
            }
            sent.complete(null);
            for (int i = 0; i < connections; i++) {
                assertThat(peers.get(i).receive(4)).containsExactly(0, 0, round, i);
            }
        }

        final Optional<Thread> waker = engine.workers().getFirst().waker().thread();
        assertThat(waker.isPresent()).isEqualTo(setUp.threads() == VirtualThreads.JDK);
        for (Peer peer : peers) {
            peer.close();
        }
        engine.close();
        if (waker.isPresent()) {
            waker.get().join();
        }
    }

    // ---- when the handler runs

    @Test
    void shouldRunTheHandlerOnAVirtualThread() throws Exception {
        final CompletableFuture<Thread> thread = new CompletableFuture<>();
        final Server server = serve(engine(), c -> {
            thread.complete(Thread.currentThread());
            c.reader().skip(c.reader().readableBytes());
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("x");
            assertThat(EngineFixture.await(thread).isVirtual()).isTrue();
        }
    }

    @Test
    void shouldAnswerMessageByMessage() throws Exception {
        final Server server = serve(engine(), BlockingTest::echoFrame);
        try (Peer peer = Peer.connect(server.address())) {
            for (int i = 0; i < 200; i++) {
                final byte[] frame = frame(Payload.random(i, i * 7).bytes());
                peer.send(frame);
                assertThat(peer.receive(frame.length)).as("frame %d", i).isEqualTo(frame);
            }
        }
    }

    @Test
    void shouldWaitForTheRestOfAMessageThatComesByteByByte() throws Exception {
        final Server server = serve(engine(), BlockingTest::echoFrame);
        final byte[] frame = frame(Payload.random(1, 60).bytes());
        try (Peer peer = Peer.connect(server.address())) {
            for (byte b : frame) {
                peer.send(new byte[] {b});
            }
            assertThat(peer.receive(frame.length)).isEqualTo(frame);
        }
    }

    @Test
    void shouldRunAgainWhileBytesAreLeft() throws Exception {
        final Server server = serve(engine(), BlockingTest::echoFrame);
        final byte[] frame = frame(Payload.random(2, 33).bytes());
        final byte[] many = new byte[frame.length * 1000];
        for (int i = 0; i < 1000; i++) {
            System.arraycopy(frame, 0, many, i * frame.length, frame.length);
        }
        try (Peer peer = Peer.connect(server.address())) {
            final CompletableFuture<Void> sent = EngineFixture.async(() -> peer.send(many));
            assertThat(peer.receive(many.length)).isEqualTo(many);
            EngineFixture.await(sent);
        }
    }

    @Test
    void shouldNeverRunTwiceAtOnceForOneConnection() throws Exception {
        final AtomicInteger running = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        final Server server = serve(engine(), c -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            final byte b = c.reader().readByte();
            running.decrementAndGet();
            c.writer().writeByte(b);
        });
        final Payload payload = Payload.random(3, 5000);
        try (Peer peer = Peer.connect(server.address())) {
            final CompletableFuture<Void> sent = EngineFixture.async(() -> {
                for (int i = 0; i < payload.size(); i += 10) {
                    peer.send(payload.bytes(), i, 10);
                }
            });
            assertThat(peer.receive(payload.size())).isEqualTo(payload.bytes());
            EngineFixture.await(sent);
        }
        assertThat(most).hasValue(1);
    }

    @Test
    void shouldServeOthersWhileOneHandlerWaits() throws Exception {
        final CountDownLatch release = new CountDownLatch(1);
        final CountDownLatch blocked = new CountDownLatch(1);
        final Server server = serve(engine(), c -> {
            if (c.reader().readByte() == 'b') {
                blocked.countDown();
                release.await();
            }
            c.writer().writeByte('!');
        });
        try (Peer slow = Peer.connect(server.address());
                Peer quick = Peer.connect(server.address())) {
            slow.send("b");
            blocked.await();
            quick.send("q");
            assertThat(quick.receive(1)).containsExactly('!');
            release.countDown();
            assertThat(slow.receive(1)).containsExactly('!');
        }
    }

    @Test
    void shouldNotRunAgainForBytesThatTheHandlerLeftUntilMoreCome() throws Exception {
        final AtomicInteger runs = new AtomicInteger();
        final CountDownLatch twice = new CountDownLatch(2);
        final Server server = serve(engine(), c -> {
            runs.incrementAndGet();
            twice.countDown();
            if (c.reader().readableBytes() == 2) {
                c.writer().append(c.reader());
            }
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("a");
            EngineFixture.until("the first run", () -> runs.get() == 1);
            peer.send("b");
            assertThat(peer.receive(2)).containsExactly('a', 'b');
        }
        assertThat(runs).hasValue(2);
    }

    @Test
    void shouldHoldNoThreadAndNoBufferForAnIdleConnection() throws Exception {
        final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
        final Engine engine = engine();
        final Server server = serve(engine, c -> {
            threads.add(Thread.currentThread());
            c.writer().writeByte(c.reader().readByte());
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("x");
            assertThat(peer.receive(1)).containsExactly('x');
            EngineFixture.until("the end of the thread", () -> threads.stream().noneMatch(Thread::isAlive));
            // And it is served again.
            peer.send("y");
            assertThat(peer.receive(1)).containsExactly('y');
            assertThat(threads).hasSize(2);
        }
    }

    // ---- bytes

    @Test
    void shouldEchoTenMegabytesInOddChunks() throws Exception {
        final Server server = serve(engine(), c -> {
            while (true) {
                c.reader().getByte(0);
                c.writer().append(c.reader()).flush();
            }
        });
        final Payload payload = Payload.random(4, 10 * MEBIBYTE);
        try (Peer peer = Peer.connect(server.address())) {
            final CompletableFuture<Void> sent = EngineFixture.async(() -> {
                int at = 0;
                for (int i = 1; at < payload.size(); i++) {
                    final int n = Math.min(payload.size() - at, 1 + (i * 7919) % 70_000);
                    peer.send(payload.bytes(), at, n);
                    at += n;
                }
                peer.finish();
            });
            assertThat(peer.receiveAll()).isEqualTo(payload.bytes());
            EngineFixture.await(sent);
        }
    }

    @Test
    void shouldParkAWriterWhosePeerDoesNotReadAndLoseNothing() throws Exception {
        final Engine engine =
                engine(builder -> builder.limits(Limits.DEFAULT.withOutboundBytes(MEBIBYTE, 128 << 10, 32 << 10)));
        final Payload payload = Payload.random(5, 8 * MEBIBYTE);
        final AtomicReference<Thread> writer = new AtomicReference<>();
        final CompletableFuture<Long> mostPending = new CompletableFuture<>();
        final Server server = serve(engine, c -> {
            writer.set(Thread.currentThread());
            c.reader().readByte();
            long most = 0;
            for (int at = 0; at < payload.size(); at += 64 << 10) {
                c.writer().writeBytes(payload.bytes(), at, 64 << 10).flush();
                most = Math.max(most, c.pendingBytes());
            }
            mostPending.complete(most);
        });
        try (Peer peer = Peer.connectWithSmallBuffers(server.address())) {
            peer.send("x");
            EngineFixture.until("the writer to wait", () -> {
                final Thread thread = writer.get();
                return thread != null && thread.getState() == Thread.State.WAITING;
            });
            assertThat(mostPending).isNotDone();
            assertThat(peer.receive(payload.size())).isEqualTo(payload.bytes());
        }
        assertThat(EngineFixture.await(mostPending)).isLessThanOrEqualTo(MEBIBYTE);
    }

    @Test
    void shouldHoldTheReceivingBackWhileTheHandlerIsSlow() throws Exception {
        final Engine engine = engine(builder -> builder.limits(Limits.DEFAULT.withInboundBytes(256 << 10)));
        final CountDownLatch release = new CountDownLatch(1);
        final Payload payload = Payload.random(6, 16 * MEBIBYTE);
        final Server server = serve(engine, c -> {
            release.await();
            while (true) {
                c.reader().getByte(0);
                c.writer().append(c.reader()).flush();
            }
        });
        try (Peer peer = Peer.connectWithSmallBuffers(server.address())) {
            final CompletableFuture<Void> sent = EngineFixture.async(() -> peer.send(payload.bytes()));
            final long[] last = {-1};
            EngineFixture.until("the receiving to stop", () -> {
                final long received = engine.loops().getFirst().stats().bytesIn();
                final boolean stopped = received > 0 && received == last[0];
                last[0] = received;
                letTheLoopTurn(engine, 100);
                return stopped;
            });
            assertThat(last[0]).isLessThan(payload.size());
            assertThat(engine.pool().usedBytes()).isLessThan(16L * MEBIBYTE);
            release.countDown();
            assertThat(peer.receive(payload.size())).isEqualTo(payload.bytes());
            EngineFixture.await(sent);
        }
    }

    @Test
    void shouldServeManyConnections() throws Exception {
        final Server server = serve(engine(builder -> builder.loops(2)), BlockingTest::echoFrame);
        final byte[] frame = frame(Payload.random(7, 500).bytes());
        final List<CompletableFuture<Void>> peers = Stream.generate(() -> EngineFixture.async(() -> {
                    try (Peer peer = Peer.connect(server.address())) {
                        for (int i = 0; i < 20; i++) {
                            peer.send(frame);
                            assertThat(peer.receive(frame.length)).isEqualTo(frame);
                        }
                    }
                }))
                .limit(200)
                .toList();
        for (CompletableFuture<Void> peer : peers) {
            EngineFixture.await(peer);
        }
    }

    // ---- ends and failures

    @Test
    void shouldSendWhatWasWrittenBeforeTheHandlerReturned() throws Exception {
        final Server server = serve(engine(), c -> {
            c.reader().readByte();
            c.writer().writeString("answer");
            c.close();
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("x");
            assertThat(peer.receiveAll()).asString().isEqualTo("answer");
        }
    }

    @Test
    void shouldEndAReadThatThePeersFinLeavesShort() throws Exception {
        final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
        final Server server = serve(engine(), new BlockingHandler() {
            @Override
            public void handle(Connection connection) {
                try {
                    connection.reader().readLong();
                } catch (NotEnoughBytesException e) {
                    thrown.complete(e);
                    throw e;
                }
            }

            @Override
            public void onClose(Connection connection, CloseCause cause) {
                closed.complete(cause);
            }
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("abc").finish();
            peer.expectEnd();
        }
        assertThat(EngineFixture.await(thrown)).isInstanceOf(NotEnoughBytesException.class);
        assertThat(EngineFixture.await(closed).kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
    }

    @Test
    void shouldStillAnswerAfterThePeersFin() throws Exception {
        final Server server = serve(engine(), c -> {
            try {
                c.reader().readBytes(100);
            } catch (NotEnoughBytesException e) {
                c.writer().append(c.reader()).writeString("!");
            }
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("half").finish();
            assertThat(peer.receiveAll()).asString().isEqualTo("half!");
        }
    }

    @Test
    void shouldWakeAReaderWhosePeerResets() throws Exception {
        final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        final CountDownLatch reading = new CountDownLatch(1);
        final Server server = serve(engine(), c -> {
            c.reader().readByte();
            reading.countDown();
            try {
                c.reader().readLong();
            } catch (RuntimeException e) {
                thrown.complete(e);
                throw e;
            }
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("x");
            reading.await();
            peer.reset();
        }
        assertThat(EngineFixture.await(thrown))
                .isInstanceOf(ConnectionClosedException.class)
                .hasMessageContaining("RESET");
    }

    @Test
    void shouldWakeAWriterWhosePeerResets() throws Exception {
        final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        final AtomicReference<Thread> writer = new AtomicReference<>();
        final Server server = serve(engine(), c -> {
            writer.set(Thread.currentThread());
            c.reader().readByte();
            try {
                while (true) {
                    c.writer().writeBytes(new byte[64 << 10]).flush();
                }
            } catch (ConnectionClosedException e) {
                thrown.complete(e);
                throw e;
            }
        });
        try (Peer peer = Peer.connectWithSmallBuffers(server.address())) {
            peer.send("x");
            EngineFixture.until("the writer to wait", () -> {
                final Thread thread = writer.get();
                return thread != null && thread.getState() == Thread.State.WAITING;
            });
            peer.reset();
        }
        assertThat(EngineFixture.await(thrown)).isInstanceOf(ConnectionClosedException.class);
    }

    @Test
    void shouldCloseTheConnectionOfAHandlerThatThrowsAndNoOther() throws Exception {
        final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
        final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
        final Server server = serve(engine(), new BlockingHandler() {
            @Override
            public void handle(Connection connection) {
                if (connection.reader().readByte() == 'x') {
                    throw new IllegalStateException("as planned");
                }
                connection.writer().writeByte('!');
            }

            @Override
            public void onError(Connection connection, Throwable error) {
                errors.add(error);
            }

            @Override
            public void onClose(Connection connection, CloseCause cause) {
                if (cause.kind() == CloseCause.Kind.ERROR) {
                    closed.complete(cause);
                }
            }
        });
        try (Peer bad = Peer.connect(server.address());
                Peer good = Peer.connect(server.address())) {
            bad.send("x");
            bad.expectGone();
            good.send("g");
            assertThat(good.receive(1)).containsExactly('!');
        }
        assertThat(EngineFixture.await(closed).error()).get().asString().contains("as planned");
        assertThat(errors).hasSize(1);
    }

    @Test
    void shouldRefuseToBlockALoop() throws Exception {
        final Engine engine = engine();
        final Server server = serve(engine, c -> c.writer().append(c.reader()));
        final Connection connection = engine.dial(server.address(), ConnectionOptions.DEFAULT);
        try (connection) {
            EngineFixture.onLoop(
                    engine.loops().getFirst(),
                    () -> assertThatThrownBy(() -> connection.reader().readByte())
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("virtual thread"));
            EngineFixture.onLoop(
                    engine.loops().getFirst(),
                    () -> assertThatThrownBy(() -> engine.dial(server.address(), ConnectionOptions.DEFAULT))
                            .isInstanceOf(IllegalStateException.class));
        }
    }

    @Test
    void shouldRefuseAReadOverTheInboundLimit() throws Exception {
        final Engine engine = engine(builder -> builder.limits(Limits.DEFAULT.withInboundBytes(1000)));
        final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        final Server server = serve(engine, c -> {
            try {
                c.reader().readBytes(1001);
            } catch (IllegalArgumentException e) {
                thrown.complete(e);
                c.close();
            }
            c.reader().skip(c.reader().readableBytes());
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("x");
            peer.expectEnd();
        }
        assertThat(EngineFixture.await(thrown)).hasMessageContaining("limit");
    }

    // ---- clients

    @Test
    void shouldDialInPlainBlockingCode() throws Exception {
        final Engine engine = engine();
        final Server server = serve(engine, BlockingTest::echoFrame);
        try (Connection connection = engine.dial(server.address(), ConnectionOptions.DEFAULT)) {
            for (int i = 0; i < 100; i++) {
                connection.writer().writeInt(5).writeString("hello");
                assertThat(connection.reader().readInt()).isEqualTo(5);
                assertThat(connection.reader().readString(5)).isEqualTo("hello");
            }
        }
    }

    @Test
    void shouldLetADiallerReadWhatCameBeforeTheConnectionWasLost() throws Exception {
        final Engine engine = engine();
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            final Address address = Address.parse("tcp://127.0.0.1:" + server.getLocalPort());
            try (Connection connection = engine.dial(address, ConnectionOptions.DEFAULT)) {
                final Socket peer = server.accept();
                peer.getOutputStream().write(new byte[] {1, 2, 3});
                assertThat(connection.reader().peek(3).toArray(ValueLayout.JAVA_BYTE))
                        .containsExactly(1, 2, 3);
                connection.reader().release();
                final CompletableFuture<CloseCause> gone = new CompletableFuture<>();
                connection.onClose(gone::complete);
                peer.setSoLinger(true, 0);
                peer.close();
                assertThat(EngineFixture.await(gone).kind()).isEqualTo(CloseCause.Kind.RESET);
                EngineFixture.onLoop(engine.loops().getFirst(), () -> {});
                assertThat(connection.reader().readBytes(3)).containsExactly(1, 2, 3);
                assertThatThrownBy(() -> connection.reader().readByte()).isInstanceOf(ConnectionClosedException.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldEndAReadOfADialWhenAnotherThreadCloses(boolean abruptly) throws Exception {
        final Engine engine = engine();
        final Server server = serve(engine, c -> c.reader().readInt());
        final Connection connection = engine.dial(server.address(), ConnectionOptions.DEFAULT);
        final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        final Thread reader = Thread.ofVirtual().start(() -> {
            try {
                connection.reader().readInt();
            } catch (RuntimeException e) {
                thrown.complete(e);
            }
        });
        EngineFixture.until("the reader to wait", () -> reader.getState() == Thread.State.WAITING);
        if (abruptly) {
            connection.abort();
        } else {
            connection.close();
        }
        assertThat(EngineFixture.await(thrown)).isInstanceOf(ConnectionClosedException.class);
        connection.close();
    }

    @Test
    void shouldEndAWriteOfADialWhenAnotherThreadCloses() throws Exception {
        final Engine engine =
                engine(builder -> builder.limits(Limits.DEFAULT.withOutboundBytes(MEBIBYTE, 128 << 10, 32 << 10)));
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            final Connection connection =
                    engine.dial(Address.parse("tcp://127.0.0.1:" + server.getLocalPort()), ConnectionOptions.DEFAULT);
            try (Socket peer = server.accept()) {
                final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
                final Thread writer = Thread.ofVirtual().start(() -> {
                    try {
                        while (true) {
                            connection.writer().writeBytes(new byte[64 << 10]).flush();
                        }
                    } catch (RuntimeException e) {
                        thrown.complete(e);
                    }
                });
                EngineFixture.until("the writer to wait", () -> writer.getState() == Thread.State.WAITING);
                connection.abort();
                assertThat(EngineFixture.await(thrown)).isInstanceOf(ConnectionClosedException.class);
                assertThat(peer.isClosed()).isFalse();
            }
        }
    }

    @Test
    void shouldSendOnlyWhatTheHandlerHasFlushedWhenAnotherThreadCloses() throws Exception {
        final CountDownLatch closed = new CountDownLatch(1);
        final CompletableFuture<Connection> writing = new CompletableFuture<>();
        final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        final Server server = serve(engine(), c -> {
            c.reader().readByte();
            c.writer().writeString("flushed");
            c.writer().flush();
            c.writer().writeString("half of someth");
            writing.complete(c);
            closed.await();
            c.writer().writeString("ing");
            try {
                c.reader().readByte();
            } catch (RuntimeException e) {
                thrown.complete(e);
                throw e;
            }
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("x");
            EngineFixture.await(writing).close();
            assertThat(peer.receiveAll()).asString().isEqualTo("flushed");
            closed.countDown();
            assertThat(EngineFixture.await(thrown)).isInstanceOf(ConnectionClosedException.class);
        }
    }

    @Test
    void shouldEndAReadOfAHandlerWhenAnotherThreadCloses() throws Exception {
        final CompletableFuture<Connection> reading = new CompletableFuture<>();
        final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        final AtomicReference<Thread> reader = new AtomicReference<>();
        final Server server = serve(engine(), c -> {
            c.reader().readByte();
            reader.set(Thread.currentThread());
            reading.complete(c);
            try {
                c.reader().readByte();
            } catch (RuntimeException e) {
                thrown.complete(e);
                throw e;
            }
        });
        try (Peer peer = Peer.connect(server.address())) {
            peer.send("x");
            final Connection connection = EngineFixture.await(reading);
            EngineFixture.until("the reader to wait", () -> {
                final Thread thread = reader.get();
                return thread != null && thread.getState() == Thread.State.WAITING;
            });
            connection.close();
            // Although the peer has not closed its side.
            assertThat(EngineFixture.await(thrown)).isInstanceOf(ConnectionClosedException.class);
            assertThat(peer.receiveAll()).isEmpty();
        }
    }

    @Test
    void shouldReportARefusedDialAsAnIOException() throws Exception {
        final Engine engine = engine();
        final Server server = serve(engine, BlockingTest::echoFrame);
        server.close();
        assertThatThrownBy(() -> engine.dial(server.address(), ConnectionOptions.DEFAULT))
                .isInstanceOf(ConnectException.class);
    }
}
