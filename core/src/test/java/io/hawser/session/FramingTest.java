// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.LeakCheck;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Slice;
import java.io.ByteArrayOutputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every framing, however the bytes are cut, and what it refuses. */
final class FramingTest {
    private static final int MAX_BYTES = 300;

    @RegisterExtension
    final LeakCheck memory = new LeakCheck();

    /** A framing, and how long the longest body is that it may frame. */
    record Case(Framing framing, int longest) {
        @Override
        public String toString() {
            return framing.toString();
        }
    }

    static Stream<Case> framings() {
        return Stream.of(
                new Case(Codecs.lengthField(1), 255),
                new Case(Codecs.lengthField(2), 298),
                new Case(Codecs.lengthField(3), 297),
                new Case(Codecs.lengthField(4), 296),
                new Case(Codecs.lengthField(8), 292),
                new Case(
                        LengthFieldFraming.builder(4)
                                .prefix((byte) 0xCA, (byte) 0xFE)
                                .offset(3)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .adjustment(-7)
                                .build(),
                        293),
                new Case(Codecs.varintLength(), 298),
                new Case(Codecs.delimiter((byte) 0), 299),
                new Case(Codecs.delimiter((byte) 'a', (byte) 'a', (byte) 'b'), 297),
                new Case(Codecs.delimiters(List.of(ascii("||"), ascii(";"), ascii("x||"))), 298),
                new Case(Codecs.line(), 299),
                new Case(Codecs.line().strict(), 298));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private <M> CodecDriver<M> driver(Codec<M> codec, java.util.function.Function<M, Object> taker) {
        return new CodecDriver<>(memory.pool(), codec, MAX_BYTES, taker);
    }

    private CodecDriver<String> strings(Framing framing) {
        return driver(framing.strings(), text -> text);
    }

    /** Text of letters that are in no delimiter here. */
    private static String body(Random random, int length) {
        return random.ints(length, 'c', 'w')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private byte[] encoded(Framing framing, List<String> messages) throws Exception {
        final ByteArrayOutputStream stream = new ByteArrayOutputStream();
        try (CodecDriver<String> driver = strings(framing)) {
            for (String message : messages) {
                stream.write(driver.encode(message));
            }
        }
        return stream.toByteArray();
    }

    @ParameterizedTest
    @MethodSource("framings")
    void shouldFindMessagesAtEverySplit(Case tested) throws Exception {
        final Random random = new Random(1);
        final List<String> messages = List.of("c", "", body(random, 9), "d", body(random, 40));
        final byte[] stream = encoded(tested.framing(), messages);
        for (int split = 0; split <= stream.length; split++) {
            try (CodecDriver<String> driver = strings(tested.framing())) {
                driver.feed(stream, 0, split).feed(stream, split, stream.length);
                assertThat(driver.outcome())
                        .as("split at %d", split)
                        .isEqualTo(new CodecDriver.Outcome(List.copyOf(messages), "", false));
            }
        }
        for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
            assertThat(CodecDriver.run(memory.pool(), tested.framing().strings(), MAX_BYTES, text -> text, stream, cut)
                            .messages())
                    .as("%s", cut)
                    .isEqualTo(messages);
        }
    }

    @ParameterizedTest
    @MethodSource("framings")
    void shouldTakeTheLongestMessageAndNoLonger(Case tested) throws Exception {
        final String longest = body(new Random(2), tested.longest());
        for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
            assertThat(CodecDriver.run(
                            memory.pool(),
                            tested.framing().strings(),
                            MAX_BYTES,
                            text -> text,
                            encoded(tested.framing(), List.of(longest, "e")),
                            cut))
                    .isEqualTo(new CodecDriver.Outcome(List.of(longest, "e"), "", false));
        }
        try (CodecDriver<String> driver = strings(tested.framing())) {
            assertThatThrownBy(() -> driver.encode(longest + "f"))
                    .isInstanceOfAny(MessageTooLongException.class, IllegalArgumentException.class);
        }
        // A peer with a larger limit.
        final byte[] tooLong;
        try (CodecDriver<String> driver =
                new CodecDriver<>(memory.pool(), tested.framing().strings(), 2 * MAX_BYTES, text -> text)) {
            if (tested.longest() == 255) {
                return;
            }
            tooLong = driver.encode(longest + "f");
        }
        for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
            assertThat(CodecDriver.run(
                            memory.pool(), tested.framing().strings(), MAX_BYTES, text -> text, tooLong, cut))
                    .isEqualTo(new CodecDriver.Outcome(List.of(), "too long", false));
        }
    }

    @ParameterizedTest
    @MethodSource("framings")
    void shouldHandOnTheSameAsViewsSlicesAndArrays(Case tested) throws Exception {
        final List<String> messages = List.of("one", "", "three");
        final byte[] stream = encoded(tested.framing(), messages);
        for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
            final List<List<Object>> all = new ArrayList<>();
            all.add(CodecDriver.<Reader>run(
                            memory.pool(),
                            tested.framing().frames(),
                            MAX_BYTES,
                            frame -> frame.readString((int) frame.readableBytes()),
                            stream,
                            cut)
                    .messages());
            all.add(CodecDriver.<Slice>run(
                            memory.pool(),
                            tested.framing().slices(),
                            MAX_BYTES,
                            slice -> {
                                try (slice) {
                                    return slice.readString((int) slice.readableBytes());
                                }
                            },
                            stream,
                            cut)
                    .messages());
            all.add(CodecDriver.<byte[]>run(
                            memory.pool(),
                            tested.framing().bytes(),
                            MAX_BYTES,
                            bytes -> new String(bytes, StandardCharsets.US_ASCII),
                            stream,
                            cut)
                    .messages());
            all.add(CodecDriver.<String>run(
                            memory.pool(),
                            tested.framing().strings(StandardCharsets.ISO_8859_1),
                            MAX_BYTES,
                            text -> text,
                            stream,
                            cut)
                    .messages());
            assertThat(all).allMatch(messages::equals);
        }
    }

    // ---- lengths

    @ParameterizedTest
    @EnumSource(CodecDriver.Cut.class)
    void shouldRefuseHostileLengths(CodecDriver.Cut cut) {
        final Framing signed = Codecs.lengthField(8);
        assertThat(fail(signed, cut, -1, -1, -1, -1, -1, -1, -1, -1))
                .isEqualTo("malformed: a length of 18446744073709551615");
        assertThat(fail(signed, cut, 127, -1, -1, -1, -1, -1, -1, -1))
                .isEqualTo("malformed: a length of 9223372036854775807");
        assertThat(fail(signed, cut, 127, -1, -1, -1, -1, -1, -1, 0)).isEqualTo("too long");
        assertThat(fail(Codecs.lengthField(4), cut, -1, -1, -1, -1)).isEqualTo("too long");
        assertThat(fail(Codecs.lengthField(4), cut, 127, -1, -1, -1)).isEqualTo("too long");
        // Shorter than its own header.
        final Framing whole =
                LengthFieldFraming.builder(2).offset(1).adjustment(-3).build();
        assertThat(fail(whole, cut, 9, 0, 2)).isEqualTo("malformed: a length of 2");
        assertThat(fail(whole, cut, 9, 0, 0)).isEqualTo("malformed: a length of 0");
        // Less than is stripped.
        final Framing stripped = LengthFieldFraming.builder(1).strip(4).build();
        assertThat(fail(stripped, cut, 2)).isEqualTo("malformed: a length of 2");
        assertThat(fail(LengthFieldFraming.builder(1).prefix((byte) 1, (byte) 2).build(), cut, 1, 3))
                .isEqualTo("malformed: it does not begin with the prefix of a frame");
    }

    private String fail(Framing framing, CodecDriver.Cut cut, int... bytes) {
        final byte[] stream = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            stream[i] = (byte) bytes[i];
        }
        return CodecDriver.run(memory.pool(), framing.strings(), MAX_BYTES, text -> text, stream, cut)
                .failure();
    }

    @Test
    void shouldInvertEveryCombinationOfParameters() throws Exception {
        int sent = 0;
        int refused = 0;
        for (int width : new int[] {1, 2, 3, 4, 8}) {
            for (int offset : new int[] {0, 1, 5}) {
                for (int adjustment : new int[] {-offset - width, -width, -1, 0, 1, 6}) {
                    for (int strip = 0; strip <= offset + width + 2; strip++) {
                        for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
                            if (strip > offset && strip < offset + width) {
                                continue;
                            }
                            final LengthFieldFraming framing = LengthFieldFraming.builder(width)
                                    .offset(offset)
                                    .prefix(offset > 1 ? new byte[] {1, 2} : new byte[0])
                                    .adjustment(adjustment)
                                    .strip(strip)
                                    .order(order)
                                    .build();
                            for (int total : new int[] {offset + width, offset + width + 7, 200}) {
                                if (invert(framing, width, offset, adjustment, strip, order, total)) {
                                    sent++;
                                } else {
                                    refused++;
                                }
                            }
                        }
                    }
                }
            }
        }
        assertThat(sent).isGreaterThan(2500);
        assertThat(refused).isPositive();
    }

    /** Makes a frame by hand, and has it decoded and encoded; whether there can be such a frame. */
    private boolean invert(
            LengthFieldFraming framing, int width, int offset, int adjustment, int strip, ByteOrder order, int total)
            throws Exception {
        final long length = (long) total - offset - width - adjustment;
        if (length < 0 || total < strip || (width < 8 && length >>> (8 * width) != 0)) {
            return false;
        }
        final byte[] frame = new byte[total];
        // What is stripped and nobody looks at is sent as zeros.
        for (int i = strip; i < total; i++) {
            frame[i] = (byte) (i * 31);
        }
        for (int i = 0; i < width; i++) {
            frame[offset + i] = (byte) (length >>> (8 * (order == ByteOrder.BIG_ENDIAN ? width - 1 - i : i)));
        }
        if (offset > 1) {
            frame[0] = 1;
            frame[1] = 2;
        }
        try (CodecDriver<byte[]> driver = driver(framing.bytes(), bytes -> bytes)) {
            driver.feed(frame);
            assertThat(driver.outcome().failure()).isEmpty();
            assertThat(driver.outcome().messages())
                    .as("%s of %d", framing, total)
                    .hasSize(1);
            final byte[] body = (byte[]) driver.outcome().messages().getFirst();
            assertThat(body).isEqualTo(java.util.Arrays.copyOfRange(frame, strip, total));
            assertThat(driver.encode(body)).as("%s of %d", framing, total).isEqualTo(frame);
            if (strip <= offset && total > offset + width) {
                assertThatThrownBy(() -> driver.encode(java.util.Arrays.copyOf(body, body.length - 1)))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
        return true;
    }

    @Test
    void shouldRefuseIllegalParameters() {
        for (int width : new int[] {0, -1, 5, 6, 7, 9}) {
            assertThatThrownBy(() -> Codecs.lengthField(width)).isInstanceOf(IllegalArgumentException.class);
        }
        assertIllegal(LengthFieldFraming.builder(4).strip(1));
        assertIllegal(LengthFieldFraming.builder(2).offset(3).strip(4));
        assertIllegal(LengthFieldFraming.builder(1).adjustment(-256));
        assertIllegal(LengthFieldFraming.builder(1).strip(258));
        assertIllegal(LengthFieldFraming.builder(1).prefix((byte) 1, (byte) 2).offset(1));
        assertThatThrownBy(() -> LengthFieldFraming.builder(1).offset(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LengthFieldFraming.builder(1).strip(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Codecs.fixedLength(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Codecs.delimiter()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Codecs.delimiters(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Codecs.delimiter(new byte[257])).isInstanceOf(IllegalArgumentException.class);
        for (String hidden : List.of("ab", "abc", "xaby", "aby")) {
            assertThatThrownBy(() -> Codecs.delimiters(List.of(ascii("ab"), ascii(hidden))))
                    .as(hidden)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void assertIllegal(LengthFieldFraming.Builder builder) {
        assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource(CodecDriver.Cut.class)
    void shouldRefuseHostileVarints(CodecDriver.Cut cut) {
        final Framing varints = Codecs.varintLength();
        assertThat(fail(varints, cut, 0x80, 0)).isEqualTo("malformed: a length in more bytes than it needs");
        assertThat(fail(varints, cut, 0x81, 0x80, 0)).isEqualTo("malformed: a length in more bytes than it needs");
        assertThat(fail(varints, cut, 0xff, 0xff, 0xff, 0xff, 0x07)).isEqualTo("too long");
        assertThat(fail(varints, cut, 0xff, 0xff, 0xff, 0xff, 0x08)).isEqualTo("malformed: a length of 2^31 or more");
        assertThat(fail(varints, cut, 0xff, 0xff, 0xff, 0xff, 0xff)).isEqualTo("malformed: a length of 2^31 or more");
        assertThat(fail(varints, cut, 0x80, 0x80, 0x80, 0x80, 0x80)).isEqualTo("malformed: a length of 2^31 or more");
    }

    @Test
    void shouldSendOneLengthOnly() throws Exception {
        try (CodecDriver<String> driver = strings(Codecs.fixedLength(3))) {
            assertThat(driver.feed(ascii("onetwofo")).outcome())
                    .isEqualTo(new CodecDriver.Outcome(List.of("one", "two"), "", true));
            assertThat(driver.encode("six")).isEqualTo(ascii("six"));
            assertThatThrownBy(() -> driver.encode("four")).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> driver.encode("")).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(fail(Codecs.fixedLength(MAX_BYTES + 1), CodecDriver.Cut.AT_ONCE, 1))
                .isEqualTo("too long");
    }

    // ---- ends

    private List<Object> lines(Framing framing, String text) {
        Object first = null;
        for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
            final CodecDriver.Outcome outcome =
                    CodecDriver.run(memory.pool(), framing.strings(), MAX_BYTES, line -> line, ascii(text), cut);
            assertThat(first == null ? outcome : first).as("%s", cut).isEqualTo(outcome);
            first = outcome;
        }
        final CodecDriver.Outcome outcome = (CodecDriver.Outcome) first;
        final List<Object> all = new ArrayList<>(outcome.messages());
        if (!outcome.failure().isEmpty()) {
            all.add("! " + outcome.failure());
        }
        return all;
    }

    @Test
    void shouldEndLinesByEither() {
        assertThat(lines(Codecs.line(), "a\nb\r\n\r\n\nc\rd\r\r\n")).containsExactly("a", "b", "", "", "c\rd\r");
    }

    @Test
    void shouldRefuseLoneEndsOfLinesWhereStrict() {
        assertThat(lines(Codecs.line().strict(), "a\r\n\r\nb\n"))
                .containsExactly("a", "", "! malformed: a line ends with LF alone");
        assertThat(lines(Codecs.line().strict(), "a\r\nb\rc\r\n"))
                .containsExactly("a", "! malformed: a line holds a CR");
        assertThat(lines(Codecs.line().strict(), "\n")).containsExactly("! malformed: a line ends with LF alone");
        assertThat(lines(Codecs.line().strict(), "\r\r\n")).containsExactly("! malformed: a line holds a CR");
    }

    @Test
    void shouldFindDelimitersThatOverlapThemselves() {
        final Framing framing = Codecs.delimiter(ascii("aab"));
        assertThat(lines(framing, "aaabaabxaabaaaaab")).containsExactly("a", "", "x", "aaa");
        assertThat(lines(Codecs.delimiter(ascii("abab")), "aababcabaabab")).containsExactly("a", "caba");
        final Framing several = Codecs.delimiters(List.of(ascii("||"), ascii(";"), ascii("x||")));
        assertThat(lines(several, "a;b||cx||d|;x;")).containsExactly("a", "b", "c", "d|", "x");
    }

    @Test
    void shouldNotSendTheEndWithinAMessage() throws Exception {
        refuse(Codecs.line(), "a\nb", "\n", "a\r");
        refuse(Codecs.line().strict(), "a\nb", "a\rb", "a\r", "\r\n");
        refuse(Codecs.delimiter((byte) 0), "a\0", "\0a");
        // Together with what is written behind them these hold it too early.
        refuse(Codecs.delimiter(ascii("aa")), "a", "ba");
        refuse(Codecs.delimiter(ascii("abab")), "ab", "xab", "abab");
        refuse(Codecs.delimiters(List.of(ascii("||"), ascii("x||"))), "x", "|", "a||b");
        try (CodecDriver<String> driver = strings(Codecs.line())) {
            assertThat(driver.encode("a\rb")).isEqualTo(ascii("a\rb\n"));
        }
    }

    private void refuse(Framing framing, String... bodies) {
        try (CodecDriver<String> driver = strings(framing)) {
            for (String body : bodies) {
                assertThatThrownBy(() -> driver.encode(body))
                        .as("%s with %s", framing, body)
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    /** Counts what is looked at: each byte once, and not again for each that comes. */
    @Test
    void shouldSearchDribbledBytesOnce() {
        for (Framing framing : List.of(
                Codecs.line(), Codecs.line().strict(), Codecs.delimiter((byte) 1), Codecs.delimiter(ascii("ab")))) {
            final List<Long> searchedFrom = new ArrayList<>();
            final Framing watched = new Framing() {
                @Override
                public Decoded<Frame> find(Reader in, Frame frame) {
                    searchedFrom.add(frame.searchedBytes());
                    return framing.find(in, frame);
                }

                @Override
                public int headerBytes() {
                    return framing.headerBytes();
                }

                @Override
                public int writeHeader(long bodyBytes, java.lang.foreign.MemorySegment header) {
                    return framing.writeHeader(bodyBytes, header);
                }
            };
            final byte[] stream = "x".repeat(200).getBytes(StandardCharsets.US_ASCII);
            CodecDriver.run(
                    memory.pool(), watched.strings(), MAX_BYTES, text -> text, stream, CodecDriver.Cut.BYTE_BY_BYTE);
            assertThat(searchedFrom).hasSize(200);
            for (int i = 0; i < 200; i++) {
                assertThat(searchedFrom.get(i)).isEqualTo(i);
            }
        }
    }

    // ---- raw

    @Test
    void shouldTakeWhateverComes() throws Exception {
        try (CodecDriver<String> driver = strings(Codecs.raw())) {
            driver.feed(ascii("one")).feed(ascii("two")).feed(ascii("x".repeat(MAX_BYTES + 1)));
            assertThat(driver.outcome())
                    .isEqualTo(new CodecDriver.Outcome(List.of("one", "two", "x".repeat(MAX_BYTES), "x"), "", false));
            assertThat(driver.encode("three")).isEqualTo(ascii("three"));
            assertThat(driver.encode("")).isEmpty();
        }
        assertThatThrownBy(() -> Codecs.raw().compressed(Compression.snappy()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
