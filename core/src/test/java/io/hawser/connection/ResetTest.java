// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause.Kind;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Resets at a moment of the peer's choice, which only TCP has. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class ResetTest {
    @RegisterExtension
    final EngineFixture engines;

    ResetTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @Test
    void shouldDeliverTheDataThatCameBefore() throws Exception {
        final Recorder handler = new Recorder();
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();
        final CountDownLatch sent = EngineFixture.block(connection.loop());

        peer.send("last words").reset();
        sent.countDown();

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.RESET);
        assertThat(handler.events()).containsExactly("open", "data", "close RESET");
        assertThat(handler.awaitText(10)).isEqualTo("last words");
    }

    @Test
    void shouldFindDataAndResetAfterAPauseWithoutSpinningMeanwhile() throws Exception {
        final Recorder handler = new Recorder().onOpen(Connection::pause);
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();
        peer.send("last words").reset();

        EngineFixture.assertDoesNotSpin(connection.loop(), 0);
        assertThat(handler.events()).containsExactly("open");

        connection.resume();
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.RESET);
        assertThat(handler.events()).containsExactly("open", "data", "close RESET");
        assertThat(handler.awaitText(10)).isEqualTo("last words");
    }

    @Test
    void shouldNotSpinWhenItFollowsAHalfClose() throws Exception {
        final Recorder handler = new Recorder().onEnd(_ -> {});
        final Peer peer = connect(handler);
        final Connection connection = handler.awaitOpen();
        peer.finish();
        handler.awaitEvent("end");

        peer.reset();

        EngineFixture.assertDoesNotSpin(connection.loop(), 0);
        connection.execute(() -> {
            if (handler.causes().isEmpty()) {
                connection.writer().writeString("anybody there?");
            }
        });
        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.RESET);
        assertThat(handler.events()).containsExactly("open", "end", "close RESET");
    }

    @Test
    void shouldEndConnectionsThatAreResetBeforeTheyAreRead() throws Exception {
        final int count = 50;
        final Recorder handler = new Recorder();
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, handler);
        // Gone between the accept and the first read, or before the accept.
        final CountDownLatch gone = EngineFixture.block(engine.loops().getFirst());
        for (int i = 0; i < count; i++) {
            Peer.connect(server.address()).reset();
        }

        gone.countDown();

        engines.connect(server).send("x");
        EngineFixture.until("all are gone", () -> handler.receivedBytes() == 1 && engine.connectionCount() <= 1);
        assertThat(handler.causes()).extracting(CloseCause::kind).allMatch(Kind.RESET::equals);
    }

    private Peer connect(Recorder handler) throws Exception {
        return engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
    }
}
