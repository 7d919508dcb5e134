// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.Slice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes arrive complete and in order, however they are cut. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class TransferTest {
    private static final int MEBIBYTE = 1 << 20;
    private static final ConnectionOptions FULL_DUPLEX = ConnectionOptions.DEFAULT.withReceiveWhileCongested(true);

    private final Wire wire;

    @RegisterExtension
    final EngineFixture engines;

    TransferTest(Wire wire) {
        this.wire = wire;
        engines = new EngineFixture(wire.transport());
    }

    @Test
    void shouldReceiveSingleBytes() throws Exception {
        final Payload payload = Payload.random(1, 2000);
        final Recorder handler = new Recorder();
        final Peer peer = connect(handler);

        for (int i = 0; i < payload.size(); i++) {
            peer.send(payload.bytes(), i, 1);
        }

        payload.assertEqualTo(handler.awaitBytes(payload.size()));
    }

    @Test
    void shouldSendSingleBytes() throws Exception {
        final Payload payload = Payload.random(2, 100_000);
        final Recorder handler = new Recorder().onOpen(c -> {
            for (byte b : payload.bytes()) {
                c.writer().writeByte(b);
            }
        });

        payload.assertEqualTo(connect(handler).receive(payload.size()));
    }

    @Test
    void shouldSendSingleBytesInTurnsOfTheirOwn() throws Exception {
        final Payload payload = Payload.random(3, 2000);
        final Recorder handler = new Recorder();
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();
        for (byte b : payload.bytes()) {
            connection.execute(() -> connection.writer().writeByte(b));
        }

        payload.assertEqualTo(peer.receive(payload.size()));
    }

    @Test
    void shouldExchangeSingleBytes() throws Exception {
        final Peer peer = connect(Recorder.echo());
        for (int i = 0; i < 1000; i++) {
            assertThat(peer.send(new byte[] {(byte) i}).receive(1)).containsExactly(i);
        }
    }

    @Test
    void shouldSendEightMebibytesInOneWrite() throws Exception {
        final Payload payload = Payload.random(4, 8 * MEBIBYTE);
        final Recorder handler = new Recorder().onOpen(c -> c.writer().writeBytes(payload.bytes()));

        payload.assertEqualTo(connect(handler).receive(payload.size()));
    }

    @Test
    void shouldReceiveEightMebibytes() throws Exception {
        final Payload payload = Payload.random(5, 8 * MEBIBYTE);
        final Recorder handler = new Recorder();

        connect(handler).send(payload.bytes());

        payload.assertEqualTo(handler.awaitBytes(payload.size()));
    }

    @Test
    void shouldEchoTenMebibytesInOddChunks() throws Exception {
        final Payload payload = Payload.random(6, 10 * MEBIBYTE);
        final Peer peer = connect(Recorder.echo());

        final CompletableFuture<Void> sent = EngineFixture.async(() -> sendInOddChunks(peer, payload));

        payload.assertEqualTo(peer.receive(payload.size()));
        EngineFixture.await(sent);
        peer.finish().expectEnd();
    }

    @Test
    void shouldEchoWhatItReadsInOddPieces() throws Exception {
        final Payload payload = Payload.random(7, 4 * MEBIBYTE);
        final Random random = new Random(8);
        // A message of a length of its own each time: remainders stay in the reader, copies and slices alternate.
        final Recorder handler = new Recorder().onData(c -> {
            int next = 1 + random.nextInt(5000);
            while (c.reader().readableBytes() >= next) {
                if (next % 2 == 0) {
                    c.writer().writeBytes(c.reader().readBytes(next));
                } else {
                    try (Slice slice = c.reader().slice(next)) {
                        c.writer().append(slice);
                    }
                }
                next = 1 + random.nextInt(5000);
            }
        });
        handler.onEnd(c -> {
            c.writer().append(c.reader());
            c.close();
        });
        final Peer peer = connect(handler);

        final CompletableFuture<Void> sent = EngineFixture.async(() -> {
            sendInOddChunks(peer, payload);
            peer.finish();
        });

        payload.assertEqualTo(peer.receiveAll());
        EngineFixture.await(sent);
    }

    @Test
    void shouldKeepTheOrderOfWritesOfAllKinds() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            final MemorySegment foreign = arena.allocateFrom("foreign ");
            final CompletableFuture<Void> released = new CompletableFuture<>();
            final Recorder handler = new Recorder().onData(c -> {
                final MemorySegment reserved = c.writer().reserve(16);
                reserved.setString(0, "reserved ");
                c.writer().keep(9);
                c.writer().writeDirect(foreign.asSlice(0, 8), 0, () -> released.complete(null));
                c.writer().writeString("written ");
                c.writer().append(c.reader());
                c.writer().writeInt('!');
            });
            final Peer peer = connect(handler);

            peer.send("appended");

            assertThat(peer.receiveText(37)).isEqualTo("reserved foreign written appended\0\0\0!");
            EngineFixture.await(released);
            assertThat(foreign.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 'f');
        }
    }

    /** What one connection received is handed to another without a copy, there and back again. */
    @Test
    void shouldProxy() throws Exception {
        final Payload payload = Payload.random(9, 8 * MEBIBYTE);
        final Engine engine = engines.engine();
        final Server origin = engines.listen(engine, wire.family(), Recorder.echo());
        final Recorder proxy = engines.watched(new Recorder());
        proxy.onOpen(inner -> {
            inner.pause();
            final Recorder outer = engines.watched(new Recorder()
                    .onData(c -> inner.writer().append(c.reader()))
                    .onEnd(c -> {
                        inner.close();
                        c.close();
                    }));
            final var unused = engine.dial(origin.address(), FULL_DUPLEX, outer).thenAccept(c -> {
                inner.attach(c);
                inner.resume();
            });
        });
        proxy.onData(c -> outerOf(c).writer().append(c.reader()));
        proxy.onEnd(c -> outerOf(c).shutdownOutput());
        final Server server =
                engines.listen(engine, wire.family(), ServerOptions.DEFAULT.withConnections(FULL_DUPLEX), proxy);
        final Peer peer = engines.connect(server);

        final CompletableFuture<Void> sent = EngineFixture.async(() -> {
            sendInOddChunks(peer, payload);
            peer.finish();
        });

        payload.assertEqualTo(peer.receiveAll());
        EngineFixture.await(sent);
    }

    /** Each side has more to write than fits on the way, so it must not wait for the other to read first. */
    @Test
    void shouldExchangeMuchBothWaysAtOnce() throws Exception {
        final Payload payload = Payload.random(10, 8 * MEBIBYTE);
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, wire.family(), Recorder.echo());
        final Recorder client = engines.watched(new Recorder().onOpen(c -> {
            c.writer().writeBytes(payload.bytes());
            c.shutdownOutput();
        }));

        final Connection connection = EngineFixture.await(engine.dial(server.address(), FULL_DUPLEX, client));

        assertThat(connection.remoteAddress()).isPresent();
        assertThat(client.awaitClose().kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
        payload.assertEqualTo(client.awaitBytes(payload.size()));
    }

    private static Connection outerOf(Connection inner) {
        return (Connection) inner.attachment().orElseThrow();
    }

    private static void sendInOddChunks(Peer peer, Payload payload) throws Exception {
        final Random random = new Random(payload.seed());
        final int[] sizes = {1, 3, 17, 1021, 4099, 16_381, 65_537, 250_007};
        int at = 0;
        while (at < payload.size()) {
            final int chunk = Math.min(sizes[random.nextInt(sizes.length)], payload.size() - at);
            peer.send(payload.bytes(), at, chunk);
            at += chunk;
        }
    }

    private Peer connect(Recorder handler) throws Exception {
        return engines.connect(engines.listen(engines.engine(), wire.family(), handler));
    }
}
