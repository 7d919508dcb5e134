// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.linux.CallState;
import io.hawser.linux.EventFd;
import io.hawser.linux.Sockets;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketPassing;
import io.hawser.transport.posix.PassedDescriptor;
import io.hawser.transport.posix.PosixPassing;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Predecessors and successors that do not play their part. The other one says what is wrong, keeps none of the descriptors that came (the
 * fixture counts them), and a predecessor serves on.
 */
final class HotRestartHostileTest {
    private static final Duration TIME = Duration.ofSeconds(10);
    private static final RestartTimes PATIENT = new RestartTimes(TIME, TIME);
    private static final RestartTimes IMPATIENT = new RestartTimes(Duration.ofMillis(100), Duration.ofMillis(100));
    private static final byte[] GREETING = new byte[Long.BYTES];

    @RegisterExtension
    final EngineFixture engines = new EngineFixture(TestTransport.EPOLL_EDGE);

    /** Descriptors that this test made for its own part. */
    private final List<PassedSocket> own = new ArrayList<>();

    @AfterEach
    void closeOwn() {
        own.forEach(PassedSocket::close);
    }

    private Path path() throws IOException {
        return engines.directory().resolve("restart");
    }

    // ---- hostile successors

    private Server serve(RestartTimes times) throws IOException {
        final Engine engine = engines.engine();
        final HotRestart restart = engine.hotRestart(path(), times);
        final Server server = engine.listen("tcp://127.0.0.1:0", Recorder.echo());
        restart.ready();
        return server;
    }

    private SocketPassing.Channel connect() throws IOException {
        return engines.closing(new PosixPassing().connect(path()).orElseThrow());
    }

    /** The predecessor serves on, and would hand over to a better one. */
    private void assertGoesOn(Server server) throws Exception {
        assertEchoes(server.address());
        final Engine next = engines.engine();
        final HotRestart restart = next.hotRestart(path(), PATIENT);
        next.listen(server.address(), ServerOptions.DEFAULT, Recorder.echo());
        restart.ready();
        assertThat(restart.takenOver()).isEqualTo(1);
        server.join();
        assertEchoes(server.address());
    }

    private static void assertEchoes(Address address) throws IOException {
        try (Peer peer = Peer.connect(address)) {
            assertThat(peer.send("ahoy").receiveText(4)).isEqualTo("ahoy");
        }
    }

    private static void assertRefused(SocketPassing.Channel channel, String reason) {
        assertThatThrownBy(() -> new RestartChannel(channel).receive(RestartMessage.Kind.OFFER, TIME))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("it has refused: " + reason);
    }

    @Test
    void shouldRefuseGarbage() throws Exception {
        final Server server = serve(PATIENT);
        final SocketPassing.Channel channel = connect();
        channel.send("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII), List.of(), TIME);

        assertRefused(channel, "it does not speak of a restart");
        assertGoesOn(server);
    }

    @Test
    void shouldRefuseAnotherVersion() throws Exception {
        final Server server = serve(PATIENT);
        final SocketPassing.Channel channel = connect();
        channel.send(frame(2, RestartMessage.Kind.HELLO.code, 0, 0, GREETING), List.of(), TIME);

        assertRefused(channel, "it speaks version 2 of the restart, this process 1");
        assertGoesOn(server);
    }

    @Test
    void shouldRefuseWhatIsOutOfTurn() throws Exception {
        final Server server = serve(PATIENT);
        final SocketPassing.Channel channel = connect();
        new RestartChannel(channel).send(RestartMessage.Kind.READY, TIME);

        assertRefused(channel, "it has said READY, not HELLO");
        assertGoesOn(server);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, 65_537, Integer.MAX_VALUE})
    void shouldRefuseALengthThatIsTooMuch(int length) throws Exception {
        final Server server = serve(PATIENT);
        final SocketPassing.Channel channel = connect();
        channel.send(frame(1, RestartMessage.Kind.HELLO.code, length, 0, GREETING), List.of(), TIME);

        assertRefused(channel, "it announces " + Integer.toUnsignedString(length) + " bytes");
        assertGoesOn(server);
    }

