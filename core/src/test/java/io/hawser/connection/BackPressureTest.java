// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.BufferFullException;
import io.hawser.connection.CloseCause.Kind;
import io.hawser.transport.SocketOptions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Peers that read slowly or not at all, and handlers that write or leave too much: memory stays within its bounds. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class BackPressureTest {
    private static final int KIBIBYTE = 1 << 10;
    private static final int MEBIBYTE = 1 << 20;

    private static final int READ_BLOCK_BYTES = 4 * KIBIBYTE;
    private static final int READ_BLOCKS = 16;
    /** What a loop of this test may receive before it flushes. */
    private static final int BYTES_PER_TURN = READ_BLOCK_BYTES * READ_BLOCKS;

    private static final Limits LIMITS = Limits.DEFAULT
            .withOutboundBytes(MEBIBYTE, 128 * KIBIBYTE, 32 * KIBIBYTE)
            .withInboundBytes(64 * KIBIBYTE);

    private final Wire wire;

    @RegisterExtension
    final EngineFixture engines;

    BackPressureTest(Wire wire) {
        this.wire = wire;
        engines = new EngineFixture(wire.transport());
    }

    // ---- a peer that does not read

    @Test
    void shouldStopReadingFromAPeerThatDoesNotReadAndLoseNothing() throws Exception {
        final Payload payload = Payload.random(1, 8 * MEBIBYTE);
        final AtomicLong mostPending = new AtomicLong();
        final AtomicLong mostMemory = new AtomicLong();
        final CountDownLatch high = new CountDownLatch(1);
        final Engine engine = engine();
        final Recorder handler = new Recorder().onData(c -> {
            c.writer().append(c.reader());
            mostPending.accumulateAndGet(c.pendingBytes(), Math::max);
            mostMemory.accumulateAndGet(engine.pool().usedBytes(), Math::max);
            if (c.pendingBytes() > LIMITS.outboundHighBytes()) {
                high.countDown();
            }
        });
        final Peer peer = connect(engine, handler);

        final CompletableFuture<Void> sent =
                EngineFixture.async(() -> peer.send(payload.bytes()).finish());
        high.await();
        EngineFixture.assertDoesNotSpin(engine.loops().getFirst(), 0);

        assertThat(sent).as("sending more than fits on the way").isNotDone();
        assertThat(handler.causes()).isEmpty();
        payload.assertEqualTo(peer.receiveAll());
        EngineFixture.await(sent);
        assertThat(mostPending.get())
                .as("most bytes pending")
                .isLessThanOrEqualTo(LIMITS.outboundHighBytes() + 2 * BYTES_PER_TURN);
        // A block may be received into before it is full; still its whole size counts.
        assertThat(mostMemory.get()).as("most memory in use").isLessThan(2 * MEBIBYTE);
    }

    @Test
    void shouldCallOnWritableOnceWhenThePeerHasTakenEnough() throws Exception {
        final Payload payload = Payload.random(2, MEBIBYTE);
        final CompletableFuture<Long> pending = new CompletableFuture<>();
        final Recorder handler = new Recorder()
                .onOpen(c -> c.writer().writeBytes(payload.bytes()))
                .onWritable(c -> pending.complete(c.pendingBytes()));
        final Peer peer = connect(engine(), handler);
        handler.awaitOpen();

        payload.assertEqualTo(peer.receive(payload.size()));

        assertThat(EngineFixture.await(pending)).as("pending in onWritable").isBetween(0L, LIMITS.outboundLowBytes());
        peer.close();
        handler.awaitClose();
        assertThat(handler.events()).containsExactly("open", "writable", "end", "close PEER_CLOSED");
    }

    @Test
    void shouldStreamByOnWritable() throws Exception {
        final Payload payload = Payload.random(3, 8 * MEBIBYTE);
        final Recorder handler = new Recorder();
        final Recorder.Step more = c -> {
            int at = (int) c.attachment().map(Integer.class::cast).orElse(0);
            // Over the high watermark, so that there will be a next time.
            while (at < payload.size() && c.pendingBytes() <= LIMITS.outboundHighBytes()) {
                final int chunk = Math.min(50_021, payload.size() - at);
                c.writer().writeBytes(payload.bytes(), at, chunk);
                at += chunk;
            }
            c.attach(at);
            if (at == payload.size()) {
                c.close();
            }
        };
        final Peer peer = connect(engine(), handler.onOpen(more).onWritable(more));

        payload.assertEqualTo(peer.receiveAll());
    }

    @Test
    void shouldReceiveFromOthersMeanwhile() throws Exception {
        final Engine engine = engine();
        final Recorder handler = Recorder.echo();
        final Server server = listen(engine, handler);
        final Peer stubborn = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        final CompletableFuture<Void> sent = EngineFixture.async(() -> stubborn.send(new byte[8 * MEBIBYTE]));
        EngineFixture.until(
                "congestion",
                () -> !handler.opened().isEmpty()
                        && handler.opened().getFirst().pendingBytes() > LIMITS.outboundHighBytes());

        final Peer other = engines.connect(server);

        assertThat(other.send("still there?").receiveText(12)).isEqualTo("still there?");
        assertThat(sent).isNotDone();
        stubborn.close();
        assertThat(EngineFixture.awaitFailure(sent)).isInstanceOf(java.io.IOException.class);
    }

    // ---- a handler that writes too much

    @Test
    void shouldFailAWriteOverTheBoundAndWriteNothingOfIt() throws Exception {
        final CompletableFuture<Long> pending = new CompletableFuture<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeString("before ");
            assertThatThrownBy(() -> c.writer().writeBytes(new byte[MEBIBYTE]))
                    .isInstanceOf(BufferFullException.class)
                    .hasMessageContaining("" + MEBIBYTE);
            pending.complete(c.pendingBytes());
            c.writer().writeString("after");
            c.close();
        });
        final Peer peer = connect(engine(), handler);

        assertThat(peer.receiveAllText()).isEqualTo("before after");
        assertThat(EngineFixture.await(pending)).isEqualTo(7);
    }

    @Test
    void shouldTakeExactlyTheBound() throws Exception {
        final Payload payload = Payload.random(4, MEBIBYTE);
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeBytes(payload.bytes());
            assertThatThrownBy(() -> c.writer().writeByte(0)).isInstanceOf(BufferFullException.class);
        });

        payload.assertEqualTo(connect(engine(), handler).receive(payload.size()));
    }

    @Test
    void shouldCloseAfterAWriteOverTheBoundWhereThatIsThePolicy() throws Exception {
        final CompletableFuture<Void> thrown = new CompletableFuture<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            assertThatThrownBy(() -> c.writer().writeBytes(new byte[MEBIBYTE + 1]))
                    .isInstanceOf(BufferFullException.class);
            thrown.complete(null);
        });
        final var options =
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withOverflow(OverflowPolicy.CLOSE));
        final Peer peer = engines.connect(engines.listen(engine(), wire.family(), options, handler));

        peer.expectGone();
        final CloseCause cause = handler.awaitClose();
        assertThat(cause.kind()).isEqualTo(Kind.LIMIT);
        assertThat(cause.error()).containsInstanceOf(BufferFullException.class);
        EngineFixture.await(thrown);
        assertThat(handler.events()).containsExactly("open", "close LIMIT");
    }

    // ---- a handler that does not read

    @Test
    void shouldCloseWhenMoreIsLeftUnreadThanAllowed() throws Exception {
        final Recorder handler = new Recorder().onData(_ -> {});
        final Peer peer = connect(engine(), handler);

        final CompletableFuture<Void> sent = EngineFixture.async(() -> peer.send(new byte[4 * MEBIBYTE]));

        final CloseCause cause = handler.awaitClose();
        assertThat(cause.kind()).isEqualTo(Kind.LIMIT);
        assertThat(cause.error().orElseThrow()).hasMessageContaining("" + LIMITS.inboundBytes());
        assertThat(EngineFixture.awaitFailure(sent)).isInstanceOf(java.io.IOException.class);
        assertThat(handler.events()).containsExactly("open", "data", "close LIMIT");
    }

    @Test
    void shouldKeepWhatIsLeftUnreadWithinTheLimit() throws Exception {
        final Payload payload = Payload.random(5, (int) LIMITS.inboundBytes());
        final Recorder handler = new Recorder();
        handler.onData(c -> {
            if (c.reader().readableBytes() == payload.size()) {
                handler.take(c);
            }
        });

        connect(engine(), handler).send(payload.bytes());

        payload.assertEqualTo(handler.awaitBytes(payload.size()));
    }

    @Test
    void shouldKeepWhatIsLeftUnreadWithinTheLimitHoweverOftenItPauses() throws Exception {
        final Payload payload = Payload.random(6, 4 * MEBIBYTE);
        final AtomicLong most = new AtomicLong();
        final Recorder handler = new Recorder();
        final int[] callsOverTheLimit = {0};
        // One message of many at a time, and a pause until it is answered elsewhere.
        handler.onData(c -> {
            final long unread = c.reader().readableBytes();
            most.accumulateAndGet(unread, Math::max);
            callsOverTheLimit[0] += unread > LIMITS.inboundBytes() ? 1 : 0;
            if (callsOverTheLimit[0] > 200) {
                handler.take(c);
            } else {
                handler.take(c, 1);
                c.pause();
                c.execute(c::resume);
            }
        });
        final Peer peer = connect(engine(), handler);

        final CompletableFuture<Void> sent = EngineFixture.async(() -> peer.send(payload.bytes()));

        payload.assertEqualTo(handler.awaitBytes(payload.size()));
        assertThat(most.get()).isLessThanOrEqualTo(LIMITS.inboundBytes() + 2L * BYTES_PER_TURN);
        EngineFixture.await(sent);
    }

    // ---- helpers

    private Engine engine() throws Exception {
        return engines.engine(
                b -> b.limits(LIMITS).transportConfig(wire.transport().receiving(READ_BLOCK_BYTES, READ_BLOCKS)));
    }

    /** A server whose kernel takes little that the peer does not. */
    private Server listen(Engine engine, Recorder handler) throws Exception {
        final var small = ConnectionOptions.DEFAULT.withSocket(
                SocketOptions.DEFAULT.withSendBufferBytes(32 * KIBIBYTE).withReceiveBufferBytes(32 * KIBIBYTE));
        return engines.listen(engine, wire.family(), ServerOptions.DEFAULT.withConnections(small), handler);
    }

    private Peer connect(Engine engine, Recorder handler) throws Exception {
        return engines.closing(
                Peer.connectWithSmallBuffers(listen(engine, handler).address()));
    }
}
