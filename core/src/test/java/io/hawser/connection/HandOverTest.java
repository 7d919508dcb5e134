// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** A connection goes from one handler to another, with all that has been received. */
@ParameterizedClass
@MethodSource("io.hawser.connection.Wire#all")
final class HandOverTest {
    private final Family family;

    @RegisterExtension
    final EngineFixture engines;

    HandOverTest(Wire wire) {
        family = wire.family();
        engines = new EngineFixture(wire.transport());
    }

    @Test
    void shouldGoFromHandlerToHandlerInTheLoop() throws Exception {
        final Recorder next = engines.watched(new Recorder());
        final Server server = engines.listen(engines.engine(), family, connection -> {
            if (connection.reader().readByte() == '!') {
                connection.writer().writeString("over");
                connection.handOver(next);
            }
        });
        final Peer peer = engines.connect(server);

        peer.send("!ahead");

        assertThat(peer.receiveText(4)).isEqualTo("over");
        assertThat(next.awaitText(5)).isEqualTo("ahead");
        peer.send("later");
        assertThat(next.awaitText(10)).isEqualTo("aheadlater");
        peer.finish().expectEnd();
        assertThat(next.awaitClose().kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
        assertThat(next.events()).startsWith("open", "data").endsWith("end", "close PEER_CLOSED");
    }

    @Test
    void shouldGoFromAVirtualThreadToTheLoop() throws Exception {
        final Recorder next = engines.watched(new Recorder());
        final CompletableFuture<Throwable> after = new CompletableFuture<>();
        final Engine engine = engines.engine();
        final Server server = engine.serve(engines.freshAddress(family), ServerOptions.DEFAULT, connection -> {
            assertThat(connection.reader().readString(1)).isEqualTo("!");
            connection.writer().writeString("over");
            connection.handOver(next);
            try {
                connection.writer();
            } catch (ConnectionClosedException e) {
                after.complete(e);
            }
        });
        final Peer peer = engines.connect(server);

        peer.send("!ahead");

        assertThat(peer.receiveText(4)).isEqualTo("over");
        assertThat(EngineFixture.await(after)).isInstanceOf(ConnectionClosedException.class);
        peer.send("later").finish().expectEnd();
        assertThat(new String(next.awaitBytes(10), StandardCharsets.UTF_8)).isEqualTo("aheadlater");
        assertThat(next.awaitClose().kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
    }

    @Test
    void shouldGoFromTheLoopToAVirtualThread() throws Exception {
        final Engine engine = engines.engine();
        final BlockingHandler blocking = connection ->
                connection.writer().writeString(connection.reader().readString(5));
        final Server server = engines.listen(engine, family, connection -> {
            connection.reader().skip(1);
            connection.handOver(new BlockingEndpoint(blocking, VirtualThreads.JDK));
        });
        final Peer peer = engines.connect(server);

        peer.send("!ahe");
        peer.send("ad");

        assertThat(peer.receiveText(5)).isEqualTo("ahead");
        peer.finish().expectEnd();
    }

    @Test
    void shouldCloseWhatTheNextRefuses() throws Exception {
        final Server server = engines.listen(engines.engine(), family, connection -> {
            connection.reader().skip(1);
            connection.handOver(new ConnectionHandler() {
                @Override
                public boolean prepare(Connection refused) {
                    return false;
                }

                @Override
                public void onData(Connection unused) {
                    throw new AssertionError("It was refused");
                }
            });
        });
        final Peer peer = engines.connect(server);

        peer.send("!").expectEnd();
    }

    @Test
    void shouldBeForTheHandlersThreadOnly() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, family, Recorder.echo());
        final Connection dialled = engines.closing(engine.dial(server.address(), ConnectionOptions.DEFAULT));

        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> dialled.handOver(new Recorder()));
    }
}