    @Test
    void shouldRefuseAGreetingThatIsTooShort() throws Exception {
        final Server server = serve(PATIENT);
        final SocketPassing.Channel channel = connect();
        new RestartChannel(channel).send(RestartMessage.Kind.HELLO, new byte[7], List.of(), TIME);

        assertRefused(channel, "its greeting has 7 bytes");
        assertGoesOn(server);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 64})
    void shouldRefuseDescriptorsFromASuccessor(int count) throws Exception {
        final Server server = serve(PATIENT);
        final SocketPassing.Channel channel = connect();
        new RestartChannel(channel).send(RestartMessage.Kind.HELLO, GREETING, eventFds(count), TIME);

        assertRefused(channel, "it announces " + count + " sockets with HELLO");
        assertGoesOn(server);
    }

    @Test
    void shouldRefuseDescriptorsThatWereNotAnnounced() throws Exception {
        final Server server = serve(PATIENT);
        final SocketPassing.Channel channel = connect();
        channel.send(frame(1, RestartMessage.Kind.HELLO.code, GREETING.length, 0, GREETING), eventFds(2), TIME);

        assertRefused(channel, "it has sent 2 descriptors where 0 were announced");
        assertGoesOn(server);
    }

    @Test
    void shouldRefuseDescriptorsWithEachByte() throws Exception {
        final Server server = serve(PATIENT);
        final SocketPassing.Channel channel = connect();
        final List<PassedSocket> many = eventFds(60);
        final byte[] hello = frame(1, RestartMessage.Kind.HELLO.code, GREETING.length, 0, GREETING);
        for (int i = 0; i < 2; i++) {
            channel.send(new byte[] {hello[i]}, many, TIME);
        }

        assertRefused(channel, "it has sent 120 descriptors, which is too much");
        assertGoesOn(server);
    }

    @Test
    void shouldNotWaitForWhoSaysNothing() throws Exception {
        final Server server = serve(IMPATIENT);

        assertRefused(connect(), "it has not said HELLO within 100 ms");
        assertEchoes(server.address());
    }

    @Test
    void shouldNotWaitForTheOtherHalfOfAMessage() throws Exception {
        final Server server = serve(IMPATIENT);
        final SocketPassing.Channel channel = connect();
        channel.send(frame(1, RestartMessage.Kind.HELLO.code, 8, 0, new byte[4]), List.of(), TIME);

        assertRefused(channel, "it has not said HELLO within 100 ms");
        assertEchoes(server.address());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 20})
    void shouldGoOnIfASuccessorDiesInTheMiddleOfItsGreeting(int bytes) throws Exception {
        final Server server = serve(PATIENT);
        try (SocketPassing.Channel channel = connect()) {
            if (bytes > 0) {
                final byte[] hello = frame(1, RestartMessage.Kind.HELLO.code, GREETING.length, 0, GREETING);
                channel.send(Arrays.copyOf(hello, bytes), List.of(), TIME);
            }
        }

        assertGoesOn(server);
    }

    /** Where a successor may die, or say nothing more. */
    enum Last {
        OFFER,
        PAUSED
    }

    private RestartChannel successorUpTo(Last last) throws IOException {
        final RestartChannel channel = new RestartChannel(connect());
        channel.send(RestartMessage.Kind.HELLO, GREETING, List.of(), TIME);
        channel.receive(RestartMessage.Kind.OFFER, TIME).closeSockets();
        if (last == Last.PAUSED) {
            channel.send(RestartMessage.Kind.READY, TIME);
            channel.receive(RestartMessage.Kind.PAUSED, TIME);
        }
        return channel;
    }

    @ParameterizedTest
    @EnumSource(Last.class)
    void shouldGoOnIfASuccessorDies(Last last) throws Exception {
        final Server server = serve(PATIENT);
        successorUpTo(last).close();

        assertGoesOn(server);
    }

    @ParameterizedTest
    @EnumSource(Last.class)
    void shouldGoOnIfASuccessorSaysNothingMore(Last last) throws Exception {
        final Server server = serve(IMPATIENT);
        final RestartChannel channel = successorUpTo(last);

        assertThatThrownBy(() -> channel.receive(RestartMessage.Kind.DONE, TIME))
                .hasMessageContaining(
                        "it has refused: it has not said " + (last == Last.OFFER ? "READY" : "ACCEPTING"));
        assertEchoes(server.address());
    }

    /** Which may be longer than it would wait for the successor. */
    @Test
    void shouldNotWaitForASuccessorWhenItIsClosed() throws Exception {
        final Server server = serve(new RestartTimes(TIME, Duration.ofDays(1)));
        final RestartChannel channel = successorUpTo(Last.OFFER);
        server.engine().close();

        assertThatThrownBy(() -> channel.receive(RestartMessage.Kind.DONE, TIME))
                .hasMessageContaining("it has refused: This process stops");
        assertThat(path()).doesNotExist();
    }

    @Test
    void shouldRefuseIfALoopIsBusyForTooLong() throws Exception {
        final Server server = serve(new RestartTimes(Duration.ofMillis(200), TIME));
        final RestartChannel channel = successorUpTo(Last.OFFER);
        final var release = EngineFixture.block(server.engine().loops().getFirst());
        try {
            channel.send(RestartMessage.Kind.READY, TIME);
            assertThatThrownBy(() -> channel.receive(RestartMessage.Kind.PAUSED, TIME))
                    .hasMessageContaining("it has refused: a loop is busy for too long");
        } finally {
            release.countDown();
        }
        assertEchoes(server.address());
    }

    // ---- hostile predecessors

    /** What a predecessor does with the first who connects. */
    private interface Part {
        void play(SocketPassing.Channel channel) throws Exception;
    }

    private CompletableFuture<Void> predecessor(Part part) throws IOException {
        final SocketPassing.Listener listener = engines.closing(new PosixPassing().listen(path()));
        return EngineFixture.async(() -> {
            try (SocketPassing.Channel channel = listener.accept().orElseThrow()) {
                part.play(channel);
            }
        });
    }

    private void assertFails(RestartTimes times, String reason) throws IOException {
        final Engine engine = engines.engine();
        assertThatThrownBy(() -> engine.hotRestart(path(), times))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("Cannot take over from the process at " + path() + ": ")
                .hasMessageContaining(reason);
        engine.close();
    }

    /** It says and sends {@code offer}, and waits for the end. */
    private void assertFails(byte[] offer, List<PassedSocket> sockets, String reason) throws Exception {
        final CompletableFuture<Void> played = predecessor(channel -> {
            channel.send(offer, sockets, TIME);
            drain(channel);
        });
        assertFails(PATIENT, reason);
        EngineFixture.await(played);
    }

    private static void drain(SocketPassing.Channel channel) {
        try {
            final byte[] bytes = new byte[64];
            while (channel.receive(bytes, 0, bytes.length, new ArrayList<>(), TIME) >= 0) {
                // What it says does not matter here.
            }
        } catch (IOException _) {
            // It has closed with something unread.
        }
    }

    @Test
    void shouldFailIfThereIsNoHawser() throws Exception {
        assertFails("HTTP/1.1 400 Bad Request\r\n".getBytes(StandardCharsets.US_ASCII), List.of(), "does not speak");
    }

    @Test
    void shouldFailIfItHearsItself() throws Exception {
        final CompletableFuture<Void> played = predecessor(channel -> {
            final byte[] bytes = new byte[24];
            int at = 0;
            while (at < bytes.length) {
                at += channel.receive(bytes, at, bytes.length - at, new ArrayList<>(), TIME);
            }
            channel.send(bytes, List.of(), TIME);
            drain(channel);
        });
        assertFails(PATIENT, "it has said HELLO, not OFFER");
        EngineFixture.await(played);
    }

    @Test
    void shouldFailIfItSaysNothing() throws Exception {
        final CompletableFuture<Void> played = predecessor(HotRestartHostileTest::drain);
        assertFails(IMPATIENT, "it has not said OFFER within 100 ms");
        EngineFixture.await(played);
    }

    @Test
    void shouldFailIfItEnds() throws Exception {
        final CompletableFuture<Void> played =
                predecessor(channel -> new RestartChannel(channel).receive(RestartMessage.Kind.HELLO, TIME));
        assertFails(PATIENT, "it has ended, or given up");
        EngineFixture.await(played);
    }

    @Test
    void shouldFailIfItEndsInTheMiddle() throws Exception {
        final CompletableFuture<Void> played = predecessor(channel -> {
            new RestartChannel(channel).receive(RestartMessage.Kind.HELLO, TIME);
            channel.send(frame(1, RestartMessage.Kind.OFFER.code, 100, 2, new byte[50]), eventFds(2), TIME);
        });
        assertFails(PATIENT, "it has ended in the middle of a message");
        EngineFixture.await(played);
    }

    @Test
    void shouldPrintNothingThatPlaysWithATerminal() throws Exception {
        final CompletableFuture<Void> played = predecessor(channel -> {
            new RestartChannel(channel).refuse("no\u001b[2J\r\nway", TIME);
            drain(channel);
        });
        assertFails(PATIENT, "it has refused: no?[2J??way");
        EngineFixture.await(played);
    }

    @Test
    void shouldFailForMoreDescriptorsThanAnnounced() throws Exception {
        final byte[] payload = offer(0, entry(0, "", ""));
        assertFails(
                frame(1, RestartMessage.Kind.OFFER.code, payload.length, 1, payload),
                List.of(unixListener("control"), unixListener("other")),
                "it has sent 2 descriptors where 1 were announced");
    }

    @Test
    void shouldFailForFewerDescriptorsThanAnnounced() throws Exception {
        final byte[] payload = offer(0, entry(0, "", ""), entry(0, "unix:///x", "unix:///x"));
        assertFails(
                frame(1, RestartMessage.Kind.OFFER.code, payload.length, 2, payload),
                List.of(unixListener("control")),
                "it has sent 1 descriptors where 2 were announced");
    }

    @Test
    void shouldFailForNoDescriptors() throws Exception {
        final byte[] payload = offer(0);
        assertFails(
                frame(1, RestartMessage.Kind.OFFER.code, payload.length, 0, payload),
                List.of(),
                "its offer is incomplete");
    }

    @Test
    void shouldFailForMoreSocketsThanAMessageTakes() throws Exception {
        assertFails(frame(1, RestartMessage.Kind.OFFER.code, 0, 65, new byte[0]), List.of(), "it announces 65 sockets");
    }

    @Test
    void shouldFailForADescriptorThatIsNoSocket() throws Exception {
        assertFails(
                offerFrame(1, offer(0, entry(0, "", ""))),
                eventFds(1),
                "what it calls its own socket is no such socket, but OTHER");
    }

    @Test
    void shouldFailForASocketThatDoesNotListen() throws Exception {
        final int fd = Sockets.socket(new CallState(), Sockets.AF_INET, Sockets.SOCK_STREAM | Sockets.SOCK_CLOEXEC, 0);
        assertFails(
                offerFrame(2, offer(0, entry(0, "", ""), entry(0, "tcp://127.0.0.1:1", "tcp://127.0.0.1:1"))),
                List.of(unixListener("control"), own(fd)),
                "what it calls tcp://127.0.0.1:1 is no such socket, but OTHER");
    }

    @Test
    void shouldFailForASocketOfAnotherAddress() throws Exception {
        final Path other = engines.directory().resolve("other");
        assertFails(
                offerFrame(2, offer(0, entry(0, "", ""), entry(0, "unix:///x", "unix:///x"))),
                List.of(unixListener("control"), unixListener("other")),
                "what it calls unix:///x is bound to " + other);
    }

    @Test
    void shouldFailForASocketOfAnotherKind() throws Exception {
        assertFails(
                offerFrame(2, offer(0, entry(0, "", ""), entry(0, "udp://127.0.0.1:1", "udp://127.0.0.1:1"))),
                List.of(unixListener("control"), unixListener("other")),
                "what it calls udp://127.0.0.1:1 is no such socket, but UNIX");
    }

    /** A name would have to be asked for, of whoever answers. */
    @Test
    void shouldNotResolveNamesForAPredecessor() throws Exception {
        final Engine engine = engines.engine();
        final int port =
                engine.listen("tcp://127.0.0.1:0", Recorder.echo()).address().port();
        final PassedSocket duplicate =
                own(PassedDescriptor.take(PassedDescriptor.duplicate(new CallState(), OpenSockets.find(port, 0))));
        final String name = "tcp://localhost:" + port;
        assertFails(
                offerFrame(2, offer(0, entry(0, "", ""), entry(0, name, name))),
                List.of(unixListener("control"), duplicate),
                "what it calls " + name + " is bound to");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonsense", "unix://", "tcp://127.0.0.1", "tcp://127.0.0.1:70000"})
    void shouldFailForAnAddressThatIsNone(String address) throws Exception {
        assertFails(
                offerFrame(2, offer(0, entry(0, "", ""), entry(0, address, address))),
                List.of(unixListener("control"), unixListener("other")),
                "its offer makes no sense");
    }

    @Test
    void shouldFailForADescriptionThatIsCutShort() throws Exception {
        final byte[] payload = offer(0, entry(0, "", ""));
        assertFails(
                offerFrame(1, Arrays.copyOf(payload, payload.length - 1)),
                List.of(unixListener("control")),
                "its offer makes no sense");
    }

    @Test
    void shouldFailForADescriptionOfMoreThanThereIs() throws Exception {
        assertFails(
                offerFrame(1, offer(0, entry(0, "", ""), entry(0, "unix:///x", "unix:///x"))),
                List.of(unixListener("control")),
                "it describes more sockets than it sends");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 4097, Integer.MAX_VALUE})
    void shouldFailForMoreToComeThanThereCanBe(int left) throws Exception {
        assertFails(
                offerFrame(1, offer(left, entry(0, "", ""))),
                List.of(unixListener("control")),
                left < 0 ? "its offer is incomplete" : "it offers " + left + " sockets");
    }

    @Test
    void shouldFailForAnOfferWithoutEnd() throws Exception {
        final byte[] first = offerFrame(1, offer(7, entry(0, "", "")));
        final byte[] more = offerFrame(0, offer(7));
        final CompletableFuture<Void> played = predecessor(channel -> {
            channel.send(first, List.of(unixListener("control")), TIME);
            channel.send(more, List.of(), TIME);
            drain(channel);
        });
        assertFails(PATIENT, "it offers more and more");
        EngineFixture.await(played);
    }

    /** The kernel installs as many as there is room for, and says that it has cut the rest (MSG_CTRUNC, recvmsg(2)). */
    @Test
    void shouldCloseWhatCameIfThereIsNoRoomForAll() throws Exception {
        final List<PassedSocket> many = eventFds(SocketPassing.MAX_SOCKETS);
        final SocketPassing.Listener listener = engines.closing(new PosixPassing().listen(path()));
        final CompletableFuture<Void> played = EngineFixture.async(() -> {
            for (int i = 0; i < 2; i++) {
                try (SocketPassing.Channel channel = listener.accept().orElseThrow()) {
                    channel.send(offerFrame(many.size(), offer(0)), many, TIME);
                    drain(channel);
                }
            }
        });
        try (ForkedJava successor =
                ForkedJava.start(List.of(), "ulimit -n 200", ExhaustedSuccessorProgram.class, path().toString())) {
            assertThat(successor.hear()).contains("its offer makes no sense");
            assertThat(successor.hear()).contains("More descriptors came than this process can take");
            assertThat(successor.hear()).isEqualTo("20 20");
            successor.expectEnd();
        }
        EngineFixture.await(played);
    }

    /** Nobody else accepts then, so it takes over what it has. */
    @Test
    void shouldTakeOverFromAPredecessorThatDiesMeanwhile() throws Exception {
        final Path unix = engines.directory().resolve("unix");
        final CompletableFuture<Void> offered = new CompletableFuture<>();
        final CompletableFuture<Void> played = predecessor(channel -> {
            channel.send(
                    offerFrame(2, offer(0, entry(0, "", ""), entry(0, "unix://" + unix, "unix://" + unix))),
                    List.of(unixListener("control"), unixListener("unix")),
                    TIME);
            new RestartChannel(channel).receive(RestartMessage.Kind.HELLO, TIME);
            EngineFixture.await(offered);
        });
        final Engine engine = engines.engine();
        final HotRestart restart = engine.hotRestart(path(), PATIENT);
        final Server server = engine.listen("unix://" + unix, Recorder.echo());
        offered.complete(null);
        EngineFixture.await(played);
        restart.ready();

        assertThat(restart.takenOver()).isEqualTo(1);
        assertEchoes(server.address());
    }

    @Test
    void shouldGiveUpIfThePredecessorHasChangedItsMind() throws Exception {
        final Path unix = engines.directory().resolve("unix");
        final PassedSocket listener = unixListener("unix");
        final CompletableFuture<Void> played = predecessor(channel -> {
            channel.send(
                    offerFrame(2, offer(0, entry(0, "", ""), entry(0, "unix://" + unix, "unix://" + unix))),
                    List.of(unixListener("control"), listener),
                    TIME);
            final RestartChannel restart = new RestartChannel(channel);
            restart.receive(RestartMessage.Kind.HELLO, TIME);
            restart.refuse("not today", TIME);
        });
        final Engine engine = engines.engine();
        final HotRestart restart = engine.hotRestart(path(), PATIENT);
        final Server server = engine.listen("unix://" + unix, Recorder.echo());
        EngineFixture.await(played);

        assertThatThrownBy(restart::ready)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("it has refused: not today");
        server.join();
        // They are the predecessor's still.
        assertThat(unix).exists();
        assertThat(path()).exists();
        assertThatThrownBy(restart::ready).isInstanceOf(IllegalStateException.class);
    }

    // ---- what they say

    private static byte[] frame(int version, int kind, int length, int sockets, byte[] payload) {
        return ByteBuffer.allocate(RestartChannel.HEADER_BYTES + payload.length)
                .putInt(RestartChannel.MAGIC)
                .putShort((short) version)
                .putShort((short) kind)
                .putInt(length)
                .putInt(sockets)
                .put(payload)
                .array();
    }

    private static byte[] offerFrame(int sockets, byte[] payload) {
        return frame(RestartChannel.VERSION, RestartMessage.Kind.OFFER.code, payload.length, sockets, payload);
    }

    private static byte[] offer(int left, byte[]... entries) {
        final ByteBuffer payload = ByteBuffer.allocate(1024).putLong(1).putInt(left);
        for (byte[] entry : entries) {
            payload.put(entry);
        }
        return Arrays.copyOf(payload.array(), payload.position());
    }

    private static byte[] entry(int server, String asked, String bound) throws IOException {
        final var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(server);
            out.writeUTF(asked);
            out.writeUTF(bound);
        }
        return bytes.toByteArray();
    }

    private PassedSocket own(int fd) {
        assertThat(fd).isNotNegative();
        final PassedSocket socket = new PassedDescriptor(fd);
        own.add(socket);
        return socket;
    }

    private List<PassedSocket> eventFds(int count) {
        final List<PassedSocket> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(own(EventFd.create(new CallState())));
        }
        return all;
    }

    /** A listening unix socket in the directory of the test. */
    private PassedSocket unixListener(String name) throws IOException {
        try (SocketPassing.Listener listener =
                new PosixPassing().listen(engines.directory().resolve(name))) {
            final PassedSocket duplicate = listener.duplicate();
            own.add(duplicate);
            return duplicate;
        }
    }
}
