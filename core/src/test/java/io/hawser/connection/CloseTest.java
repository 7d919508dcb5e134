// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.CloseCause.Kind;
import java.io.ByteArrayOutputStream;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The end of connections: exactly one, with its cause, after the last data, and nothing lost on the way. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class CloseTest {
    private static final int MEBIBYTE = 1 << 20;

    private final Family family;

    @RegisterExtension
    final EngineFixture engines;

    CloseTest(Wire wire) {
        family = wire.family();
        engines = new EngineFixture(wire.transport());
    }

    // ---- by the peer

    @Test
    void shouldDeliverAllThatThePeerSentBeforeItClosed() throws Exception {
        final Payload payload = Payload.random(1, MEBIBYTE);
        final Recorder handler = new Recorder();
        final Peer peer = connect(handler);

        peer.send(payload.bytes()).close();

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        payload.assertEqualTo(handler.awaitBytes(payload.size()));
        assertThat(handler.events()).containsExactly("open", "data", "end", "close PEER_CLOSED");
    }

    @Test
    void shouldReportTheCloseOfAPeerThatNeverSpoke() throws Exception {
        final Recorder handler = new Recorder();

        connect(handler).close();

        assertThat(handler.awaitClose().error()).isEmpty();
        assertThat(handler.events()).containsExactly("open", "end", "close PEER_CLOSED");
    }

    @Test
    void shouldReportAResetOnceAfterTheLastData() throws Exception {
        final Recorder handler = new Recorder().onData(c -> {
            c.writer().writeString("unread");
            c.reader().skip(c.reader().readableBytes());
        });
        final Peer peer = connect(handler);
        peer.send("hello");
        handler.awaitEvent("data");

        reset(peer);

        final CloseCause cause = handler.awaitClose();
        assertThat(cause.kind()).isEqualTo(Kind.RESET);
        assertThat(cause.error()).isPresent();
        assertThat(handler.events()).containsExactly("open", "data", "close RESET");
    }

    @Test
    void shouldReportAWriteToAPeerThatIsGone() throws Exception {
        final Recorder handler = new Recorder().onOpen(Connection::pause);
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();
        reset(peer);

        // Whether the first write fails, or only brings the peer's reset about, is the kernel's affair.
        final byte[] chunk = new byte[1024];
        while (handler.causes().isEmpty()) {
            EngineFixture.onLoop(connection.loop(), () -> {
                if (handler.causes().isEmpty()) {
                    connection.writer().writeBytes(chunk);
                }
            });
        }

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.RESET);
    }

    @Test
    void shouldKnowThePeersAddressAfterItHasGone() throws Exception {
        final Recorder handler = new Recorder();
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();
        final Optional<SocketAddress> address =
                family == Family.TCP ? Optional.of(peer.localAddress()) : Optional.empty();
        assertThat(connection.remoteAddress()).isEqualTo(address);

        peer.close();
        handler.awaitClose();

        assertThat(connection.remoteAddress()).isEqualTo(address);
        assertThat(connection.isOpen()).isFalse();
    }

    // ---- by this side

    @Test
    void shouldSendAllThatIsPendingBeforeItCloses() throws Exception {
        final Payload payload = Payload.random(2, 8 * MEBIBYTE);
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeBytes(payload.bytes());
            c.close();
        });
        final Peer peer =
                engines.closing(Peer.connectWithSmallBuffers(listen(handler).address()));
        handler.awaitOpen();

        // Slowly: in small pieces, from a receive buffer that holds few of them.
        final var received = new ByteArrayOutputStream();
        while (received.size() < payload.size()) {
            received.writeBytes(peer.receive(Math.min(4096, payload.size() - received.size())));
        }
        peer.expectEnd();
        peer.close();

        payload.assertEqualTo(received.toByteArray());
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
        assertThat(handler.events()).containsExactly("open", "close LOCAL");
    }

    @Test
    void shouldLoseNothingWhenItClosesWhileThePeerIsStillSending() throws Exception {
        final Payload answer = Payload.random(3, 2 * MEBIBYTE);
        final Recorder handler = new Recorder().onData(c -> {
            c.writer().writeBytes(answer.bytes());
            c.close();
        });
        final Peer peer = connect(handler);

        final CompletableFuture<Void> sent =
                EngineFixture.async(() -> peer.send(new byte[4 * MEBIBYTE]).finish());

        // An unread byte in the kernel at the close would make it a reset, and the end of the answer could be lost.
        answer.assertEqualTo(peer.receiveAll());
        EngineFixture.await(sent);
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
        assertThat(handler.events()).containsExactly("open", "data", "close LOCAL");
    }

    @Test
    void shouldCloseWhatIsUnreadWithoutAReset() throws Exception {
        final Recorder handler = new Recorder().onData(Connection::close);
        final Peer peer = connect(handler);

        peer.send("nobody reads this");

        peer.expectEnd();
        peer.close();
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
    }

    @Test
    void shouldCloseOnceHoweverOftenItIsAsked() throws Exception {
        final Recorder handler = new Recorder().onData(c -> {
            c.close();
            c.close();
            c.shutdownOutput();
            c.abort();
            c.close();
            c.abort();
        });
        final Peer peer = connect(handler);

        peer.send("x");

        handler.awaitClose();
        final Connection connection = handler.awaitOpen();
        connection.close();
        connection.abort();
        connection.pause();
        connection.resume();
        connection.shutdownOutput();
        EngineFixture.onLoop(connection.loop(), () -> {});
        assertThat(handler.events()).containsExactly("open", "data", "close LOCAL");
    }

    @Test
    void shouldCloseFromAnyThread() throws Exception {
        final Recorder handler = new Recorder();
        final Peer peer = connect(handler);

        handler.awaitOpen().close();

        peer.expectEnd();
        peer.close();
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
    }

    @Test
    void shouldCloseInOnOpen() throws Exception {
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeString("no");
            c.close();
        });
        final Peer peer = connect(handler);

        assertThat(peer.receiveAllText()).isEqualTo("no");
        peer.close();
        handler.awaitClose();
        assertThat(handler.events()).containsExactly("open", "close LOCAL");
    }

    @Test
    void shouldResetWhenAborted() throws Exception {
        final Recorder handler = new Recorder().onData(Connection::abort);
        final Peer peer = connect(handler);

        peer.send("x");

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
        if (family == Family.TCP) {
            peer.expectReset();
        } else {
            peer.expectGone();
        }
        assertThat(handler.events()).containsExactly("open", "data", "close LOCAL");
    }

    @Test
    void shouldAbortWithoutWaitingForWhatIsPending() throws Exception {
        final Recorder handler = new Recorder().onOpen(c -> c.writer().writeBytes(new byte[4 * MEBIBYTE]));
        final Peer peer = connect(handler);
        peer.receive(1);

        handler.awaitOpen().abort();

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
    }

    @Test
    void shouldAbortInOnOpen() throws Exception {
        final Recorder handler = new Recorder().onOpen(Connection::abort);
        final Peer peer = connect(handler);

        peer.expectGone();
        handler.awaitClose();
        assertThat(handler.events()).containsExactly("open", "close LOCAL");
    }

    @Test
    void shouldGiveUpAPeerThatDoesNotTakeWhatIsPending() throws Exception {
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeBytes(new byte[8 * MEBIBYTE]);
            c.close();
        });
        final var options = ConnectionOptions.DEFAULT.withCloseTimeout(Duration.ofMillis(50));
        engines.connect(
                engines.listen(engines.engine(), family, ServerOptions.DEFAULT.withConnections(options), handler));

        final CloseCause cause = handler.awaitClose();

        assertThat(cause.kind()).isEqualTo(Kind.TIMED_OUT);
        assertThat(cause.error()).containsInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void shouldGiveUpAPeerThatDoesNotCloseItsSide() throws Exception {
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeString("bye");
            c.close();
        });
        final var options = ConnectionOptions.DEFAULT.withCloseTimeout(Duration.ofMillis(50));
        final Peer peer = engines.connect(
                engines.listen(engines.engine(), family, ServerOptions.DEFAULT.withConnections(options), handler));

        assertThat(peer.receiveText(3)).isEqualTo("bye");

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
    }

    // ---- afterwards

    @Test
    void shouldRefuseWritesAfterTheClose() throws Exception {
        final CompletableFuture<Void> refused = new CompletableFuture<>();
        final Recorder handler = new Recorder().onData(c -> {
            c.writer().writeString("kept");
            c.close();
            assertThatThrownBy(() -> c.writer().writeString("lost")).isInstanceOf(ConnectionClosedException.class);
            refused.complete(null);
        });
        final Peer peer = connect(handler);

        peer.send("x");

        assertThat(peer.receiveAllText()).isEqualTo("kept");
        peer.close();
        handler.awaitClose();
        EngineFixture.await(refused);
        final Connection connection = handler.awaitOpen();
        EngineFixture.onLoop(connection.loop(), () -> {
            assertThatThrownBy(() -> connection.writer().writeByte(1)).isInstanceOf(ConnectionClosedException.class);
            assertThat(connection.reader().readableBytes()).isZero();
        });
    }

    @Test
    void shouldRefuseReadsAndWritesOffTheLoop() throws Exception {
        final Recorder handler = new Recorder();
        connect(handler);
        final Connection connection = handler.awaitOpen();

        assertThatThrownBy(connection::reader).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(connection::writer)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("execute");
        assertThatThrownBy(connection::localAddress).isInstanceOf(IllegalStateException.class);
    }

    // ---- helpers

    private Server listen(Recorder handler) throws Exception {
        return engines.listen(engines.engine(), family, handler);
    }

    private Peer connect(Recorder handler) throws Exception {
        return engines.connect(listen(handler));
    }

    /** TCP: RST. Unix: what was sent to it and it has not read makes a close a reset (unix(7)). */
    private void reset(Peer peer) throws Exception {
        if (family == Family.TCP) {
            peer.reset();
        } else {
            peer.close();
        }
    }
}
