// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.Reader;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.DetachedConnection;
import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Family;
import io.hawser.connection.Limits;
import io.hawser.connection.Peer;
import io.hawser.connection.Server;
import io.hawser.connection.TestTransport;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions of connections that somebody else has made. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class SessionHandlerTest {
    private static final Codec<String> STRINGS = Codecs.lengthField(2).strings();

    @RegisterExtension
    final EngineFixture engines;

    SessionHandlerTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    /** Echoes, and takes down how it ends. */
    private static final class Echoing implements EventListener<String> {
        final BlockingQueue<Throwable> errors = new LinkedBlockingQueue<>();
        final CompletableFuture<CloseCause> closed = new CompletableFuture<>();

        @Override
        public void onMessage(Session<String> session, String message) {
            session.send(message);
        }

        @Override
        public void onError(Session<String> session, Throwable error) {
            errors.add(error);
        }

        @Override
        public void onClose(Session<String> session, CloseCause cause) {
            closed.complete(cause);
        }
    }

    @Test
    void shouldServeConnectionsThatAServerAccepts() throws Exception {
        final Engine engine = engines.engine();
        final Echoing echo = new Echoing();
        for (Family family : Family.values()) {
            final Server server = engines.listen(engine, family, SessionHandler.of(engine, STRINGS, echo));
            final Peer peer = engines.connect(server);
            peer.send("\0\2on\0\3").send(family.name().substring(0, 3));
            assertThat(peer.receiveText(9))
                    .isEqualTo("\0\2on\0\3" + family.name().substring(0, 3));
            peer.finish().expectEnd();
        }
        assertThat(EngineFixture.await(echo.closed).kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
        assertThat(echo.errors).isEmpty();
    }

    @Test
    void shouldServeAConnectionThatWasDialled() throws Exception {
        final Engine engine = engines.engine();
        final Server server = engines.listen(engine, Family.TCP, SessionHandler.of(engine, STRINGS, new Echoing()));
        final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        final ConnectionHandler client = SessionHandler.of(engine, STRINGS, new EventListener<>() {
            @Override
            public boolean onOpen(Session<String> session) {
                session.send("hello");
                return true;
            }

            @Override
            public void onMessage(Session<String> session, String message) {
                answers.add(message);
            }
        });
        engines.dial(engine, server.address(), client);
        assertThat(answers.take()).isEqualTo("hello");
    }

    @Test
    void shouldServeAConnectionThatWasAdoptedWithWhatItHadReceived() throws Exception {
        final Engine first = engines.engine();
        final CompletableFuture<DetachedConnection> detached = new CompletableFuture<>();
        final Server server = engines.listen(first, Family.TCP, connection -> {
            if (connection.reader().readableBytes() >= 5) {
                final var unused = connection.detach().thenAccept(detached::complete);
            }
        });
        final Peer peer = engines.connect(server);
        peer.send("\0\3one");
        final Engine second = engines.engine();
        final Connection adopted = EngineFixture.await(second.adopt(
                EngineFixture.await(detached),
                ConnectionOptions.DEFAULT,
                SessionHandler.of(second, Codecs.lengthField(2).frames(), Session<Reader>::send)));
        assertThat(adopted.engine()).isSameAs(second);
        peer.send("\0\3two");
        assertThat(peer.receiveText(10)).isEqualTo("\0\3one\0\3two");
    }

    @Test
    void shouldRefuseMessagesThatTheEngineDoesNotAllow() throws Exception {
        final Engine engine = engines.engine(
                builder -> builder.limits(Limits.DEFAULT.withInboundBytes(1000).withMessageBytes(100)));
        final Echoing echo = new Echoing();
        final Server server = engines.listen(engine, Family.TCP, SessionHandler.of(engine, STRINGS, echo));
        final Peer peer = engines.connect(server).send("\0\143");
        peer.expectEnd();
        peer.close();
        assertThat(EngineFixture.await(echo.closed).kind()).isEqualTo(CloseCause.Kind.LIMIT);
        assertThat(echo.errors).singleElement().isInstanceOf(MessageTooLongException.class);
    }

    @Test
    void shouldRefuseAnEngineWhoseMessagesWouldNotFit() throws Exception {
        final Engine engine = engines.engine(
                builder -> builder.limits(Limits.DEFAULT.withInboundBytes(100).withMessageBytes(101)));
        assertThatThrownBy(() -> SessionHandler.of(engine, STRINGS, Session::send))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Limits.inboundBytes");
    }
}
