// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Reader;
import io.hawser.connection.CloseCause;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Family;
import io.hawser.connection.Peer;
import io.hawser.connection.TestTransport;
import java.io.ByteArrayOutputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Every codec through a real session. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class CodecSessionTest {
    @RegisterExtension
    final EngineFixture engines;

    private int zlibBefore;

    CodecSessionTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @BeforeEach
    void countZlib() {
        zlibBefore = NativeZlib.live();
    }

    @AfterEach
    void shouldFreeZlib() {
        EngineFixture.until("zlib's memory is freed", () -> NativeZlib.live() == zlibBefore);
    }

    private <M> SessionServer<M> serve(Codec<M> codec, EventListener<M> listener) throws Exception {
        return engines.closing(
                SessionServer.builder(engines.freshAddress(Family.TCP).toString(), codec)
                        .listener(listener)
                        .engine(engines.engine())
                        .maxMessageBytes(200_000)
                        .start());
    }

    private static Map<String, Codec<String>> codecs() {
        return Map.ofEntries(
                Map.entry("length", Codecs.lengthField(4).strings()),
                Map.entry(
                        "all of a length",
                        LengthFieldFraming.builder(3)
                                .prefix((byte) 'H', (byte) 'W')
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .adjustment(-5)
                                .build()
                                .strings()),
                Map.entry("varint", Codecs.varintLength().strings()),
                Map.entry("delimiter", Codecs.delimiter((byte) 0, (byte) 1).strings()),
                Map.entry("line", Codecs.line().strings()),
                Map.entry("strict line", Codecs.line().strict().strings(StandardCharsets.ISO_8859_1)),
                Map.entry(
                        "deflate",
                        Codecs.lengthField(4).compressed(Compression.deflate(6)).strings()),
                Map.entry(
                        "snappy",
                        Codecs.lengthField(4).compressed(Compression.snappy()).strings()),
                Map.entry(
                        "deflate stream",
                        Codecs.compressedStream(
                                Compression.deflate(1), Codecs.line().strings())),
                Map.entry(
                        "snappy stream",
                        Codecs.compressedStream(
                                Compression.snappy(), Codecs.varintLength().strings())));
    }

    private static List<String> messages() {
        final List<String> messages = new ArrayList<>(List.of("hello", "", "again"));
        for (int length : new int[] {1000, 30_000, 150_000}) {
            messages.add(new Random(length)
                    .ints(length, 'a', 'z')
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString());
        }
        messages.add("bye");
        return messages;
    }

    @Test
    void shouldEcho() throws Exception {
        for (Map.Entry<String, Codec<String>> entry : codecs().entrySet()) {
            final Peer peer = engines.closing(
                    Peer.connect(serve(entry.getValue(), Session::send).address()));
            try (BlockPool pool = new BlockPool(64 << 20);
                    CodecDriver<String> driver = new CodecDriver<>(pool, entry.getValue(), 200_000, text -> text)) {
                final ByteArrayOutputStream sent = new ByteArrayOutputStream();
                for (String message : messages()) {
                    sent.write(driver.encode(message));
                }
                final byte[] stream = sent.toByteArray();
                final var sending = EngineFixture.async(() -> {
                    // The beginning byte by byte.
                    for (int i = 0; i < 20; i++) {
                        peer.send(stream, i, 1);
                    }
                    peer.send(stream, 20, stream.length - 20).finish();
                });
                driver.feed(peer.receiveAll());
                peer.close();
                EngineFixture.await(sending);
                assertThat(driver.outcome())
                        .as(entry.getKey())
                        .isEqualTo(new CodecDriver.Outcome(List.copyOf(messages()), "", false));
            }
        }
    }

    @Test
    void shouldEchoFixedLengthsAndWhateverComes() throws Exception {
        for (Framing framing : List.of(Codecs.fixedLength(5), Codecs.raw())) {
            final Peer peer = engines.closing(
                    Peer.connect(serve(framing.strings(), Session::send).address()));
            final String text = "12345".repeat(20_000);
            final var sending = EngineFixture.async(() -> peer.send(text).finish());
            assertThat(peer.receiveAllText()).isEqualTo(text);
            EngineFixture.await(sending);
        }
    }

    @Test
    void shouldSendAStreamFromManyThreadsInTheOrderOfItsCompression() throws Exception {
        for (Compression compression : List.of(Compression.deflate(6), Compression.snappy())) {
            final Codec<String> codec =
                    Codecs.compressedStream(compression, Codecs.line().strings());
            final BlockingQueue<Session<String>> opened = new LinkedBlockingQueue<>();
            final Peer peer =
                    engines.closing(Peer.connect(serve(codec, new Telling(opened, new LinkedBlockingQueue<>()))
                            .address()));
            final Session<String> session = opened.take();
            final var senders = Stream.of("a", "b", "c")
                    .map(name -> EngineFixture.async(() -> {
                        for (int i = 0; i < 200; i++) {
                            session.send(name + i);
                        }
                    }))
                    .toList();
            for (var sender : senders) {
                EngineFixture.await(sender);
            }
            session.close();
            try (BlockPool pool = new BlockPool(64 << 20);
                    CodecDriver<String> driver = new CodecDriver<>(pool, codec, 200_000, text -> text)) {
                driver.feed(peer.receiveAll());
                peer.close();
                assertThat(driver.outcome().failure()).isEmpty();
                for (String name : List.of("a", "b", "c")) {
                    assertThat(driver.outcome().messages().stream()
                                    .map(Object::toString)
                                    .filter(message -> message.startsWith(name)))
                            .hasSize(200)
                            .isSortedAccordingTo(java.util.Comparator.comparingInt(
                                    message -> Integer.parseInt(message.substring(1))));
                }
            }
        }
    }

    /** Takes down what it is told. */
    private record Telling(BlockingQueue<Session<String>> opened, BlockingQueue<String> events)
            implements EventListener<String> {
        @Override
        public boolean onOpen(Session<String> session) {
            opened.add(session);
            return true;
        }

        @Override
        public void onMessage(Session<String> session, String message) {
            events.add(message);
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

    @Test
    void shouldCloseOnABombAndTellOfHalfAMessage() throws Exception {
        final Deflater deflater = new Deflater(9, true);
        final byte[] bomb = new byte[20_000];
        deflater.setInput(new byte[10_000_000]);
        deflater.finish();
        final int bytes = deflater.deflate(bomb);
        deflater.end();
        final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        final Telling listener = new Telling(new LinkedBlockingQueue<>(), events);
        final SessionServer<String> server = serve(
                Codecs.compressedStream(
                        Compression.deflate(6), Codecs.lengthField(4).strings()),
                listener);
        final SessionServer<String> other =
                serve(Codecs.varintLength().compressed(Compression.deflate(6)).strings(), listener);
        final Peer streaming = engines.closing(Peer.connect(server.address()));
        try (BlockPool pool = new BlockPool(1 << 20);
                CodecDriver<String> driver = new CodecDriver<>(
                        pool,
                        Codecs.compressedStream(
                                Compression.deflate(6), Codecs.lengthField(4).strings()),
                        1000,
                        text -> text)) {
            final byte[] sent = driver.encode("half");
            streaming.send(sent, 0, sent.length - 8).finish();
        }
        streaming.expectGone();
        assertThat(List.of(events.take(), events.take()))
                .containsExactly("error The peer closed within a message", "close ERROR");
        final Peer framing = engines.closing(Peer.connect(other.address()));
        final byte[] header = {(byte) ((bytes & 0x7f) | 0x80), (byte) (bytes >> 7)};
        framing.send(header).send(Arrays.copyOf(bomb, bytes));
        framing.expectGone();
        framing.close();
        assertThat(events.take()).matches("error A message of 20000\\d bytes or more; the limit is 200000");
        assertThat(events.take()).isEqualTo("close LIMIT");
    }

    @Test
    void shouldShowFramesOfACompressedStream() throws Exception {
        final Codec<Reader> codec = Codecs.compressedStream(
                Compression.snappy(), Codecs.varintLength().frames());
        final Peer peer = engines.closing(Peer.connect(serve(codec, (session, frame) -> {
                    assertThat(frame.getByte(0)).isEqualTo((byte) 'f');
                    session.send(frame);
                })
                .address()));
        final Codec<String> strings = Codecs.compressedStream(
                Compression.snappy(), Codecs.varintLength().strings());
        try (BlockPool pool = new BlockPool(64 << 20);
                CodecDriver<String> driver = new CodecDriver<>(pool, strings, 200_000, text -> text)) {
            peer.send(driver.encode("first")).send(driver.encode("f".repeat(100_000)));
            peer.finish();
            driver.feed(peer.receiveAll());
            assertThat(driver.outcome())
                    .isEqualTo(new CodecDriver.Outcome(List.of("first", "f".repeat(100_000)), "", false));
        }
    }
}
