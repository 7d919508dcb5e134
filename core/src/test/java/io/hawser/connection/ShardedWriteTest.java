// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.Slice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Many threads write to one connection. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class ShardedWriteTest {
    private static final int THREADS = 4;
    private static final int MESSAGES = 1000;
    private static final int HEADER_BYTES = 12;
    private static final Limits SMALL = Limits.DEFAULT.withOutboundBytes(256 << 10, 64 << 10, 16 << 10);

    @RegisterExtension
    final EngineFixture engines;

    ShardedWriteTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @Test
    void shouldKeepTheOrderOfEachThreadAndTearNoMessage() throws Exception {
        final long seed = System.nanoTime();
        final Recorder handler = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
        final Connection connection = handler.awaitOpen();
        final List<CompletableFuture<Void>> all = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            final int number = t;
            threads.add(Thread.ofPlatform().start(() -> {
                final List<CompletableFuture<Void>> mine = new ArrayList<>();
                final Random random = new Random(seed + number);
                for (int i = 0; i < MESSAGES; i++) {
                    mine.add(send(connection, message(number, i, random.nextInt(3000)), i));
                }
                synchronized (all) {
                    all.addAll(mine);
                }
            }));
        }
        final int[] next = new int[THREADS];
        for (int i = 0; i < THREADS * MESSAGES; i++) {
            final ByteBuffer header = ByteBuffer.wrap(peer.receive(HEADER_BYTES));
            final int thread = header.getInt();
            final int sequence = header.getInt();
            final int length = header.getInt();
            assertThat(thread).as("seed %d", seed).isBetween(0, THREADS - 1);
            assertThat(sequence).as("of thread %d, seed %d", thread, seed).isEqualTo(next[thread]++);
            for (byte b : peer.receive(length)) {
                assertThat(b).as("torn, seed %d", seed).isEqualTo((byte) sequence);
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
        EngineFixture.await(CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)));
        assertThat(all).hasSize(THREADS * MESSAGES);
        assertThat(connection.pendingBytes()).isZero();
    }

    private static CompletableFuture<Void> send(Connection connection, byte[] message, int i) {
        return i % 2 == 0 ? connection.send(message) : connection.send(ByteBuffer.wrap(message));
    }

    private static byte[] message(int thread, int sequence, int length) {
        final ByteBuffer message = ByteBuffer.allocate(HEADER_BYTES + length);
        message.putInt(thread).putInt(sequence).putInt(length);
        while (message.hasRemaining()) {
            message.put((byte) sequence);
        }
        return message.array();
    }

    @Test
    void shouldKeepTheOrderOfWritesAndMessagesOfTheLoop() throws Exception {
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeByte('a');
            final var b = c.send(new byte[] {'b'});
            c.writer().writeByte('c');
            final var d = c.send(ByteBuffer.wrap(new byte[] {'d'}));
            c.close();
            assertThat(List.of(b, d)).noneMatch(CompletableFuture::isCompletedExceptionally);
        });
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));

        assertThat(peer.receiveAllText()).isEqualTo("abcd");
    }

    @Test
    void shouldSendWhatAnotherThreadHasSentBeforeItCloses() throws Exception {
        final Recorder handler = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
        final Connection connection = handler.awaitOpen();
        final List<CompletableFuture<Void>> sent = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            sent.add(connection.send(new byte[] {'x'}));
        }
        connection.close();

        assertThat(peer.receiveAll()).hasSize(100);
        for (CompletableFuture<Void> one : sent) {
            EngineFixture.await(one);
        }
    }

    @Test
    void shouldFlushManyMessagesOnce() throws Exception {
        final Recorder handler = new Recorder();
        final Engine engine = engines.engine();
        final Peer peer = engines.connect(engines.listen(engine, Family.TCP, handler));
        final Connection connection = handler.awaitOpen();
        final CountDownLatch offered = new CountDownLatch(1);
        connection.execute(() -> {
            try {
                offered.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        final List<CompletableFuture<Void>> sent = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            sent.add(connection.send(new byte[] {'x'}));
        }
        final List<Long> turns = new ArrayList<>();
        final CompletableFuture<?>[] noted = sent.stream()
                .map(one -> one.thenRun(
                        () -> turns.add(engine.loops().getFirst().stats().turns())))
                .toArray(CompletableFuture[]::new);
        offered.countDown();

        assertThat(peer.receive(50)).hasSize(50);
        EngineFixture.await(CompletableFuture.allOf(noted));
        assertThat(turns).hasSize(50).containsOnly(turns.getFirst());
    }

    @Test
    void shouldSendASliceWithoutKeepingIt() throws Exception {
        final CompletableFuture<Slice> taken = new CompletableFuture<>();
        final Recorder handler = new Recorder()
                .onData(c -> taken.complete(c.reader().slice(c.reader().readableBytes())));
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
        peer.send("slice");
        EngineFixture.await(handler.awaitOpen().send(EngineFixture.await(taken)));

        assertThat(peer.receiveText(5)).isEqualTo("slice");
    }

    @Test
    void shouldRefuseWhatIsOverTheBound() throws Exception {
        final Recorder handler = new Recorder();
        final Server server = engines.listen(engines.engine(b -> b.limits(SMALL)), Family.TCP, handler);
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        final Connection connection = handler.awaitOpen();
        int accepted = 0;
        CompletableFuture<Void> last = connection.send(new byte[1024]);
        while (!last.isCompletedExceptionally()) {
            accepted++;
            // On the loop, where no bytes are on their way from one count to the other.
            EngineFixture.onLoop(
                    connection.loop(),
                    () -> assertThat(connection.pendingBytes()).isLessThanOrEqualTo(SMALL.outboundBytes()));
            last = connection.send(new byte[1024]);
        }
        assertThat(EngineFixture.awaitFailure(last)).isInstanceOf(BufferFullException.class);

        assertThat(peer.receive(accepted * 1024)).hasSize(accepted * 1024);
        EngineFixture.await(connection.send(new byte[1024]));
    }

    @Test
    void shouldCloseOverTheBoundIfThatIsThePolicy() throws Exception {
        final Recorder handler = new Recorder();
        final Server server = engines.listen(
                engines.engine(b -> b.limits(SMALL)),
                Family.TCP,
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withOverflow(OverflowPolicy.CLOSE)),
                handler);
        engines.connect(server);
        final CompletableFuture<Void> sent = handler.awaitOpen().send(new byte[(int) SMALL.outboundBytes() + 1]);

        assertThat(EngineFixture.awaitFailure(sent)).isInstanceOf(BufferFullException.class);
        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.LIMIT);
    }

    @Test
    void shouldFailWhatIsNotSentWithTheCauseOfTheClose() throws Exception {
        final Recorder handler = new Recorder();
        final Server server = engines.listen(engines.engine(), Family.TCP, handler);
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        final Connection connection = handler.awaitOpen();
        final CompletableFuture<Void> sent = connection.send(new byte[12 << 20]);
        peer.reset();

        assertThat(EngineFixture.awaitFailure(sent))
                .isInstanceOf(ConnectionClosedException.class)
                .hasMessageContaining("RESET");
        handler.awaitClose();
        assertThat(EngineFixture.awaitFailure(connection.send(new byte[1])))
                .isInstanceOf(ConnectionClosedException.class);
    }

    @Test
    void shouldFailAfterTheEngineIsClosed() throws Exception {
        final Recorder handler = new Recorder();
        final Engine engine = engines.engine();
        engines.connect(engines.listen(engine, Family.TCP, handler));
        final Connection connection = handler.awaitOpen();
        EngineFixture.await(engine.closeAsync(Duration.ZERO));

        assertThat(EngineFixture.awaitFailure(connection.send(new byte[1])))
                .isInstanceOf(ConnectionClosedException.class);
    }

    @Test
    void shouldSendToABlockingConnectionInOneOrderWithItsWriter() throws Exception {
        final Server server = engines.engine().serve("tcp://127.0.0.1:0", connection -> {
            connection.reader().readByte();
            connection.writer().writeByte('a').flush();
            final var b = connection.send(new byte[] {'b'});
            connection.writer().writeByte('c').flush();
            connection.send(new byte[] {'d'}).join();
            b.join();
        });
        final Peer peer = engines.connect(server).send("x");

        assertThat(peer.receiveText(4)).isEqualTo("abcd");
    }
}
