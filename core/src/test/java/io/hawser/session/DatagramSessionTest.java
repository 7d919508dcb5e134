// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.connection.CloseCause;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.TestTransport;
import io.hawser.transport.DatagramOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions over datagrams. The peers are sockets of the JDK, or clients. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class DatagramSessionTest {
    private static final Codec<String> STRINGS = Codecs.lengthField(4).strings();
    private static final String ANY = "udp://127.0.0.1:0";
    private static final Duration PATIENCE = EngineFixture.PATIENCE;

    @RegisterExtension
    final EngineFixture engines;

    private final Listening listener = new Listening();

    DatagramSessionTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    /** Takes down what it is told, and echoes. */
    private static final class Listening implements EventListener<String> {
        final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        final BlockingQueue<Session<String>> sessions = new LinkedBlockingQueue<>();

        @Override
        public boolean onOpen(Session<String> session) {
            sessions.add(session);
            events.add("open");
            return true;
        }

        @Override
        public void onMessage(Session<String> session, String message) {
            if (message.equals("refuse me")) {
                throw new IllegalStateException("on purpose");
            }
            if (message.equals("close me")) {
                session.close();
                return;
            }
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
    }

    private SessionServer.Builder<String> server() throws IOException {
        return SessionServer.builder(ANY, STRINGS).listener(listener).engine(engines.engine());
    }

    /** A peer with a port of its own. */
    private final class UdpPeer {
        private final DatagramSocket socket;
        private final InetSocketAddress server;

        UdpPeer(SessionServer<?> server) throws IOException {
            socket = engines.closing(new DatagramSocket(new InetSocketAddress("127.0.0.1", 0)));
            socket.setSoTimeout((int) PATIENCE.toMillis());
            this.server = new InetSocketAddress(
                    server.address().host(), server.address().port());
        }

        UdpPeer send(byte[] payload) throws IOException {
            socket.send(new DatagramPacket(payload, payload.length, server));
            return this;
        }

        UdpPeer say(String... messages) throws IOException {
            final var payload = new ByteArrayOutputStream();
            for (String message : messages) {
                payload.writeBytes(SessionTest.framed(message));
            }
            return send(payload.toByteArray());
        }

        String hear() throws IOException {
            final DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
            socket.receive(packet);
            final ByteBuffer bytes = ByteBuffer.wrap(packet.getData(), 0, packet.getLength());
            final byte[] text = new byte[bytes.getInt()];
            bytes.get(text);
            assertThat(bytes.hasRemaining()).isFalse();
            return new String(text, StandardCharsets.UTF_8);
        }
    }

    private String next() throws InterruptedException {
        return listener.events.take();
    }

    @Test
    void shouldGiveEachPeerASession() throws Exception {
        final SessionServer<String> server = server().start();
        final List<UdpPeer> peers = List.of(new UdpPeer(server), new UdpPeer(server), new UdpPeer(server));
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < peers.size(); i++) {
                assertThat(peers.get(i).say(round + "/" + i).hear()).isEqualTo("echo " + round + "/" + i);
            }
        }
        assertThat(server.sessions()).hasSize(3);
        assertThat(listener.sessions).hasSize(3);
        for (Session<String> session : listener.sessions) {
            assertThat(session.stats().messagesReceived()).isEqualTo(3);
            assertThat(session.connection()).isEmpty();
            assertThat(session.localAddress()).isPresent();
            // From the loop it was; now from here.
            assertThat(session.send("more")).isEqualTo(8);
        }
        for (UdpPeer peer : peers) {
            assertThat(peer.hear()).isEqualTo("more");
        }
        assertThat(listener.sessions)
                .extracting(session -> session.remoteAddress().orElseThrow())
                .containsExactlyElementsOf(peers.stream()
                        .map(peer -> peer.socket.getLocalSocketAddress())
                        .toList());
    }

    @Test
    void shouldFindSeveralMessagesInADatagram() throws Exception {
        final UdpPeer peer = new UdpPeer(server().start());
        peer.say("one", "", "three");
        assertThat(List.of(peer.hear(), peer.hear(), peer.hear())).containsExactly("echo one", "echo ", "echo three");
    }

    @Test
    void shouldDropWhatDoesNotDecodeAndCloseNothing() throws Exception {
        final SessionServer<String> server = server().maxMessageBytes(1000)
                .datagramOptions(
                        DatagramOptions.builder().maxDatagramBytes(1200).build())
                .start();
        final UdpPeer peer = new UdpPeer(server);
        final byte[] whole = SessionTest.framed("whole");
        final var withRest = new ByteArrayOutputStream();
        withRest.writeBytes(whole);
        withRest.write(0);
        peer.send(Arrays.copyOf(whole, 7))
                .send(withRest.toByteArray())
                .send(new byte[0])
                .send(new byte[] {-1, -1, -1, -1, 0})
                .send(new byte[1201])
                .send(SessionTest.framed("x".repeat(997)))
                .say("good");
        assertThat(peer.hear()).isEqualTo("echo whole");
        assertThat(peer.hear()).isEqualTo("echo good");
        assertThat(next()).isEqualTo("open");
        final List<String> told = new ArrayList<>();
        listener.events.drainTo(told);
        assertThat(told).hasSize(8);
        assertThat(told.get(0))
                .startsWith("error A datagram of 7 bytes from 127.0.0.1")
                .endsWith("it ends within a message");
        assertThat(told.get(1)).isEqualTo("whole");
        assertThat(told.get(2)).startsWith("error A datagram of 10 bytes").endsWith("it ends within a message");
        assertThat(told.get(3)).startsWith("error A datagram of 0 bytes").endsWith("it is empty");
        assertThat(told.get(4)).startsWith("error A datagram of 5 bytes");
        assertThat(told.get(5)).startsWith("error").endsWith("it is longer than 1200 bytes");
        assertThat(told.get(6)).startsWith("error A datagram of 1001 bytes");
        assertThat(told.get(7)).isEqualTo("good");
        assertThat(server.undecodedDatagrams()).isEqualTo(6);
        assertThat(listener.sessions.take().stats().errors()).isEqualTo(6);
        assertThat(server.sessions()).hasSize(1);
    }

    @Test
    void shouldSurviveACodecThatConsumesNothing() throws Exception {
        final Codec<String> endless = new Codec<>() {
            @Override
            public Decoded<String> decode(Reader in) {
                if (in.getByte(0) == 'e') {
                    throw new IllegalStateException("an e");
                }
                return in.getByte(0) == 'n' ? Decoded.message("for ever") : Decoded.message(in.readString(1));
            }

            @Override
            public void encode(String message, Writer out) {
                out.writeString(message);
            }
        };
        final SessionServer<String> server = SessionServer.builder(ANY, endless)
                .listener(listener)
                .engine(engines.engine())
                .start();
        new UdpPeer(server).send(new byte[] {'n'}).send(new byte[] {'e'}).send(new byte[] {'a', 'b'});
        assertThat(next()).isEqualTo("open");
        assertThat(next()).endsWith("has consumed nothing");
        assertThat(next()).endsWith("an e");
        assertThat(next()).isEqualTo("a");
        assertThat(next()).isEqualTo("b");
    }

    @Test
    void shouldBoundThePeersOfAFlood() throws Exception {
        final SessionServer<String> server = server().maxPeers(3).start();
        final List<UdpPeer> peers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            peers.add(new UdpPeer(server).say("from " + i));
        }
        for (int i = 0; i < 3; i++) {
            assertThat(peers.get(i).hear()).isEqualTo("echo from " + i);
        }
        EngineFixture.until("all have come", () -> server.refusedPeers() == 17);
        assertThat(server.sessions()).hasSize(3);
        // One that leaves makes room.
        peers.getFirst().say("close me");
        EngineFixture.until("it is gone", () -> server.sessions().size() == 2);
        assertThat(peers.getLast().say("now").hear()).isEqualTo("echo now");
        assertThat(server.sessions()).hasSize(3);
    }

    @Test
    void shouldForgetPeersOfWhichNothingComes() throws Exception {
        final SessionServer<String> server =
                server().idleTimeout(Duration.ofMillis(30)).start();
        final UdpPeer peer = new UdpPeer(server);
        assertThat(peer.say("first").hear()).isEqualTo("echo first");
        assertThat(List.of(next(), next(), next())).containsExactly("open", "first", "close TIMED_OUT");
        assertThat(server.sessions()).isEmpty();
        // And comes back as another.
        assertThat(peer.say("again").hear()).isEqualTo("echo again");
        assertThat(List.of(next(), next(), next())).containsExactly("open", "again", "close TIMED_OUT");
    }

    @Test
    void shouldCloseThePeerAloneForWhichTheListenerThrows() throws Exception {
        final SessionServer<String> server = server().start();
        final UdpPeer good = new UdpPeer(server);
        assertThat(good.say("good").hear()).isEqualTo("echo good");
        new UdpPeer(server).say("refuse me", "not seen");
        assertThat(List.of(next(), next(), next(), next(), next()))
                .containsExactly("open", "good", "open", "error on purpose", "close ERROR");
        assertThat(good.say("still").hear()).isEqualTo("echo still");
        assertThat(server.sessions()).hasSize(1);
    }

    @Test
    void shouldRefuseToSendWhatNoDatagramHolds() throws Exception {
        final SessionServer<String> server = server().start();
        final UdpPeer peer = new UdpPeer(server);
        assertThat(peer.say("hello").hear()).isEqualTo("echo hello");
        final Session<String> session = listener.sessions.take();
        assertThatThrownBy(() -> session.send("x".repeat(65_504)))
                .isInstanceOfSatisfying(
                        SendFailedException.class,
                        e -> assertThat(e.reason()).isEqualTo(SendFailedException.Reason.TOO_LONG));
        assertThat(session.send("after", PATIENCE)).isEqualTo(new Sent(9, 9));
        assertThat(peer.hear()).isEqualTo("after");
        assertThat(session.pendingBytes()).isZero();
    }

    @Test
    void shouldEndItsSessionsWithTheSocket() throws Exception {
        final SessionServer<String> server = server().start();
        assertThat(new UdpPeer(server).say("hello").hear()).isEqualTo("echo hello");
        final Session<String> session = listener.sessions.take();
        server.close();
        assertThat(EngineFixture.await(session.closeFuture()).kind()).isEqualTo(CloseCause.Kind.LOCAL);
        assertThat(server.sessions()).isEmpty();
        assertThatThrownBy(() -> session.send("late")).isInstanceOf(SendFailedException.class);
        assertThat(listener.events).containsExactly("open", "hello", "close LOCAL");
    }

    // ---- a session for the socket

    @Test
    void shouldTellThePeerOfEachMessage() throws Exception {
        final BlockingQueue<String> errors = new LinkedBlockingQueue<>();
        final CompletableFuture<Session<Addressed<String>>> opened = new CompletableFuture<>();
        final SessionServer<Addressed<String>> server = SessionServer.datagrams(ANY, STRINGS)
                .listener(new EventListener<>() {
                    @Override
                    public boolean onOpen(Session<Addressed<String>> session) {
                        return opened.complete(session);
                    }

                    @Override
                    public void onMessage(Session<Addressed<String>> session, Addressed<String> message) {
                        if (message.message().equals("throw")) {
                            throw new IllegalStateException("on purpose");
                        }
                        session.send(message.reply("echo " + message.message()));
                    }

                    @Override
                    public void onError(Session<Addressed<String>> session, Throwable error) {
                        errors.add(String.valueOf(error.getMessage()));
                    }
                })
                .engine(engines.engine())
                .start();
        final Session<Addressed<String>> session = EngineFixture.await(opened);
        assertThat(session.remoteAddress()).isEmpty();
        final UdpPeer one = new UdpPeer(server);
        final UdpPeer other = new UdpPeer(server);
        one.say("throw");
        assertThat(errors.take()).isEqualTo("on purpose");
        other.send(new byte[] {1});
        assertThat(errors.take()).contains("A datagram of 1 bytes from ");
        assertThat(one.say("a").hear()).isEqualTo("echo a");
        assertThat(other.say("b").hear()).isEqualTo("echo b");
        assertThat(one.say("c").hear()).isEqualTo("echo c");
        assertThat(server.sessions()).hasSize(1);
        session.send(new Addressed<>("unasked", (InetSocketAddress) other.socket.getLocalSocketAddress()));
        assertThat(other.hear()).isEqualTo("unasked");
        assertThatThrownBy(() -> session.send(
                        new Addressed<>("nowhere", InetSocketAddress.createUnresolved("nowhere.invalid", 1))))
                .isInstanceOf(SendFailedException.class);
    }

    @Test
    void shouldRefuseWhatDatagramsCannotDo() throws Exception {
        assertThatThrownBy(() -> SessionServer.datagrams("tcp://127.0.0.1:0", STRINGS))
                .isInstanceOf(IllegalArgumentException.class);
        final var inOrder = server().correlation(Correlation.inOrder());
        assertThatThrownBy(inOrder::start).isInstanceOf(IllegalArgumentException.class);
        final Codec<String> ordered = new Codec<>() {
            @Override
            public Decoded<String> decode(Reader in) {
                return Decoded.message(in.readString(1));
            }

            @Override
            public void encode(String message, Writer out) {
                out.writeString(message);
            }

            @Override
            public boolean isOrdered() {
                return true;
            }
        };
        final var stateful =
                SessionServer.builder(ANY, ordered).listener(listener).engine(engines.engine());
        assertThatThrownBy(stateful::start)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("lost");
    }

    // ---- clients

    @Test
    void shouldCallOverUdp() throws Exception {
        final SessionServer<String> server = SessionServer.builder(ANY, STRINGS)
                .listener(SessionClientTest.ANSWERING)
                .engine(engines.engine())
                .start();
        final SessionClient<String> client =
                engines.closing(SessionClient.builder(server.address().toString(), STRINGS)
                        .correlation(SessionClientTest.NUMBERED)
                        .sessions(2)
                        .engine(engines.engine())
                        .start());
        assertThat(client.awaitConnected(2, PATIENCE)).isTrue();
        for (int i = 0; i < 10; i++) {
            assertThat(client.call("?" + i + ":", PATIENCE)).isEqualTo("!" + i + ":");
        }
        assertThat(server.sessions()).hasSize(2);
        final Session<String> session = client.session();
        session.close();
        EngineFixture.await(session.closeFuture());
        assertThat(client.awaitConnected(2, PATIENCE)).isTrue();
        assertThat(client.sessions()).doesNotContain(session);
        client.close();
        assertThat(client.state()).isEqualTo(ClientState.CLOSED);
    }

    @Test
    void shouldTellOfAPeerThatIsNotThereAndGoOn() throws Exception {
        final SessionServer<String> gone = server().start();
        final String address = gone.address().toString();
        gone.close();
        final SessionClient<String> client = engines.closing(SessionClient.builder(address, STRINGS)
                .listener(listener)
                .engine(engines.engine())
                .start());
        assertThat(client.awaitConnected(PATIENCE)).isTrue();
        assertThat(next()).isEqualTo("open");
        client.send("anybody there?");
        assertThat(next()).startsWith("error");
        assertThat(client.state()).isEqualTo(ClientState.CONNECTED);
        SessionServer.builder(address, STRINGS)
                .listener(SessionClientTest.ANSWERING)
                .engine(engines.engine())
                .start();
        client.send("now?");
        assertThat(next()).isEqualTo("now?");
    }
}
