// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.CloseCause.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Connections of which one direction has ended. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class HalfCloseTest {
    private static final int MEBIBYTE = 1 << 20;

    private final Family family;

    @RegisterExtension
    final EngineFixture engines;

    HalfCloseTest(Wire wire) {
        family = wire.family();
        engines = new EngineFixture(wire.transport());
    }

    // ---- the peer's side has ended

    @Test
    void shouldAnswerAPeerThatHasFinished() throws Exception {
        final Payload answer = Payload.random(1, MEBIBYTE);
        final Recorder handler = new Recorder().onEnd(c -> {
            c.writer().writeBytes(answer.bytes());
            c.close();
        });
        final Peer peer = connect(handler);

        peer.send("question").finish();

        answer.assertEqualTo(peer.receiveAll());
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(handler.awaitText(8)).isEqualTo("question");
        assertThat(handler.events()).containsExactly("open", "data", "end", "close PEER_CLOSED");
    }

    @Test
    void shouldStayOpenForWritingForAsLongAsTheHandlerLikes() throws Exception {
        final Recorder handler = new Recorder().onEnd(_ -> {});
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();

        peer.finish();
        handler.awaitEvent("end");

        assertThat(connection.isOpen()).as("open, to a pool").isFalse();
        for (String word : new String[] {"one", "two"}) {
            connection.execute(() -> connection.writer().writeString(word));
            assertThat(peer.receiveText(3)).isEqualTo(word);
        }
        EngineFixture.assertDoesNotSpin(connection.loop(), 0);
        connection.close();
        peer.expectEnd();
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
    }

    @Test
    void shouldSendAllThatIsPendingToAPeerThatHasFinished() throws Exception {
        final Payload payload = Payload.random(2, 8 * MEBIBYTE);
        // By default the end of the peer's side closes, after all that is pending.
        final Peer peer = connect(Recorder.echo());

        final CompletableFuture<Void> sent =
                EngineFixture.async(() -> peer.send(payload.bytes()).finish());

        payload.assertEqualTo(peer.receiveAll());
        EngineFixture.await(sent);
    }

    @Test
    void shouldNotSpinWhenThePeerIsGoneAltogether() throws Exception {
        final Recorder handler = new Recorder().onEnd(_ -> {});
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();

        peer.close();
        handler.awaitEvent("end");

        EngineFixture.assertDoesNotSpin(connection.loop(), 0);
        connection.close();
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
    }

    // ---- this side has ended

    @Test
    void shouldGoOnReadingAfterItHasFinished() throws Exception {
        final Payload payload = Payload.random(3, MEBIBYTE);
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeString("that is all");
            c.shutdownOutput();
        });
        final Peer peer = connect(handler);
        assertThat(peer.receiveAllText()).isEqualTo("that is all");

        peer.send(payload.bytes()).close();

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        payload.assertEqualTo(handler.awaitBytes(payload.size()));
        assertThat(handler.events()).containsExactly("open", "data", "end", "close PEER_CLOSED");
    }

    @Test
    void shouldFinishOnlyAfterAllThatIsPending() throws Exception {
        final Payload payload = Payload.random(4, 8 * MEBIBYTE);
        final Recorder handler = new Recorder().onOpen(c -> {
            c.writer().writeBytes(payload.bytes());
            c.shutdownOutput();
        });
        final Peer peer = connect(handler);

        payload.assertEqualTo(peer.receiveAll());
        peer.close();

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
    }

    @Test
    void shouldRefuseWritesAfterItHasFinished() throws Exception {
        final CompletableFuture<Void> refused = new CompletableFuture<>();
        final Recorder handler = new Recorder().onData(c -> {
            c.shutdownOutput();
            assertThatThrownBy(() -> c.writer().writeByte(1)).isInstanceOf(ConnectionClosedException.class);
            refused.complete(null);
        });
        final Peer peer = connect(handler);

        peer.send("x");

        EngineFixture.await(refused);
        peer.expectEnd();
    }

    @Test
    void shouldCloseWhenBothSidesHaveFinished() throws Exception {
        final Recorder handler = new Recorder().onEnd(_ -> {});
        final Peer peer = connect(handler);
        peer.finish();
        handler.awaitEvent("end");

        handler.awaitOpen().shutdownOutput();

        peer.expectEnd();
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(handler.events()).containsExactly("open", "end", "close PEER_CLOSED");
    }

    @Test
    void shouldCloseWithThePeerAfterItHasFinished() throws Exception {
        // Longer than anybody waits here: the peer's end is what closes it.
        final var options = ConnectionOptions.DEFAULT.withCloseTimeout(Duration.ofMinutes(5));
        final Recorder handler = new Recorder().onOpen(Connection::shutdownOutput);
        final Peer peer = engines.connect(
                engines.listen(engines.engine(), family, ServerOptions.DEFAULT.withConnections(options), handler));
        peer.expectEnd();

        handler.awaitOpen().close();
        EngineFixture.onLoop(handler.awaitOpen().loop(), () -> {});
        peer.send("not wanted").close();

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
        assertThat(handler.events()).containsExactly("open", "close LOCAL");
    }

    @Test
    void shouldFinishFromAnyThread() throws Exception {
        final Recorder handler = new Recorder();
        final Peer peer = connect(handler);

        handler.awaitOpen().shutdownOutput();

        peer.expectEnd();
        peer.send("still heard").close();
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(handler.awaitText(11)).isEqualTo("still heard");
    }

    private Peer connect(Recorder handler) throws Exception {
        return engines.connect(engines.listen(engines.engine(), family, handler));
    }
}
