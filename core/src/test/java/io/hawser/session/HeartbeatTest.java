// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.CloseCause;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Family;
import io.hawser.connection.Peer;
import io.hawser.connection.TestTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Pings, answers, and peers that are gone, over real sockets; how long it all takes is in {@code SimHeartbeatTest}. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class HeartbeatTest {
    private static final Codec<String> STRINGS = Codecs.lengthField(4).strings();
    private static final Duration QUICK = Duration.ofMillis(5);

    @RegisterExtension
    final EngineFixture engines;

    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<Session<String>> opened = new CompletableFuture<>();

    HeartbeatTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private SessionServer<String> serve(Heartbeat<String> heartbeat) throws IOException {
        return SessionServer.builder(engines.freshAddress(Family.TCP).toString(), STRINGS)
                .listener(new EventListener<>() {
                    @Override
                    public boolean onOpen(Session<String> session) {
                        opened.complete(session);
                        return true;
                    }

                    @Override
                    public void onMessage(Session<String> session, String message) {
                        events.add(message);
                        session.send("echo " + message);
                    }

                    @Override
                    public void onError(Session<String> session, Throwable error) {
                        events.add("error " + error.getMessage());
                    }

                    @Override
                    public void onClose(Session<String> session, CloseCause cause) {
                        events.add("close " + cause.kind());
                    }
                })
                .heartbeat(heartbeat)
                .engine(engines.engine())
                .start();
    }

    private static Heartbeat<String> pinging() {
        return Heartbeat.<String>every(QUICK, () -> "ping")
                .answering("ping"::equals, _ -> "pong")
                .ignoring("pong"::equals);
    }

    private Peer connect(SessionServer<String> server) throws IOException {
        return engines.closing(Peer.connect(server.address()));
    }

    private static String receive(Peer peer) throws IOException {
        return peer.receiveText(ByteBuffer.wrap(peer.receive(4)).getInt());
    }

    @Test
    void shouldPingAndDropTheAnswers() throws Exception {
        final Peer peer = connect(serve(pinging().unanswered(Integer.MAX_VALUE)));
        for (int i = 0; i < 5; i++) {
            assertThat(receive(peer)).isEqualTo("ping");
            peer.send(SessionTest.framed("pong"));
        }
        peer.send(SessionTest.framed("message"));
        String next = receive(peer);
        while (next.equals("ping")) {
            next = receive(peer);
        }
        assertThat(next).isEqualTo("echo message");
        assertThat(events).containsExactly("message");
        assertThat(EngineFixture.await(opened).stats().messagesReceived()).isEqualTo(6);
    }

    @Test
    void shouldAnswerPings() throws Exception {
        final Peer peer = connect(
                serve(Heartbeat.<String>passive().answering(m -> m.startsWith("ping"), m -> "pong" + m.substring(4))));
        peer.send(SessionTest.framed("ping 1"))
                .send(SessionTest.framed("message"))
                .send(SessionTest.framed("ping 2"));
        assertThat(receive(peer)).isEqualTo("pong 1");
        assertThat(receive(peer)).isEqualTo("echo message");
        assertThat(receive(peer)).isEqualTo("pong 2");
        assertThat(events).containsExactly("message");
    }

    @Test
    void shouldEndASessionWhosePeerSaysNothing() throws Exception {
        final Peer peer = connect(serve(pinging().unanswered(2)));
        assertThat(events.take()).isEqualTo("error The peer has not answered a heartbeat for 2 periods");
        assertThat(events.take()).isEqualTo("close TIMED_OUT");
        assertThat(receive(peer)).isEqualTo("ping");
    }

    @Test
    void shouldEndASessionWhosePeerTakesNothingAndHasTooMuchPending() throws Exception {
        final SessionServer<String> server = serve(pinging().unanswered(2));
        engines.closing(Peer.connectWithSmallBuffers(server.address()));
        final Session<String> session = EngineFixture.await(opened);
        final String much = "x".repeat(500_000);
        EngineFixture.until("too much is pending", () -> {
            try {
                session.send(much);
            } catch (SendFailedException _) {
                return true;
            }
            return session.pendingBytes() > 2_000_000;
        });
        assertThat(events.take()).startsWith("error The peer has not answered");
        assertThat(events.take()).isEqualTo("close TIMED_OUT");
    }

    @Test
    void shouldKeepQuietSessionsOpenOnBothSides() throws Exception {
        final SessionServer<String> server = serve(pinging().unanswered(1000));
        final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        final SessionClient<String> client =
                engines.closing(SessionClient.builder(server.address().toString(), STRINGS)
                        .listener((_, message) -> seen.add(message))
                        .heartbeat(pinging().unanswered(1000))
                        .engine(engines.engine())
                        .start());
        assertThat(client.awaitConnected(EngineFixture.PATIENCE)).isTrue();
        final Session<String> session = client.session();
        EngineFixture.until("heartbeats", () -> session.stats().messagesReceived() >= 30);
        assertThat(session.isOpen()).isTrue();
        client.send("message");
        assertThat(seen.take()).isEqualTo("echo message");
        assertThat(seen).isEmpty();
    }

    @Test
    void shouldCloseTheSessionOfAHeartbeatThatFails() throws Exception {
        final Peer peer = connect(serve(Heartbeat.<String>passive().answering("ping"::equals, _ -> {
            throw new IllegalStateException("no pong");
        })));
        peer.send(SessionTest.framed("ping"));
        peer.expectGone();
        peer.close();
        assertThat(events.take()).isEqualTo("error no pong");
        assertThat(events.take()).isEqualTo("close ERROR");
    }

    @Test
    void shouldRefuseWhatMakesNoSense() {
        assertThatThrownBy(() -> Heartbeat.every(Duration.ZERO, () -> "ping"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> pinging().unanswered(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
