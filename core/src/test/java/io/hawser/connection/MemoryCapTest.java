// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.PoolExhaustedException;
import io.hawser.buffer.Slice;
import io.hawser.loop.EventLoop;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What happens when all the memory that buffers may take is taken. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class MemoryCapTest {
    private static final int CAP_BYTES = 1 << 20;
    private static final int READ_BLOCK_BYTES = 4096;
    private static final int READ_BLOCKS = 16;

    private final Wire wire;

    @RegisterExtension
    final EngineFixture engines;

    MemoryCapTest(Wire wire) {
        this.wire = wire;
        engines = new EngineFixture(wire.transport());
    }

    @Test
    void shouldWaitForMemoryWithoutSpinningAndLoseNothing() throws Exception {
        final Payload payload = Payload.random(1, 8 * CAP_BYTES);
        final List<Slice> hoard = new ArrayList<>();
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        final AtomicBoolean hoarding = new AtomicBoolean(true);
        final Recorder handler = new Recorder().onData(c -> {
            final Slice slice = c.reader().slice(c.reader().readableBytes());
            if (hoarding.get()) {
                hoard.add(slice);
            } else {
                spend(slice, received);
            }
        });
        final Engine engine = engine();
        final EventLoop loop = engine.loops().getFirst();
        final Peer greedy = engines.connect(engines.listen(engine, wire.family(), handler));
        final Recorder others = new Recorder();
        final Server server = engines.listen(engine, wire.family(), others);

        final CompletableFuture<Void> sent =
                EngineFixture.async(() -> greedy.send(payload.bytes()).close());
        EngineFixture.until("all memory is taken", () -> engine.pool().usedBytes() == CAP_BYTES);

        // The others have to wait, too; they are not sent away.
        engines.connect(server).send("me too");
        others.awaitOpen();
        // Nobody announces that there is memory again, so the loop looks for it now and then.
        EngineFixture.assertDoesNotSpin(loop, 3);
        assertThat(sent).isNotDone();
        assertThat(others.events()).containsExactly("open");
        assertThat(handler.causes()).isEmpty();

        EngineFixture.onLoop(loop, () -> {
            hoarding.set(false);
            hoard.forEach(slice -> spend(slice, received));
        });
        assertThat(others.awaitText(6)).isEqualTo("me too");
        EngineFixture.await(sent);
        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
        payload.assertEqualTo(received.toByteArray());
    }

    /** The loop's thread. */
    private static void spend(Slice slice, ByteArrayOutputStream received) {
        try (slice) {
            received.writeBytes(slice.readBytes((int) slice.readableBytes()));
        }
    }

    @Test
    void shouldFailAWriteForWhichThereIsNoMemoryAndWriteNothingOfIt() throws Exception {
        final CompletableFuture<Long> pending = new CompletableFuture<>();
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeString("before ");
            assertThatThrownBy(() -> c.writer().writeBytes(new byte[2 * CAP_BYTES]))
                    .isInstanceOf(PoolExhaustedException.class);
            pending.complete(c.pendingBytes());
            c.writer().writeString("after");
            c.close();
        });
        final Peer peer = engines.connect(engines.listen(engine(), wire.family(), handler));

        assertThat(peer.receiveAllText()).isEqualTo("before after");
        assertThat(EngineFixture.await(pending)).isEqualTo(7);
    }

    private Engine engine() throws Exception {
        return engines.engine(b -> b.limits(Limits.DEFAULT.withBufferMemoryBytes(CAP_BYTES))
                .transportConfig(wire.transport().receiving(READ_BLOCK_BYTES, READ_BLOCKS)));
    }
}
