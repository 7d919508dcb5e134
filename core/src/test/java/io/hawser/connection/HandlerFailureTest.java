// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a handler throws ends its own connection, is told once, and hurts nobody else. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class HandlerFailureTest {
    @RegisterExtension
    final EngineFixture engines;

    HandlerFailureTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private static final class Mishap extends Exception {
        private static final long serialVersionUID = 1L;

        Mishap() {
            super("on purpose");
        }
    }

    private static void fail(Connection connection) throws Mishap {
        throw new Mishap();
    }

    @Test
    void shouldCloseWhenOnOpenFails() throws Exception {
        final Recorder handler = new Recorder().onOpen(HandlerFailureTest::fail);
        assertEndsWithMishap(handler, "", "open", "error", "close ERROR");
    }

    @Test
    void shouldCloseWhenOnDataFails() throws Exception {
        final Recorder handler = new Recorder().onData(HandlerFailureTest::fail);
        assertEndsWithMishap(handler, "x", "open", "data", "error", "close ERROR");
    }

    @Test
    void shouldCloseWhenOnEndFails() throws Exception {
        final Recorder handler = new Recorder().onEnd(HandlerFailureTest::fail);
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, handler);

        final Peer peer = engines.connect(server).finish();

        peer.expectGone();
        assertThat(handler.awaitClose().error()).containsInstanceOf(Mishap.class);
        assertThat(handler.events()).containsExactly("open", "end", "error", "close ERROR");
    }

    @Test
    void shouldCloseWhenOnWritableFails() throws Exception {
        final int bytes = 4 << 20;
        final Recorder handler = new Recorder()
                .onOpen(c -> c.writer().writeBytes(new byte[bytes]))
                .onWritable(HandlerFailureTest::fail);
        final Engine engine = engines.engine(b -> b.limits(Limits.DEFAULT.withOutboundBytes(bytes, 1024, 1024)));
        final Peer peer = engines.connect(engines.listen(engine, Family.TCP, handler));

        final var drained = EngineFixture.async(() -> {
            peer.receive(bytes - 1024);
            peer.expectGone();
        });

        assertThat(handler.awaitClose().error()).containsInstanceOf(Mishap.class);
        assertThat(handler.events()).containsExactly("open", "writable", "error", "close ERROR");
        // A descriptor in use by another thread is not closed at once.
        EngineFixture.await(drained.exceptionally(_ -> null));
    }

    @Test
    void shouldCloseWhenOnErrorFailsToo() throws Exception {
        final Recorder handler = new Recorder().onData(HandlerFailureTest::fail).onError(HandlerFailureTest::fail);
        assertEndsWithMishap(handler, "x", "open", "data", "error", "close ERROR");
    }

    @Test
    void shouldCloseWhenOnErrorThrowsWhatItWasGiven() throws Exception {
        final RuntimeException error = new IllegalStateException("on purpose, to be logged");
        final Recorder handler = new Recorder()
                .onData(_ -> {
                    throw error;
                })
                .onError(_ -> {
                    throw error;
                });
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler))
                .send("x");

        peer.expectGone();

        assertThat(handler.awaitClose().error()).containsSame(error);
        assertThat(handler.events()).containsExactly("open", "data", "error", "close ERROR");
    }

    @Test
    void shouldSurviveAFailureOfOnClose() throws Exception {
        final Recorder handler = new Recorder().onData(Connection::abort).onClose(HandlerFailureTest::fail);
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, handler);
        final Peer peer = engines.connect(server).send("x");

        peer.expectGone();

        assertThat(handler.awaitClose().kind()).isEqualTo(Kind.LOCAL);
        assertThat(handler.events()).containsExactly("open", "data", "close LOCAL");
        EngineFixture.until("the connection is gone", () -> engine.connectionCount() == 0);
    }

    @Test
    void shouldTellAnErrorOfTheMachineLikeAnException() throws Exception {
        final Recorder handler = new Recorder().onData(_ -> {
            throw new StackOverflowError("on purpose");
        });
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler))
                .send("x");

        peer.expectGone();

        assertThat(handler.awaitClose().error()).containsInstanceOf(StackOverflowError.class);
        assertThat(handler.errors()).hasSize(1);
    }

    @Test
    void shouldLogAndCloseByDefault() throws Exception {
        final ConnectionHandler handler = c -> {
            throw new IllegalStateException("on purpose, to be logged");
        };
        final Engine engine = engines.engine();
        final Peer peer =
                engines.connect(engines.listen(engine, Family.TCP, handler)).send("x");

        peer.expectGone();

        EngineFixture.until("the connection is gone", () -> engine.connectionCount() == 0);
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldHurtNobodyElse(Family family) throws Exception {
        final Recorder handler = new Recorder();
        handler.onData(c -> {
            if (c.reader().getByte(0) == '!') {
                throw new Mishap();
            }
            c.writer().append(c.reader());
        });
        final Server server = engines.listen(engines.engine(), family, handler);
        final Peer bystander = engines.connect(server);
        assertThat(bystander.send("one").receiveText(3)).isEqualTo("one");

        for (int i = 0; i < 20; i++) {
            try (Peer unlucky = Peer.connect(server.address())) {
                unlucky.send("!").expectGone();
            }
        }

        handler.awaitClose(20);
        assertThat(bystander.send("two").receiveText(3)).isEqualTo("two");
        assertThat(handler.errors()).hasSize(20);
    }

    private void assertEndsWithMishap(Recorder handler, String sent, String... events) throws Exception {
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler))
                .send(sent);

        peer.expectGone();

        final CloseCause cause = handler.awaitClose();
        assertThat(cause.kind()).isEqualTo(Kind.ERROR);
        assertThat(cause.error()).containsInstanceOf(Mishap.class);
        assertThat(handler.errors()).singleElement().isInstanceOf(Mishap.class);
        assertThat(handler.events()).containsExactly(events);
    }
}
