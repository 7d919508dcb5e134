// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What comes before the first event and after the last, and what is asked in between. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class LifeCycleTest {
    @RegisterExtension
    final EngineFixture engines;

    LifeCycleTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    /** A handler whose {@code prepare} does what a test wants; the rest goes to a recorder. */
    private record Preparing(Preparation preparation, Recorder recorder) implements ConnectionHandler {
        interface Preparation {
            boolean agrees(Connection connection) throws Exception;
        }

        @Override
        public boolean prepare(Connection connection) throws Exception {
            return preparation.agrees(connection);
        }

        @Override
        public void onOpen(Connection connection) throws Exception {
            recorder.onOpen(connection);
        }

        @Override
        public void onData(Connection connection) throws Exception {
            recorder.onData(connection);
        }

        @Override
        public void onError(Connection connection, Throwable error) {
            synchronized (recorder) {
                failures.add(error);
            }
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            recorder.onClose(connection, cause);
        }

        private static final List<Throwable> failures = new CopyOnWriteArrayList<>();
    }

    // ---- prepare

    @Test
    void shouldPrepareBeforeTheFirstEvent() throws Exception {
        final CompletableFuture<Object> attached = new CompletableFuture<>();
        final Recorder recorder =
                new Recorder().onOpen(c -> attached.complete(c.attachment().orElseThrow()));
        final Preparing handler = new Preparing(
                c -> {
                    c.attach("context");
                    c.writer().writeByte('!');
                    return true;
                },
                recorder);
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));

        assertThat(EngineFixture.await(attached)).isEqualTo("context");
        assertThat(peer.receiveText(1)).isEqualTo("!");
    }

    @Test
    void shouldTellWhatIsAttached() throws Exception {
        final CompletableFuture<Connection> opened = new CompletableFuture<>();
        engines.connect(engines.listen(engines.engine(), Family.TCP, new Recorder().onOpen(opened::complete)));
        final Connection connection = EngineFixture.await(opened);

        assertThat(connection.attachment()).isEmpty();
        assertThatIllegalStateException().isThrownBy(() -> connection.attachment(String.class));
        connection.attach("first");
        connection.attach("second");
        assertThat(connection.attachment()).contains("second");
        assertThat(connection.attachment(String.class)).isEqualTo("second");
        assertThatExceptionOfType(ClassCastException.class).isThrownBy(() -> connection.attachment(Integer.class));
    }

    @Test
    void shouldCloseARefusedConnectionWithoutAnotherCall() throws Exception {
        final Recorder recorder = new Recorder();
        final Preparing handler = new Preparing(
                c -> {
                    c.writer().writeBytes(new byte[100]);
                    return false;
                },
                recorder);
        final Engine engine = engines.engine();
        engines.connect(engines.listen(engine, Family.TCP, handler)).expectGone();

        EngineFixture.until("no connection", () -> engine.connectionCount() == 0);
        assertThat(recorder.events()).isEmpty();
    }

    @Test
    void shouldRefuseWhatIsClosedWhileItIsPrepared() throws Exception {
        final Recorder recorder = new Recorder();
        final Preparing handler = new Preparing(
                c -> {
                    c.abort();
                    return true;
                },
                recorder);
        final Engine engine = engines.engine();
        engines.connect(engines.listen(engine, Family.TCP, handler)).expectGone();

        EngineFixture.until("no connection", () -> engine.connectionCount() == 0);
        assertThat(recorder.events()).isEmpty();
    }

    @Test
    void shouldRefuseWhenPrepareFails() throws Exception {
        final var failure = new IllegalStateException("not today");
        final Recorder recorder = new Recorder();
        final Preparing handler = new Preparing(
                _ -> {
                    throw failure;
                },
                recorder);
        engines.connect(engines.listen(engines.engine(), Family.TCP, handler)).expectGone();

        EngineFixture.until("the failure", () -> Preparing.failures.contains(failure));
        assertThat(recorder.events()).isEmpty();
    }

    @Test
    void shouldFailADialThatTheHandlerRefuses() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, Recorder.echo());
        final Recorder recorder = new Recorder();
        final CompletableFuture<Connection> dial =
                engine.dial(server.address(), ConnectionOptions.DEFAULT, new Preparing(_ -> false, recorder));

        assertThat(EngineFixture.awaitFailure(dial))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("refused");
        assertThat(recorder.events()).isEmpty();
    }

    @Test
    void shouldPrepareInTheBlockingStyle() throws Exception {
        final CompletableFuture<Boolean> blocking = new CompletableFuture<>();
        final Server server = engines.engine().serve("tcp://127.0.0.1:0", new BlockingHandler() {
            @Override
            public boolean prepare(Connection connection) {
                blocking.complete(connection instanceof BlockingConnection);
                connection.writer().writeByte('x');
                return false;
            }

            @Override
            public void handle(Connection connection) {
                throw new AssertionError("It was refused");
            }
        });
        engines.connect(server).expectGone();

        assertThat(EngineFixture.await(blocking)).isTrue();
    }

    // ---- close callbacks

    @Test
    void shouldRunCloseCallbacksOnceAndTheLastFirst() throws Exception {
        final List<String> order = new CopyOnWriteArrayList<>();
        final CompletableFuture<Void> last = new CompletableFuture<>();
        final Recorder handler = new Recorder()
                .onOpen(c -> {
                    c.onClose(cause -> order.add("first " + cause.kind()));
                    c.onClose(_ -> {
                        throw new IllegalStateException("a callback of a test");
                    });
                    c.onClose(cause -> order.add("second " + cause.kind()));
                })
                .onClose(_ -> {
                    order.add("handler");
                    last.complete(null);
                });
        engines.connect(engines.listen(engines.engine(), Family.TCP, handler)).close();

        EngineFixture.await(last);
        assertThat(order).containsExactly("second PEER_CLOSED", "first PEER_CLOSED", "handler");
    }

    @Test
    void shouldRunACloseCallbackThatComesTooLate() throws Exception {
        final Recorder handler = new Recorder();
        engines.connect(engines.listen(engines.engine(), Family.TCP, handler)).close();
        handler.awaitClose();
        final CompletableFuture<CloseCause> late = new CompletableFuture<>();
        handler.awaitOpen().onClose(late::complete);

        assertThat(EngineFixture.await(late).kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
    }

    // ---- the peer

    @Test
    void shouldSayThatAConnectionIsActiveAsLongAsThePeerIsThere() throws Exception {
        // Paused, so that nothing but the question finds out.
        final Recorder handler = new Recorder().onOpen(Connection::pause);
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
        final Connection connection = handler.awaitOpen();

        assertThat(connection.isActive()).isTrue();
        assertThat(connection.isActive()).isTrue();
        peer.finish();
        EngineFixture.until("the end", () -> !connection.isActive());
        assertThat(handler.events()).as("events while paused").doesNotContain("end");
        connection.resume();
        handler.awaitEvent("end");
    }

    @Test
    void shouldSayThatAResetConnectionIsNotActive() throws Exception {
        final Recorder handler = new Recorder().onOpen(Connection::pause);
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
        final Connection connection = handler.awaitOpen();
        peer.reset();

        EngineFixture.until("the reset", () -> !connection.isActive());
    }

    @Test
    void shouldNotConsumeWhenItIsAskedWhetherItIsActive() throws Exception {
        final Recorder handler = new Recorder().onOpen(Connection::pause);
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
        final Connection connection = handler.awaitOpen();
        peer.send("unread");

        assertThat(connection.isActive()).isTrue();
        assertThat(connection.isActive()).isTrue();
        connection.resume();
        assertThat(handler.awaitText(6)).isEqualTo("unread");
        assertThat(connection.isActive()).isTrue();
        peer.send("more").finish();
        assertThat(handler.awaitText(10)).isEqualTo("unreadmore");
        handler.awaitClose();
        assertThat(connection.isActive()).isFalse();
    }

    // ---- wake

    @Test
    void shouldCallTheHandlerWhenItIsWoken() throws Exception {
        final Recorder handler = new Recorder();
        engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
        final Connection connection = handler.awaitOpen();
        assertThat(handler.events()).containsExactly("open");
        connection.wake();

        handler.awaitEvent("data");
        assertThat(handler.receivedBytes()).isZero();
    }
}
