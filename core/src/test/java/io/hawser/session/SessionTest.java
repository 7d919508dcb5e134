// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Slice;
import io.hawser.buffer.Writer;
import io.hawser.connection.CloseCause;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Family;
import io.hawser.connection.Limits;
import io.hawser.connection.Peer;
import io.hawser.connection.TestTransport;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Messages through a session, its listener inline. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class SessionTest {
    private static final Codec<String> STRINGS = Codecs.lengthField(4).strings();

    @RegisterExtension
    final EngineFixture engines;

    SessionTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    /** Takes down what it is told. */
    private static class Listening implements EventListener<String> {
        final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        final CompletableFuture<Session<String>> session = new CompletableFuture<>();

        @Override
        public boolean onOpen(Session<String> opened) {
            events.add("open");
            session.complete(opened);
            return true;
        }

        @Override
        public void onMessage(Session<String> from, String message) throws Exception {
            events.add(message);
        }

        @Override
        public void onError(Session<String> of, Throwable error) {
            events.add("error " + error.getMessage());
        }

        @Override
        public void onClose(Session<String> of, CloseCause cause) {
            events.add("close " + cause.kind());
        }

        String next() throws InterruptedException {
            return events.take();
        }
    }

    private SessionServer<String> serve(EventListener<String> listener) throws Exception {
        return start(SessionServer.builder(address(), STRINGS).listener(listener));
    }

    private String address() throws Exception {
        return engines.freshAddress(Family.TCP).toString();
    }

    private <M> SessionServer<M> start(SessionServer.Builder<M> builder) throws Exception {
        return engines.closing(builder.engine(engines.engine()).start());
    }

    private Peer connect(SessionServer<?> server) throws Exception {
        return engines.closing(Peer.connect(server.address()));
    }

    static byte[] framed(String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(4 + bytes.length)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    private static String receive(Peer peer) throws Exception {
        return peer.receiveText(ByteBuffer.wrap(peer.receive(4)).getInt());
    }

    @Test
    void shouldAnswerMessages() throws Exception {
        final Peer peer = connect(serve(Session::send));
        for (String message : List.of("hello", "", "wörld")) {
            peer.send(framed(message));
            assertThat(receive(peer)).isEqualTo(message);
        }
    }

    @Test
    void shouldFindMessagesHoweverTheyAreCut() throws Exception {
        final Listening listener = new Listening();
        final Peer peer = connect(serve(listener));
        final ByteBuffer stream = ByteBuffer.allocate(1000);
        final List<String> sent = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            sent.add("m".repeat(i));
            stream.put(framed(sent.getLast()));
        }
        // Byte by byte, then all at once.
        for (int i = 0; i < stream.position(); i++) {
            peer.send(stream.array(), i, 1);
        }
        peer.send(stream.array(), 0, stream.position());
        assertThat(listener.next()).isEqualTo("open");
        for (int round = 0; round < 2; round++) {
            for (String expected : sent) {
                assertThat(listener.next()).isEqualTo(expected);
            }
        }
    }

    @Test
    void shouldServeUnixSockets() throws Exception {
        final SessionServer<String> server =
                start(SessionServer.builder(engines.freshAddress(Family.UNIX).toString(), STRINGS)
                        .listener(Session::send));
        final Peer peer = connect(server);
        peer.send(framed("over a path"));
        assertThat(receive(peer)).isEqualTo("over a path");
        peer.finish();
        peer.expectEnd();
    }

    @Test
    void shouldNotAskTheDecoderBeforeAsMuchIsThereAsItNeeds() throws Exception {
        final List<Long> asked = new ArrayList<>();
        final Codec<String> tens = new Codec<>() {
            @Override
            public Decoded<String> decode(Reader in) {
                asked.add(in.readableBytes());
                return in.readableBytes() < 10 ? Decoded.need(10) : Decoded.message(in.readString(10));
            }

            @Override
            public void encode(String message, Writer out) {
                out.writeString(message);
            }
        };
        final SessionServer<String> server =
                start(SessionServer.builder(address(), tens).listener((session, message) -> {
                    session.send(message);
                }));
        final Peer peer = connect(server);
        for (int i = 0; i < 9; i++) {
            peer.send("x");
            EngineFixture.until("a byte to arrive", () -> {
                final CompletableFuture<Long> bytes = new CompletableFuture<>();
                final Session<String> session =
                        server.sessions().stream().findFirst().orElse(null);
                if (session == null) {
                    return false;
                }
                session.loop()
                        .execute(() -> bytes.complete(
                                session.connection().orElseThrow().reader().readableBytes()));
                return bytes.join() > 0;
            });
        }
        peer.send("x");
        assertThat(peer.receiveText(10)).isEqualTo("x".repeat(10));
        EngineFixture.onLoop(server.engine().loops().getFirst(), () -> {
            assertThat(asked).hasSizeBetween(1, 2);
            assertThat(asked.getLast()).isEqualTo(10);
        });
    }

    @Test
    void shouldKeepATimeoutForItsCall() throws Exception {
        final Listening listener = new Listening();
        final SessionServer<String> server = engines.closing(SessionServer.builder(address(), STRINGS)
                .listener(listener)
                .engine(engines.engine(
                        builder -> builder.limits(Limits.DEFAULT.withOutboundBytes(2 << 20, 64 << 10, 16 << 10))))
                .start());
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        final Session<String> session = EngineFixture.await(listener.session);
        final String large = "x".repeat(1_000_000);
        int queued = 0;
        SendFailedException failure = null;
        while (failure == null || failure.reason() != SendFailedException.Reason.BLOCKED) {
            try {
                session.send(large, Duration.ofMillis(20));
                queued++;
            } catch (SendFailedException e) {
                failure = e;
                queued += e.reason() == SendFailedException.Reason.TIMED_OUT ? 1 : 0;
            }
        }
        // The peer reads again: what timed out was queued and comes, what was blocked does not, and no timeout is left
        // behind.
        final CompletableFuture<Sent> last =
                CompletableFuture.supplyAsync(() -> session.send("last", EngineFixture.PATIENCE));
        for (int i = 0; i < queued; i++) {
            assertThat(receive(peer)).isEqualTo(large);
        }
        assertThat(receive(peer)).isEqualTo("last");
        assertThat(EngineFixture.await(last).sentBytes()).isEqualTo(8);
        assertThat(session.isOpen()).isTrue();
    }

    @Test
    void shouldTellOfACleanEndByTheCloseAlone() throws Exception {
        final Listening listener = new Listening();
        final Peer peer = connect(serve(listener));
        peer.send(framed("bye")).finish();
        peer.expectEnd();
        peer.close();
        assertThat(List.of(listener.next(), listener.next(), listener.next()))
                .containsExactly("open", "bye", "close PEER_CLOSED");
    }

    @Test
    void shouldTellOfAnEndWithinAMessage() throws Exception {
        final Listening listener = new Listening();
        final Peer peer = connect(serve(listener));
        peer.send(framed("cut"), 0, 5).finish();
        peer.expectEnd();
        peer.close();
        assertThat(List.of(listener.next(), listener.next(), listener.next()))
                .containsExactly("open", "error The peer closed within a message", "close ERROR");
    }

    @Test
    void shouldRefuseALengthOverTheLimitBeforeTheBody() throws Exception {
        final Listening listener = new Listening();
        final Peer peer = connect(start(
                SessionServer.builder(address(), STRINGS).listener(listener).maxMessageBytes(100)));
        peer.send(ByteBuffer.allocate(4).putInt(97).array());
        peer.expectGone();
        peer.close();
        assertThat(List.of(listener.next(), listener.next(), listener.next()))
                .containsExactly("open", "error A message of 101 bytes or more; the limit is 100", "close LIMIT");
    }

    @Test
    void shouldServeOthersWhenOneSendsRubbish() throws Exception {
        final Codec<String> picky = new Codec<>() {
            @Override
            public Decoded<String> decode(Reader in) {
                return in.getByte(0) == 'x'
                        ? Decoded.malformed("an x")
                        : in.getByte(0) == 'y' ? Decoded.message("for ever") : Decoded.message(in.readString(1));
            }

            @Override
            public void encode(String message, Writer out) {
                out.writeString(message);
            }
        };
        final Listening listener = new Listening();
        final SessionServer<String> server =
                start(SessionServer.builder(address(), picky).listener(listener));
        final Peer good = connect(server);
        assertThat(listener.next()).isEqualTo("open");
        final Peer bad = connect(server);
        assertThat(listener.next()).isEqualTo("open");
        bad.send("x");
        bad.expectGone();
        bad.close();
        assertThat(listener.next()).isEqualTo("error What came is no message: an x");
        assertThat(listener.next()).isEqualTo("close ERROR");
        final Peer endless = connect(server);
        assertThat(listener.next()).isEqualTo("open");
        endless.send("y");
        endless.expectGone();
        endless.close();
        assertThat(listener.next()).startsWith("error").contains("for ever");
        assertThat(listener.next()).isEqualTo("close ERROR");
        good.send("a");
        assertThat(listener.next()).isEqualTo("a");
        assertThat(server.sessions()).hasSize(1);
    }

    @Test
    void shouldCloseTheSessionWhoseListenerThrows() throws Exception {
        final Listening listener = new Listening() {
            @Override
            public void onMessage(Session<String> from, String message) throws Exception {
                from.send("last words");
                throw new IllegalStateException("no");
            }
        };
        final Peer peer = connect(serve(listener));
        peer.send(framed("a")).send(framed("b"));
        assertThat(receive(peer)).isEqualTo("last words");
        peer.expectGone();
        peer.close();
        assertThat(List.of(listener.next(), listener.next(), listener.next()))
                .containsExactly("open", "error no", "close ERROR");
    }

    @Test
    void shouldRefuse() throws Exception {
        final Peer peer = connect(serve(new EventListener<>() {
            @Override
            public boolean onOpen(Session<String> session) {
                session.send("full");
                return false;
            }

            @Override
            public void onMessage(Session<String> session, String message) {
                throw new AssertionError();
            }

            @Override
            public void onClose(Session<String> session, CloseCause cause) {
                throw new AssertionError();
            }
        }));
        assertThat(receive(peer)).isEqualTo("full");
        peer.expectEnd();
    }

    @Test
    void shouldSendFromOtherThreads() throws Exception {
        final Listening listener = new Listening();
        final Peer peer = connect(serve(listener));
        final Session<String> session = EngineFixture.await(listener.session);
        assertThat(session.send("one")).isEqualTo(7);
        assertThat(session.send("three", Duration.ofSeconds(30))).isEqualTo(new Sent(9, 9));
        assertThat(EngineFixture.await(session.sendAsync("four"))).isEqualTo(new Sent(8, 8));
        assertThat(List.of(receive(peer), receive(peer), receive(peer))).containsExactly("one", "three", "four");
        final SessionStats stats = session.stats();
        assertThat(stats.messagesSent()).isEqualTo(3);
        assertThat(stats.bytesSent()).isEqualTo(24);
    }

    @Test
    void shouldRefuseToSendWhatIsTooLongAndSendTheNext() throws Exception {
        final CompletableFuture<Throwable> failure = new CompletableFuture<>();
        final Peer peer = connect(start(SessionServer.builder(address(), STRINGS)
                .listener((session, message) -> {
                    session.send("before");
                    try {
                        session.send("x".repeat(97));
                    } catch (SendFailedException e) {
                        failure.complete(e);
                    }
                    session.send("after");
                })
                .maxMessageBytes(100)));
        peer.send(framed("go"));
        assertThat(receive(peer)).isEqualTo("before");
        assertThat(receive(peer)).isEqualTo("after");
        assertThat(EngineFixture.await(failure))
                .isInstanceOfSatisfying(
                        SendFailedException.class,
                        e -> assertThat(e.reason()).isEqualTo(SendFailedException.Reason.TOO_LONG));
    }

    @Test
    void shouldShowFramesWithoutACopy() throws Exception {
        final Codec<Reader> frames = Codecs.lengthField(2).frames();
        final Peer peer = connect(start(SessionServer.builder(address(), frames).listener((session, frame) -> {
            assertThat(frame.readableBytes()).isEqualTo(3);
            if (frame.getByte(0) != 's') {
                session.send(frame);
            }
        })));
        peer.send("\0\3abc\0\3sss\0\3d").send("ef");
        assertThat(peer.receiveText(10)).isEqualTo("\0\3abc\0\3def");
    }

    @Test
    void shouldRefuseFramesInATaskPool() throws Exception {
        final Codec<Reader> frames = Codecs.lengthField(2).frames();
        assertThatThrownBy(() -> start(SessionServer.builder(address(), frames).tasks(Tasks.ordered())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("slices live longer");
    }

    @Test
    void shouldHandSlicesOver() throws Exception {
        final Codec<Slice> slices = Codecs.lengthField(2).slices();
        final Peer peer = connect(start(SessionServer.builder(address(), slices).listener(Session::send)));
        peer.send("\0\3abc\0\0");
        assertThat(peer.receiveText(7)).isEqualTo("\0\3abc\0\0");
    }

    @Test
    void shouldKeepAttributesAndName() throws Exception {
        final AttributeKey<Integer> count = AttributeKey.of("count");
        final Peer peer = connect(serve((session, message) -> {
            session.rename("my " + session.name());
            session.set(count, session.get(count).orElse(0) + 1);
            session.send(session + " " + session.get(count).orElseThrow());
            session.remove(count);
            session.send(session.get(count).toString());
        }));
        peer.send(framed("go"));
        assertThat(receive(peer)).matches("my session \\d+ with .*127.0.0.1:\\d+ 1");
        assertThat(receive(peer)).isEqualTo("Optional.empty");
    }

    @Test
    void shouldCallOnCron() throws Exception {
        final CompletableFuture<Integer> third = new CompletableFuture<>();
        final EventListener<String> listener = new EventListener<>() {
            private int calls;

            @Override
            public void onMessage(Session<String> session, String message) {}

            @Override
            public void onCron(Session<String> session) {
                if (++calls == 3) {
                    session.cron(Duration.ZERO);
                    third.complete(calls);
                }
            }
        };
        connect(start(
                SessionServer.builder(address(), STRINGS).listener(listener).cron(Duration.ofMillis(2))));
        assertThat(EngineFixture.await(third)).isEqualTo(3);
    }

    @Test
    void shouldCloseAnIdleSession() throws Exception {
        final Listening listener = new Listening();
        final Peer peer = connect(start(
                SessionServer.builder(address(), STRINGS).listener(listener).idleTimeout(Duration.ofMillis(20))));
        peer.expectGone();
        peer.close();
        assertThat(listener.next()).isEqualTo("open");
        assertThat(listener.next()).startsWith("error");
        assertThat(listener.next()).isEqualTo("close TIMED_OUT");
    }

    @Test
    void shouldServeOthersBetweenTheMessagesOfABomb() throws Exception {
        // Half a megabyte of zeros in a few hundred bytes: so many empty messages. While they are handled, others are
        // served.
        final Codec<String> codec = Codecs.compressedStream(
                Compression.deflate(9), Codecs.lengthField(1).strings());
        final AtomicInteger received = new AtomicInteger();
        final CompletableFuture<Integer> before = new CompletableFuture<>();
        final SessionServer<String> server =
                start(SessionServer.builder(address(), codec).listener((session, message) -> {
                    if (received.incrementAndGet() == 1) {
                        session.loop().execute(() -> before.complete(received.get()));
                    }
                }));
        final Peer peer = connect(server);
        final ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflating = new DeflaterOutputStream(compressed, new Deflater(9, true), true)) {
            deflating.write(new byte[500_000]);
            deflating.flush();
            peer.send(compressed.toByteArray());
            assertThat(EngineFixture.await(before)).isLessThan(500_000);
            EngineFixture.until("all", () -> received.get() == 500_000);
        }
    }

    @Test
    void shouldOfferASliceAgainUntilThereIsRoom() throws Exception {
        final CompletableFuture<Session<Slice>> opened = new CompletableFuture<>();
        final SessionServer<Slice> server = engines.closing(SessionServer.builder(
                        address(), Codecs.lengthField(4).slices())
                .listener(new EventListener<>() {
                    @Override
                    public boolean onOpen(Session<Slice> session) {
                        opened.complete(session);
                        return true;
                    }

                    @Override
                    public void onMessage(Session<Slice> session, Slice message) {
                        message.close();
                    }
                })
                .engine(engines.engine(
                        builder -> builder.limits(Limits.DEFAULT.withOutboundBytes(3 << 20, 64 << 10, 16 << 10))))
                .start());
        final Peer peer = engines.closing(Peer.connectWithSmallBuffers(server.address()));
        final Session<Slice> session = EngineFixture.await(opened);
        final int messages = 20;
        final CompletableFuture<Void> sending = EngineFixture.async(() -> {
            for (int i = 0; i < messages; i++) {
                final Buffer message = new Buffer(server.engine().pool());
                message.writeBytes(new byte[1_000_000]);
                session.send(message, EngineFixture.PATIENCE);
            }
        });
        peer.receive(messages * 1_000_004);
        EngineFixture.await(sending);
    }

    @Test
    void shouldSendOneMessageToMany() throws Exception {
        final SessionServer<String> server = serve((_, _) -> {});
        final List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            peers.add(connect(server));
        }
        EngineFixture.until("all to be open", () -> server.sessions().size() == 5);
        final String text = "x".repeat(20_000);
        assertThat(server.broadcast(text)).isEqualTo(5);
        final long left = server.sessions().iterator().next().id();
        assertThat(server.broadcast("most", session -> session.id() != left)).isEqualTo(4);
        assertThat(server.broadcast("all")).isEqualTo(5);
        int most = 0;
        for (Peer peer : peers) {
            assertThat(receive(peer)).isEqualTo(text);
            String next = receive(peer);
            if (next.equals("most")) {
                most++;
                next = receive(peer);
            }
            assertThat(next).isEqualTo("all");
        }
        assertThat(most).isEqualTo(4);
        assertThatThrownBy(() -> server.broadcast("x".repeat(2 << 20)))
                .isInstanceOfSatisfying(
                        SendFailedException.class,
                        e -> assertThat(e.reason()).isEqualTo(SendFailedException.Reason.TOO_LONG));
    }

    @Test
    void shouldDrainItsSessionsAndNoOtherOfTheEngine() throws Exception {
        final Listening listener = new Listening();
        final Listening others = new Listening() {
            @Override
            public void onMessage(Session<String> from, String message) throws Exception {
                from.send(message);
            }
        };
        final SessionServer<String> server = serve(listener);
        final SessionServer<String> other = engines.closing(SessionServer.builder(address(), STRINGS)
                .listener(others)
                .engine(server.engine())
                .start());
        final Peer peer = connect(server);
        final Peer spared = connect(other);
        peer.send(framed("x"));
        assertThat(List.of(listener.next(), listener.next())).containsExactly("open", "x");

        final CompletableFuture<Void> over = server.closeAsync(EngineFixture.PATIENCE);
        assertThat(peer.receiveAll()).isEmpty();
        peer.close();
        EngineFixture.await(over);
        assertThat(listener.next()).isEqualTo("close SHUTDOWN");
        spared.send(framed("still here"));
        assertThat(receive(spared)).isEqualTo("still here");
    }

    @Test
    void shouldSayThatItIsClosed() throws Exception {
        final Listening listener = new Listening();
        final Peer peer = connect(serve(listener));
        final Session<String> session = EngineFixture.await(listener.session);
        session.close();
        peer.expectEnd();
        assertThatThrownBy(() -> session.send("late"))
                .isInstanceOf(SendFailedException.class)
                .hasMessageContaining("is closed");
        peer.close();
        assertThat(EngineFixture.await(session.closeFuture()).kind()).isEqualTo(CloseCause.Kind.LOCAL);
        assertThat(session.isOpen()).isFalse();
        assertThat(listener.events).containsExactly("open", "close LOCAL");
    }
}
