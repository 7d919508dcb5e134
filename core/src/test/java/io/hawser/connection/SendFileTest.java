// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.transport.ChannelFile;
import io.hawser.transport.FileHandle;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Files go out in their place among the writes, whole, or the peer is told that they are not. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
@SuppressWarnings("FutureReturnValueIgnored") // what becomes of it the peers tell
final class SendFileTest {
    private static final int MEBIBYTE = 1 << 20;

    private final Wire wire;

    @RegisterExtension
    final EngineFixture engines;

    SendFileTest(Wire wire) {
        this.wire = wire;
        engines = new EngineFixture(wire.transport());
    }

    @Test
    void shouldSendFileBetweenWrites() throws Exception {
        final Engine engine = engines.engine();
        final FileSource file = open(engine, "0123456789");
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeString("before ");
            c.sendFile(file, 0, 10);
            c.writer().writeString(" between ");
            c.sendFile(file, 2, 3);
            c.sendFile(file, 9, 1);
            c.writer().writeString(" after");
            c.close();
        });

        assertThat(connect(engine, handler).receiveAllText()).isEqualTo("before 0123456789 between 2349 after");
    }

    @Test
    void shouldKeepOrderOfAnotherThread() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(1, 100_000);
        final FileSource file = open(engine, payload.bytes());
        final Recorder handler = new Recorder();
        final Peer peer = connect(engine, handler);
        final Connection connection = handler.awaitOpen();

        // All in one batch, or the loop would take them one by one.
        final CountDownLatch release = EngineFixture.block(engine.loops().getFirst());
        connection.send("one ".getBytes(StandardCharsets.UTF_8));
        final CompletableFuture<Void> sent = connection.sendFile(file, 0, payload.size());
        final CompletableFuture<Void> last = connection.send(" two".getBytes(StandardCharsets.UTF_8));
        release.countDown();

        assertThat(peer.receiveText(4)).isEqualTo("one ");
        payload.assertEqualTo(peer.receive(payload.size()));
        assertThat(peer.receiveText(4)).isEqualTo(" two");
        EngineFixture.await(sent);
        EngineFixture.await(last);
    }

    @Test
    void shouldSendNothingInItsTurn() throws Exception {
        final Engine engine = engines.engine();
        final FileSource file = open(engine, "");
        final List<String> order = new ArrayList<>();
        final CompletableFuture<Void> done = new CompletableFuture<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeString("a");
            c.sendFile(file, 0, 0).thenRun(() -> order.add("first"));
            c.writer().writeString("b");
            c.sendFile(file, 0, 0).thenRun(() -> order.add("second")).thenRun(() -> done.complete(null));
        });

        assertThat(connect(engine, handler).receiveText(2)).isEqualTo("ab");
        EngineFixture.await(done);
        assertThat(order).containsExactly("first", "second");
    }

    @Test
    void shouldSendLargeFileToSlowReaderInLittleMemory() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(2, 12 * MEBIBYTE);
        final FileSource file = open(engine, payload.bytes());
        final CompletableFuture<Void> sent = new CompletableFuture<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            c.sendFile(file, 0, payload.size()).thenRun(() -> sent.complete(null));
            c.writer().writeString("!");
            assertThat(c.pendingBytes()).isEqualTo(payload.size() + 1);
        });
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(
                engines.listen(engine, wire.family(), handler).address()));

        // Nothing but what is written goes through buffers; io_uring has blocks ready to receive into.
        final Connection connection = handler.awaitOpen();
        final long usedBefore =
                wire.transport() == TestTransport.IO_URING ? engine.pool().usedBytes() : 0;
        assertThat(connection.isOpen()).isTrue();
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        while (received.size() < payload.size()) {
            received.writeBytes(peer.receive(Math.min(300_000, payload.size() - received.size())));
            assertThat(engine.pool().usedBytes()).isLessThanOrEqualTo(usedBefore + 16 * 1024);
        }

        payload.assertEqualTo(received.toByteArray());
        assertThat(peer.receiveText(1)).isEqualTo("!");
        EngineFixture.await(sent);
        handler.awaitEvent("writable");
    }

    /** As files, from memory. */
    @Test
    void shouldSendLongMessagesInTheirPlace() throws Exception {
        final Engine engine = engines.engine(
                builder -> builder.limits(Limits.DEFAULT.withOutboundBytes(1 << 20, 64 << 10, 16 << 10)));
        final Payload first = Payload.random(4, 5 * MEBIBYTE);
        final Payload second = Payload.random(5, 3 * MEBIBYTE);
        final CompletableFuture<Void> sent = new CompletableFuture<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeString("before ");
            c.sendLarge(first.bytes());
            c.writer().writeString(" between ");
            try (Buffer body = new Buffer(engine.pool())) {
                body.writeBytes(second.bytes());
                c.sendLarge(body.slice(body.readableBytes())).thenRun(() -> sent.complete(null));
            }
            c.sendLarge(new byte[0]);
            c.writer().writeString(" after");
            assertThat(c.pendingBytes()).isGreaterThanOrEqualTo(first.size() + second.size() + 22);
            c.close();
        });
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(
                engines.listen(engine, wire.family(), handler).address()));

        assertThat(peer.receiveText(7)).isEqualTo("before ");
        first.assertEqualTo(peer.receive(first.size()));
        assertThat(peer.receiveText(9)).isEqualTo(" between ");
        second.assertEqualTo(peer.receive(second.size()));
        assertThat(peer.receiveAllText()).isEqualTo(" after");
        EngineFixture.await(sent);
    }

    @Test
    void shouldSendLongMessagesInTheBlockingStyle() throws Exception {
        final Engine engine = engines.engine(
                builder -> builder.limits(Limits.DEFAULT.withOutboundBytes(1 << 20, 64 << 10, 16 << 10)));
        final Payload payload = Payload.random(6, 3 * MEBIBYTE);
        final Server server = engine.serve(engines.freshAddress(wire.family()), ServerOptions.DEFAULT, connection -> {
            connection.writer().writeBytes(connection.reader().readBytes(1));
            connection.sendLarge(payload.bytes());
            try (Buffer body = new Buffer(engine.pool())) {
                body.writeBytes(payload.bytes());
                connection.sendLarge(body.slice(body.readableBytes()));
            }
            connection.writer().writeString("!");
        });
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        peer.send("?");

        assertThat(peer.receiveText(1)).isEqualTo("?");
        payload.assertEqualTo(peer.receive(payload.size()));
        payload.assertEqualTo(peer.receive(payload.size()));
        assertThat(peer.receiveText(1)).isEqualTo("!");
    }

    @Test
    void shouldGiveBackLongMessagesThatAreNotSent() throws Exception {
        final Engine engine = engines.engine();
        final List<CompletableFuture<Void>> sent = new ArrayList<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            for (int i = 0; i < 3; i++) {
                try (Buffer body = new Buffer(engine.pool())) {
                    body.writeBytes(new byte[5 * MEBIBYTE]);
                    sent.add(c.sendLarge(body.slice(body.readableBytes())));
                    if (i == 1) {
                        c.loop().execute(c::abort);
                    }
                }
            }
        });
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(
                engines.listen(engine, wire.family(), handler).address()));
        handler.awaitClose();
        peer.receiveUntilGone();

        for (CompletableFuture<Void> failed : sent) {
            assertThat(EngineFixture.awaitFailure(failed)).isInstanceOf(ConnectionClosedException.class);
        }
        try (Buffer body = new Buffer(engine.pool())) {
            body.writeString("late");
            final Connection closed = handler.awaitOpen();
            assertThat(EngineFixture.awaitFailure(closed.sendLarge(body.slice(4))))
                    .isInstanceOf(ConnectionClosedException.class);
        }
    }

    /** What is no file of the transport's own making is read and sent piece by piece. */
    @Test
    void shouldCopyFromForeignFile() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(8, 5 * MEBIBYTE);
        final Path path = open(engine, payload.bytes()).path();
        final ForeignFile handle = new ForeignFile(ChannelFile.open(path));
        final FileSource file = engines.closing(new FileSource(path, handle));
        final CompletableFuture<Void> sent = new CompletableFuture<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeString("<");
            c.sendFile(file, 1, payload.size() - 1).thenRun(() -> sent.complete(null));
            c.writer().writeString(">");
        });
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(
                engines.listen(engine, wire.family(), handler).address()));

        assertThat(peer.receiveText(1)).isEqualTo("<");
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        received.write(payload.bytes()[0]);
        received.writeBytes(peer.receive(payload.size() - 1));
        payload.assertEqualTo(received.toByteArray());
        EngineFixture.await(sent);
        assertThat(peer.receiveText(1)).isEqualTo(">");
        final CompletableFuture<Void> failed = handler.awaitOpen().sendFile(file, payload.size() - 5, 6);
        assertThat(EngineFixture.awaitFailure(failed)).hasCauseInstanceOf(EOFException.class);
        assertThat(handle.reads.get()).isGreaterThanOrEqualTo(payload.size() / (64 * 1024));
    }

    /** Hides what it is from the transports. */
    private static final class ForeignFile implements FileHandle {
        private final FileHandle file;
        private final AtomicInteger reads = new AtomicInteger();

        ForeignFile(FileHandle file) {
            this.file = file;
        }

        @Override
        public long size() {
            return file.size();
        }

        @Override
        public FileTime lastModifiedTime() {
            return file.lastModifiedTime();
        }

        @Override
        public int read(MemorySegment target, long position) throws IOException {
            reads.incrementAndGet();
            return file.read(target, position);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    @Test
    void shouldSendManyAtOnce() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(3, 20_000);
        final FileSource file = open(engine, payload.bytes());
        final int times = 200;
        final Recorder handler = new Recorder().onOpen(c -> {
            for (int i = 0; i < times; i++) {
                c.writer().writeByte(i);
                c.sendFile(file, i, 10_000);
            }
        });
        final Server server = engines.listen(engine, wire.family(), handler);
        final List<Peer> peers = List.of(engines.connect(server), engines.connect(server), engines.connect(server));

        for (int i = 0; i < times; i++) {
            for (Peer peer : peers) {
                assertThat(peer.receive(1)).containsExactly(i);
                assertThat(peer.receive(10_000)).isEqualTo(Arrays.copyOfRange(payload.bytes(), i, i + 10_000));
            }
        }
    }

    @Test
    void shouldReceiveMeanwhile() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(4, 4 * MEBIBYTE);
        final FileSource file = open(engine, payload.bytes());
        final Recorder handler = new Recorder().onOpen(c -> c.sendFile(file, 0, payload.size()));
        final Server server = engines.listen(
                engine,
                wire.family(),
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withReceiveWhileCongested(true)),
                handler);
        final Peer peer = engines.connect(server);

        peer.send("ping");

        assertThat(handler.awaitText(4)).isEqualTo("ping");
        payload.assertEqualTo(peer.receive(payload.size()));
    }

    @Test
    void shouldSendAllBeforeItCloses() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(5, 3 * MEBIBYTE);
        final FileSource file = open(engine, payload.bytes());
        final Recorder handler = new Recorder().onOpen(c -> {
            c.sendFile(file, 0, payload.size());
            file.close();
            c.close();
        });

        final Peer peer = connect(engine, handler);
        payload.assertEqualTo(peer.receiveAll());
        peer.close();

        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.LOCAL);
        EngineFixture.until("the file is closed", () -> descriptors(file.path()) == 0);
    }

    @Test
    void shouldFailWhenPeerResets() throws Exception {
        final Engine engine = engines.engine();
        final FileSource file = open(engine, new byte[16 * MEBIBYTE]);
        final CompletableFuture<Void> sent = new CompletableFuture<>();
        final Recorder handler = new Recorder()
                .onOpen(c -> c.sendFile(file, 0, 16 * MEBIBYTE).whenComplete((_, failure) -> {
                    assertThat(failure).isNotNull();
                    sent.completeExceptionally(failure);
                }));
        final Peer peer = connect(engine, handler);
        peer.receive(100_000);
        file.close();
        assertThat(descriptors(file.path())).isPositive();

        if (wire.family() == Family.TCP) {
            peer.reset();
        } else {
            peer.close();
        }

        assertThat(EngineFixture.awaitFailure(sent)).isInstanceOf(ConnectionClosedException.class);
        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.RESET);
        EngineFixture.until("the file is closed", () -> descriptors(file.path()) == 0);
    }

    @Test
    void shouldFailWhenAborted() throws Exception {
        final Engine engine = engines.engine();
        final FileSource file = open(engine, new byte[16 * MEBIBYTE]);
        final Recorder handler = new Recorder();
        connect(engine, handler);
        final Connection connection = handler.awaitOpen();
        final CompletableFuture<Void> first = connection.sendFile(file, 0, 16 * MEBIBYTE);
        final CompletableFuture<Void> second = connection.sendFile(file, 0, 16 * MEBIBYTE);
        file.close();

        connection.abort();

        assertThat(EngineFixture.awaitFailure(first)).isInstanceOf(ConnectionClosedException.class);
        assertThat(EngineFixture.awaitFailure(second)).isInstanceOf(ConnectionClosedException.class);
        assertThat(descriptors(file.path())).isZero();
        assertThat(EngineFixture.awaitFailure(connection.sendFile(file, 0, 1)))
                .isInstanceOf(ConnectionClosedException.class);
    }

    @Test
    void shouldResetWhenFileIsShorterThanPromised() throws Exception {
        final Engine engine = engines.engine();
        final FileSource file = open(engine, "0123456789");
        final CompletableFuture<Void> sent = new CompletableFuture<>();
        final Recorder handler = new Recorder()
                .onOpen(c ->
                        c.sendFile(file, 4, 100).whenComplete((_, failure) -> sent.completeExceptionally(failure)));
        final Peer peer = connect(engine, handler);

        final Throwable failure = EngineFixture.awaitFailure(sent);

        assertThat(failure).isInstanceOf(ConnectionClosedException.class).hasCauseInstanceOf(EOFException.class);
        assertThat(failure.getCause())
                .hasMessageContaining(file.path().toString())
                .hasMessageContaining("ended at 10")
                .hasMessageContaining("94 bytes");
        final CloseCause cause = handler.awaitClose();
        assertThat(cause.kind()).isEqualTo(CloseCause.Kind.ERROR);
        assertThat(cause.error()).containsInstanceOf(EOFException.class);
        if (wire.family() == Family.TCP) {
            peer.expectTruncated("456789");
        } else {
            // Unix sockets know no reset.
            assertThat(peer.receiveUntilGone()).isLessThanOrEqualTo(6);
        }
    }

    @Test
    void shouldResetWhenFileShrinksMeanwhile() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(6, 16 * MEBIBYTE);
        final FileSource file = open(engine, payload.bytes());
        final Recorder handler = new Recorder().onOpen(c -> {
            c.sendFile(file, 0, payload.size());
            c.writer().writeString("never");
        });
        final Peer peer = connect(engine, handler);
        peer.receive(10_000);

        try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
            channel.truncate(20_000);
        }
        final int received = 10_000 + peer.receiveUntilGone();

        final CloseCause cause = handler.awaitClose();
        assertThat(cause.error()).containsInstanceOf(EOFException.class);
        assertThat(received).isLessThan(payload.size());
    }

    @Test
    void shouldRefuseMoreThanTheLimit() throws Exception {
        final Engine engine = engines.engine(
                builder -> builder.limits(Limits.DEFAULT.withOutboundBytes(10L * PartSend.MIN_WEIGHT, 1000, 1000)));
        final FileSource file = open(engine, new byte[16 * MEBIBYTE]);
        final List<CompletableFuture<Void>> sends = new ArrayList<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            for (int i = 0; i < 11; i++) {
                sends.add(c.sendFile(file, 0, 16 * MEBIBYTE));
            }
            c.abort();
        });
        connect(engine, handler);

        handler.awaitClose();

        assertThat(EngineFixture.awaitFailure(sends.getLast())).isInstanceOf(BufferFullException.class);
        assertThat(sends.subList(0, 10))
                .allSatisfy(send ->
                        assertThat(EngineFixture.awaitFailure(send)).isInstanceOf(ConnectionClosedException.class));
        assertThat(engine.limitCounters().outboundBytes()).isEqualTo(1);
    }

    @Test
    void shouldServeBlocking() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(7, 2 * MEBIBYTE);
        final FileSource file = open(engine, payload.bytes());
        final Server server = engine.serve(engines.freshAddress(wire.family()), ServerOptions.DEFAULT, connection -> {
            connection.reader().readByte();
            connection.writer().writeString("head ");
            connection.sendFile(file, 0, payload.size()).join();
            connection.writer().writeString(" middle ");
            connection.sendFile(file, 0, 5);
            connection.writer().writeString(" tail");
            connection.writer().flush();
        });
        final Peer peer = engines.connect(server);

        for (int i = 0; i < 2; i++) {
            peer.send("?");
            assertThat(peer.receiveText(5)).isEqualTo("head ");
            payload.assertEqualTo(peer.receive(payload.size()));
            assertThat(peer.receiveText(8)).isEqualTo(" middle ");
            assertThat(peer.receive(5)).isEqualTo(Arrays.copyOf(payload.bytes(), 5));
            assertThat(peer.receiveText(5)).isEqualTo(" tail");
        }
    }

    @Test
    void shouldNotSendFromClosedFile() throws Exception {
        final Engine engine = engines.engine();
        final FileSource file = open(engine, "gone");
        final Recorder handler = new Recorder();
        connect(engine, handler);
        file.close();
        file.close();

        final Connection connection = handler.awaitOpen();
        assertThat(EngineFixture.awaitFailure(connection.sendFile(file, 0, 4)))
                .isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> connection.sendFile(file, -1, 4)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection.sendFile(file, 0, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection.sendFile(file, Long.MAX_VALUE, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(connection.isOpen()).isTrue();
    }

    @Test
    void shouldOpenNothingButRegularFiles() throws Exception {
        final Engine engine = engines.engine();
        final Path directory = engines.directory();
        final Path real = directory.resolve("réal");
        Files.writeString(real, "content");
        final Path link = Files.createSymbolicLink(directory.resolve("link"), real);

        try (FileSource file = engine.openFile(link)) {
            assertThat(file.size()).isEqualTo(7);
            assertThat(file.lastModifiedTime()).isEqualTo(Files.getLastModifiedTime(real));
            assertThat(file.path()).isEqualTo(link);
        }
        assertThatThrownBy(() -> engine.openFile(link, LinkOption.NOFOLLOW_LINKS))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("link");
        assertThatThrownBy(() -> engine.openFile(directory.resolve("missing"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> engine.openFile(directory))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("not a regular file");
        assertThat(descriptors(real)).isZero();
        assertThat(descriptors(directory)).isZero();
    }

    @Test
    void shouldReadFromAFileUntilItIsClosed() throws Exception {
        final FileSource file = open(engines.engine(), "0123456789");
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment target = arena.allocate(4);

            assertThat(file.read(target, 3)).isEqualTo(4);
            assertThat(target.toArray(ValueLayout.JAVA_BYTE)).isEqualTo("3456".getBytes(StandardCharsets.UTF_8));
            assertThat(file.read(target, 8)).isEqualTo(2);
            assertThat(file.read(target, 10)).isZero();
            assertThat(file.read(target, Long.MAX_VALUE / 2)).isZero();
            assertThatThrownBy(() -> file.read(target, -1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> file.read(MemorySegment.ofArray(new byte[1]), 0))
                    .isInstanceOf(IllegalArgumentException.class);
            file.close();
            assertThatThrownBy(() -> file.read(target, 0)).isInstanceOf(ClosedChannelException.class);
        }
    }

    private FileSource open(Engine engine, String content) throws IOException {
        return open(engine, content.getBytes(StandardCharsets.UTF_8));
    }

    private FileSource open(Engine engine, byte[] content) throws IOException {
        final Path path = Files.createTempFile(engines.directory(), "file", "");
        Files.write(path, content);
        return engines.closing(engine.openFile(path));
    }

    private Peer connect(Engine engine, Recorder handler) throws IOException {
        return engines.connect(engines.listen(engine, wire.family(), handler));
    }

    /** How many descriptors this process has of {@code path}. */
    private static long descriptors(Path path) {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.filter(link -> target(link).equals(path.toString())).count();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException _) {
            return "";
        }
    }
}
