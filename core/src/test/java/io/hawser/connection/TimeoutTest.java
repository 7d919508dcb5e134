// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Read, write and idle timeouts: which one passes, never before its time, and what it does. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class TimeoutTest {
    private static final Duration SHORT = Duration.ofMillis(60);
    private static final Duration LONGER = Duration.ofMillis(400);
    /** More than two kernels keep for a peer that does not read. */
    private static final int LOTS = 12 << 20;

    @RegisterExtension
    final EngineFixture engines;

    /** The loop's time of the last thing that a timeout counts from. */
    private final AtomicLong lastNs = new AtomicLong();

    private final AtomicLong closedNs = new AtomicLong();

    TimeoutTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private Recorder timed() {
        return new Recorder()
                .onOpen(this::note)
                .onClose(c -> closedNs.set(c.loop().nowNs()));
    }

    private void note(Connection connection) {
        lastNs.set(connection.loop().nowNs());
    }

    private Server listen(ConnectionOptions options, Recorder handler) throws Exception {
        return engines.listen(engines.engine(), Family.TCP, ServerOptions.DEFAULT.withConnections(options), handler);
    }

    private void assertTimedOut(Recorder handler, String which, Duration timeout) {
        final CloseCause cause = handler.awaitClose();
        assertThat(cause.kind()).isEqualTo(CloseCause.Kind.TIMED_OUT);
        assertThat(cause.error().orElseThrow())
                .isInstanceOf(SocketTimeoutException.class)
                .hasMessageStartingWith(which + " timeout");
        EngineFixture.until("the time of the close", () -> closedNs.get() != 0);
        assertThat(closedNs.get() - lastNs.get()).as("ns until the close").isGreaterThanOrEqualTo(timeout.toNanos());
    }

    // ---- in the loop

    @Test
    void shouldCloseWhenNothingIsReceived() throws Exception {
        final Recorder handler = timed();
        final Server server = listen(ConnectionOptions.DEFAULT.withReadTimeout(SHORT), handler);
        final Peer peer = engines.connect(server);

        assertTimedOut(handler, "read", SHORT);
        peer.expectEnd();
    }

    @Test
    void shouldCountTheReadTimeoutFromTheLastByte() throws Exception {
        final Recorder handler = timed();
        handler.onOpen(c -> {
            note(c);
            c.loop().schedule(() -> c.writer().writeByte('?'), SHORT.dividedBy(2));
        });
        handler.onData(c -> {
            note(c);
            handler.take(c);
        });
        final Server server = listen(ConnectionOptions.DEFAULT.withReadTimeout(LONGER), handler);
        final Peer peer = engines.connect(server);
        peer.receive(1);
        peer.send("!");

        assertTimedOut(handler, "read", LONGER);
    }

    @Test
    void shouldNotCountTheReadTimeoutWhileReadingIsPaused() throws Exception {
        final Recorder handler = timed();
        handler.onOpen(c -> {
            note(c);
            c.pause();
        });
        final Server server =
                listen(ConnectionOptions.DEFAULT.withReadTimeout(SHORT).withIdleTimeout(LONGER), handler);
        engines.connect(server);

        assertTimedOut(handler, "idle", LONGER);
    }

    @Test
    void shouldCountTheReadTimeoutAgainAfterResume() throws Exception {
        final Recorder handler = timed();
        handler.onOpen(c -> {
            c.pause();
            c.loop()
                    .schedule(
                            () -> {
                                note(c);
                                c.resume();
                            },
                            SHORT.multipliedBy(2));
        });
        final Server server = listen(ConnectionOptions.DEFAULT.withReadTimeout(SHORT), handler);
        engines.connect(server);

        assertTimedOut(handler, "read", SHORT);
    }

    @Test
    void shouldNotCountTheReadTimeoutAfterThePeersEnd() throws Exception {
        final Recorder handler = timed().onEnd(this::note);
        final Server server =
                listen(ConnectionOptions.DEFAULT.withReadTimeout(SHORT).withIdleTimeout(LONGER), handler);
        engines.connect(server).finish();

        final CloseCause cause = handler.awaitClose();
        assertThat(cause.error().orElseThrow()).hasMessageStartingWith("idle timeout");
    }

    @Test
    void shouldResetWhenThePeerTakesNothing() throws Exception {
        final Recorder handler = timed();
        handler.onOpen(c -> {
            note(c);
            c.writer().writeBytes(new byte[LOTS]);
        });
        final Server server = listen(ConnectionOptions.DEFAULT.withWriteTimeout(SHORT), handler);
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));

        assertTimedOut(handler, "write", SHORT);
        assertThatThrownBy(peer::receiveAll).hasMessageContaining("reset");
    }

    @Test
    void shouldNotCountTheWriteTimeoutWhileNothingIsPending() throws Exception {
        final Recorder handler = timed();
        handler.onOpen(c -> {
            note(c);
            c.writer().writeByte('x');
        });
        final Server server =
                listen(ConnectionOptions.DEFAULT.withWriteTimeout(SHORT).withIdleTimeout(LONGER), handler);
        engines.connect(server).receive(1);

        assertTimedOut(handler, "idle", LONGER);
    }

    @Test
    void shouldCloseWhenNothingGoesEitherWay() throws Exception {
        final Recorder handler = timed();
        final Server server = listen(ConnectionOptions.DEFAULT.withIdleTimeout(SHORT), handler);
        engines.connect(server).expectEnd();

        assertTimedOut(handler, "idle", SHORT);
    }

    @Test
    void shouldTakeTimeoutsOfOneConnectionFromAnyThread() throws Exception {
        final Recorder handler = timed();
        final Server server = listen(ConnectionOptions.DEFAULT.withIdleTimeout(Duration.ofHours(1)), handler);
        engines.connect(server);
        final Connection connection = handler.awaitOpen();
        connection.idleTimeout(SHORT);

        assertTimedOut(handler, "idle", SHORT);
        assertThat(connection.idleTimeout()).isEqualTo(SHORT);
    }

    @Test
    void shouldHaveNoTimeoutOfZero() throws Exception {
        final Recorder handler = timed();
        final Server server = listen(ConnectionOptions.DEFAULT.withIdleTimeout(SHORT), handler);
        final Peer peer = engines.connect(server);
        final Connection lasting = handler.awaitOpen();
        lasting.idleTimeout(Duration.ZERO);
        engines.connect(server).expectEnd();

        assertThat(lasting.isOpen()).isTrue();
        peer.send("x");
        assertThat(handler.awaitText(1)).isEqualTo("x");
    }

    @Test
    void shouldRejectNegativeTimeouts() throws Exception {
        final Duration negative = Duration.ofNanos(-1);
        assertThatThrownBy(() -> ConnectionOptions.DEFAULT.withReadTimeout(negative))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("readTimeout");
        final Recorder handler = timed();
        engines.connect(listen(ConnectionOptions.DEFAULT, handler));
        assertThatThrownBy(() -> handler.awaitOpen().writeTimeout(negative))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // ---- in the blocking style

    @Test
    void shouldEndABlockingReadThatWaitsTooLongWithoutConsuming() throws Exception {
        final CompletableFuture<Long> waitedNs = new CompletableFuture<>();
        final CompletableFuture<Long> left = new CompletableFuture<>();
        final Server server = serve(ConnectionOptions.DEFAULT.withReadTimeout(SHORT), connection -> {
            final long startNs = System.nanoTime();
            try {
                connection.reader().readInt();
            } catch (ReadTimeoutException e) {
                waitedNs.complete(System.nanoTime() - startNs);
                left.complete(connection.reader().readableBytes());
                connection.readTimeout(Duration.ZERO);
                connection.writer().writeByte('?').flush();
                connection.writer().writeInt(connection.reader().readInt());
            }
        });
        final Peer peer = engines.connect(server);
        peer.send("ab");
        peer.receive(1);
        peer.send("cd");

        assertThat(peer.receiveText(4)).isEqualTo("abcd");
        assertThat(EngineFixture.await(left)).isEqualTo(2);
        assertThat(EngineFixture.await(waitedNs)).isGreaterThanOrEqualTo(SHORT.toNanos());
    }

    @Test
    void shouldCloseWhenABlockingHandlerLetsTheReadTimeoutPass() throws Exception {
        final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
        final CompletableFuture<Throwable> failed = new CompletableFuture<>();
        final Server server = serve(ConnectionOptions.DEFAULT.withReadTimeout(SHORT), new BlockingHandler() {
            @Override
            public void handle(Connection connection) {
                connection.reader().readInt();
            }

            @Override
            public void onError(Connection connection, Throwable error) {
                failed.complete(error);
            }

            @Override
            public void onClose(Connection connection, CloseCause cause) {
                closed.complete(cause);
            }
        });
        engines.connect(server).send("ab").expectGone();

        final CloseCause cause = EngineFixture.await(closed);
        assertThat(cause.kind()).isEqualTo(CloseCause.Kind.TIMED_OUT);
        assertThat(cause.error().orElseThrow()).isInstanceOf(ReadTimeoutException.class);
        assertThat(failed).as("what a peer can cause at will is no failure").isNotDone();
    }

    @Test
    void shouldNotCountTheReadTimeoutWhileABlockingHandlerHasNothingToServe() throws Exception {
        final Server server = serve(
                ConnectionOptions.DEFAULT.withReadTimeout(SHORT).withIdleTimeout(LONGER),
                connection -> connection.writer().append(connection.reader()));
        final Peer peer = engines.connect(server).send("x");

        assertThat(peer.receiveText(1)).isEqualTo("x");
        peer.expectEnd();
    }

    @Test
    void shouldEndABlockingWriteThatWaitsTooLong() throws Exception {
        final CompletableFuture<Long> written = new CompletableFuture<>();
        final Server server = serve(ConnectionOptions.DEFAULT.withWriteTimeout(SHORT), connection -> {
            connection.reader().readByte();
            long bytes = 0;
            try {
                while (bytes < LOTS) {
                    connection.writer().writeBytes(new byte[1024]);
                    bytes += 1024;
                }
            } catch (WriteTimeoutException e) {
                connection.writeTimeout(Duration.ZERO);
                written.complete(bytes);
            }
            connection.writer().flush();
            connection.close();
        });
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        peer.send("x");

        final long bytes = EngineFixture.await(written);
        assertThat(peer.receiveAll()).as("what was written before").hasSize((int) bytes);
    }

    @Test
    void shouldEndABlockingReadOfADialledConnection() throws Exception {
        final Recorder handler = Recorder.echo();
        final Server server = listen(ConnectionOptions.DEFAULT, handler);
        try (Connection connection =
                server.engine().dial(server.address(), ConnectionOptions.DEFAULT.withReadTimeout(SHORT))) {
            assertThatThrownBy(() -> connection.reader().readByte()).isInstanceOf(ReadTimeoutException.class);
            connection.writer().writeByte('x').flush();
            assertThat(connection.reader().readByte()).isEqualTo((byte) 'x');
            assertThatThrownBy(() -> connection.reader().readByte()).isInstanceOf(ReadTimeoutException.class);
        }
    }

    private Server serve(ConnectionOptions options, BlockingHandler handler) throws Exception {
        return engines.engine()
                .serve(engines.freshAddress(Family.TCP), ServerOptions.DEFAULT.withConnections(options), handler);
    }
}
