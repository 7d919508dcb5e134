// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.LeakCheck;
import io.hawser.buffer.Slice;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xerial.snappy.SnappyFramedInputStream;
import org.xerial.snappy.SnappyFramedOutputStream;

/** Compression of messages and of streams, and what hostile peers send instead. */
final class CompressionTest {
    private static final int MAX_BYTES = 300_000;

    @RegisterExtension
    final LeakCheck memory = new LeakCheck();

    private int zlibBefore;

    @BeforeEach
    void countZlib() {
        zlibBefore = NativeZlib.live();
    }

    @AfterEach
    void shouldFreeZlib() {
        assertThat(NativeZlib.live())
                .as("deflaters and inflaters that were not ended")
                .isEqualTo(zlibBefore);
    }

    static Stream<Compression> compressions() {
        return Stream.concat(
                Stream.of(Compression.none(), Compression.snappy()),
                IntStream.rangeClosed(0, 9).mapToObj(Compression::deflate));
    }

    static List<byte[]> bodies() {
        final Random random = new Random(4);
        final List<byte[]> bodies = new ArrayList<>();
        for (int length : new int[] {0, 1, 3, 4, 15, 16, 17, 100, 4_000, 49_151, 49_152, 49_153, 140_000}) {
            final byte[] noise = new byte[length];
            random.nextBytes(noise);
            bodies.add(noise);
            final byte[] text = new byte[length];
            for (int i = 0; i < length; i++) {
                text[i] = (byte) ('a' + random.nextInt(1 + i % 7));
            }
            bodies.add(text);
            bodies.add(new byte[length]);
        }
        return bodies;
    }

    private static Codec<byte[]> perMessage(Compression compression) {
        return Codecs.lengthField(4).compressed(compression).bytes();
    }

    private static Codec<byte[]> perStream(Compression compression) {
        return Codecs.compressedStream(compression, Codecs.lengthField(4).bytes());
    }

    private CodecDriver<byte[]> driver(Codec<byte[]> codec) {
        return driver(codec, MAX_BYTES);
    }

    private CodecDriver<byte[]> driver(Codec<byte[]> codec, int maxBytes) {
        return new CodecDriver<>(memory.pool(), codec, maxBytes, ByteBuffer::wrap);
    }

    private static List<Object> wrapped(List<byte[]> bodies) {
        return new ArrayList<>(bodies.stream().map(ByteBuffer::wrap).toList());
    }

    private CodecDriver.Outcome run(Codec<byte[]> codec, int maxBytes, byte[] stream, CodecDriver.Cut cut) {
        return CodecDriver.run(memory.pool(), codec, maxBytes, ByteBuffer::wrap, stream, cut);
    }

    // ---- there and back

    @ParameterizedTest
    @MethodSource("compressions")
    void shouldInflateWhatItCompresses(Compression compression) throws Exception {
        for (Codec<byte[]> codec : List.of(perMessage(compression), perStream(compression))) {
            try (CodecDriver<byte[]> driver = driver(codec)) {
                for (byte[] body : bodies()) {
                    driver.feed(driver.encode(body));
                }
                assertThat(driver.outcome()).isEqualTo(new CodecDriver.Outcome(wrapped(bodies()), "", false));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("compressions")
    void shouldFindMessagesHoweverTheyAreCut(Compression compression) throws Exception {
        for (Codec<byte[]> codec : List.of(perMessage(compression), perStream(compression))) {
            final List<byte[]> bodies = bodies().subList(0, 24);
            final ByteArrayOutputStream stream = new ByteArrayOutputStream();
            try (CodecDriver<byte[]> driver = driver(codec)) {
                for (byte[] body : bodies) {
                    stream.write(driver.encode(body));
                }
            }
            for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
                assertThat(run(codec, MAX_BYTES, stream.toByteArray(), cut))
                        .as("%s", cut)
                        .isEqualTo(new CodecDriver.Outcome(wrapped(bodies), "", false));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("compressions")
    void shouldBeAbleToReadEachMessageAsSoonAsItIsSent(Compression compression) throws Exception {
        for (Codec<byte[]> codec : List.of(perMessage(compression), perStream(compression))) {
            try (CodecDriver<byte[]> driver = driver(codec)) {
                for (int i = 1; i < 200; i++) {
                    driver.feed(driver.encode(new byte[i]));
                    assertThat(driver.outcome().messages()).hasSize(i);
                }
            }
        }
    }

    @Test
    void shouldAddNothingWhereThereIsNoCompression() {
        final Framing framing = Codecs.lengthField(4);
        assertThat(framing.compressed(Compression.none())).isSameAs(framing);
        final Codec<String> codec = framing.strings();
        assertThat(Codecs.compressedStream(Compression.none(), codec)).isSameAs(codec);
    }

    @Test
    void shouldRefuseOtherLevels() {
        assertThatThrownBy(() -> Compression.deflate(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Compression.deflate(10)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRememberEarlierMessagesOfAStream() throws Exception {
        final byte[] body = new byte[2000];
        new Random(1).nextBytes(body);
        try (CodecDriver<byte[]> driver = driver(perStream(Compression.deflate(6)))) {
            assertThat(driver.encode(body)).hasSizeGreaterThan(2000);
            assertThat(driver.encode(body)).hasSizeLessThan(50);
        }
    }

    @ParameterizedTest
    @MethodSource("compressions")
    void shouldHandInflatedSlicesOverAndFrameWithOtherFramings(Compression compression) throws Exception {
        final byte[] body = "hello hello hello hello".getBytes(StandardCharsets.US_ASCII);
        for (Codec<Slice> codec : List.of(
                Codecs.varintLength().compressed(compression).slices(),
                Codecs.compressedStream(compression, Codecs.line().slices()))) {
            final List<Slice> kept = new ArrayList<>();
            try (CodecDriver<Slice> driver = new CodecDriver<>(memory.pool(), codec, MAX_BYTES, slice -> {
                kept.add(slice);
                return 1;
            })) {
                for (int i = 0; i < 2; i++) {
                    try (var source = new io.hawser.buffer.Buffer(memory.pool())) {
                        source.writeBytes(body);
                        driver.feed(driver.encode(source.slice(body.length)));
                    }
                }
                assertThat(driver.outcome().failure()).isEmpty();
            }
            assertThat(kept).hasSize(2);
            for (Slice slice : kept) {
                try (slice) {
                    assertThat(slice.readBytes((int) slice.readableBytes())).isEqualTo(body);
                }
            }
        }
    }

    // ---- other implementations

    @Test
    void shouldSpeakRawDeflate() throws Exception {
        final byte[] body = bodies().get(20);
        for (int level = 0; level <= 9; level++) {
            try (CodecDriver<byte[]> driver = driver(perMessage(Compression.deflate(level)))) {
                final byte[] sent = driver.encode(body);
                assertThat(inflated(sent, 4, body.length)).isEqualTo(body);
                driver.feed(framed(deflated(body, level)));
                assertThat(driver.outcome().messages()).containsExactly(ByteBuffer.wrap(body));
            }
            try (CodecDriver<byte[]> driver = driver(perStream(Compression.deflate(level)))) {
                assertThat(inflated(driver.encode(body), 0, body.length + 4)).isEqualTo(framed(body));
                // Two in one deflate block, and the end of the stream at once.
                final byte[] both = concat(framed(body), framed(new byte[0]));
                driver.feed(deflated(both, level));
                assertThat(driver.outcome())
                        .isEqualTo(new CodecDriver.Outcome(wrapped(List.of(body, new byte[0])), "", false));
                driver.feed((byte) 0);
                assertThat(driver.outcome().failure()).contains("behind the end");
            }
        }
    }

    private static byte[] inflated(byte[] packed, int from, int length) throws Exception {
        final Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(packed, from, packed.length - from);
            final byte[] plain = new byte[length];
            assertThat(inflater.inflate(plain)).isEqualTo(length);
            return plain;
        } finally {
            inflater.end();
        }
    }

    private static byte[] deflated(byte[] plain, int level) throws Exception {
        final Deflater deflater = new Deflater(level, true);
        final ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (var out = new DeflaterOutputStream(packed, deflater)) {
            out.write(plain);
        } finally {
            deflater.end();
        }
        return packed.toByteArray();
    }

    private static byte[] framed(byte[] body) {
        return ByteBuffer.allocate(4 + body.length)
                .putInt(body.length)
                .put(body)
                .array();
    }

    private static byte[] concat(byte[] a, byte[] b) {
        final byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    @Test
    void shouldSpeakSnappyBlocks() throws Exception {
        try (CodecDriver<byte[]> driver = driver(perMessage(Compression.snappy()))) {
            final List<byte[]> bodies = bodies();
            for (byte[] body : bodies) {
                final byte[] sent = driver.encode(body);
                assertThat(org.xerial.snappy.Snappy.uncompress(Arrays.copyOfRange(sent, 4, sent.length)))
                        .isEqualTo(body);
                driver.feed(framed(org.xerial.snappy.Snappy.compress(body)));
            }
            assertThat(driver.outcome()).isEqualTo(new CodecDriver.Outcome(wrapped(bodies), "", false));
            // It compresses about as well as the original does.
            final byte[] text = bodies.get(37);
            assertThat(driver.encode(text).length).isLessThan(org.xerial.snappy.Snappy.compress(text).length * 11 / 10);
        }
    }

    @Test
    void shouldSpeakSnappyStreams() throws Exception {
        final List<byte[]> bodies = bodies();
        try (CodecDriver<byte[]> driver = driver(perStream(Compression.snappy()))) {
            final ByteArrayOutputStream sent = new ByteArrayOutputStream();
            final ByteArrayOutputStream plain = new ByteArrayOutputStream();
            final ByteArrayOutputStream theirs = new ByteArrayOutputStream();
            try (var out = new SnappyFramedOutputStream(theirs)) {
                for (byte[] body : bodies) {
                    sent.write(driver.encode(body));
                    plain.write(framed(body));
                    out.write(framed(body));
                    // Large chunks of several messages, and small ones.
                    if (body.length < 100) {
                        out.flush();
                    }
                }
            }
            try (var in = new SnappyFramedInputStream(new java.io.ByteArrayInputStream(sent.toByteArray()), true)) {
                assertThat(in.readAllBytes()).isEqualTo(plain.toByteArray());
            }
            driver.feed(theirs.toByteArray());
            assertThat(driver.outcome()).isEqualTo(new CodecDriver.Outcome(wrapped(bodies), "", false));
        }
    }

    @Test
    void shouldInflateAChunkOfManySmallMessages() throws Exception {
        // The limit of a message is none for a chunk, which is the peer's affair.
        final ByteArrayOutputStream stream = new ByteArrayOutputStream();
        try (var out = new SnappyFramedOutputStream(stream)) {
            for (int i = 0; i < 5000; i++) {
                out.write(framed(new byte[] {(byte) i, (byte) (i >> 8)}));
            }
        }
        for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
            final CodecDriver.Outcome outcome = run(perStream(Compression.snappy()), 10, stream.toByteArray(), cut);
            assertThat(outcome.failure()).isEmpty();
            assertThat(outcome.messages()).hasSize(5000);
        }
    }

    @Test
    void shouldSkipWhatTheFormatTellsToSkip() throws Exception {
        final ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.write(SnappyChunk.identifier());
        stream.write(new byte[] {(byte) 0xfe, 3, 0, 0, 1, 2, 3});
        stream.write(new byte[] {(byte) 0x80, 0, 1, 0});
        stream.write(new byte[256]);
        stream.write(SnappyChunk.identifier());
        try (CodecDriver<byte[]> driver = driver(perStream(Compression.snappy()))) {
            final byte[] sent = driver.encode(new byte[] {1, 2});
            stream.write(sent, 10, sent.length - 10);
        }
        for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
            assertThat(run(perStream(Compression.snappy()), 100, stream.toByteArray(), cut))
                    .isEqualTo(new CodecDriver.Outcome(wrapped(List.of(new byte[] {1, 2})), "", false));
        }
    }

    @Test
    void shouldNotPinABlockForEachTinyChunk() {
        final byte[] plain = framed(new byte[3000]);
        final ByteBuffer stream = ByteBuffer.allocate(10 + 9 * plain.length).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        stream.put(SnappyChunk.identifier());
        for (int i = 0; i < plain.length; i++) {
            final var one = java.lang.foreign.MemorySegment.ofArray(plain);
            stream.put((byte) SnappyChunk.UNCOMPRESSED).put((byte) 5).putShort((short) 0);
            stream.putInt(SnappyChunk.checksum(one, i, 1)).put(plain[i]);
        }
        try (CodecDriver<byte[]> driver = driver(perStream(Compression.snappy()))) {
            driver.feed(stream.array(), 0, stream.capacity() - 9);
            assertThat(memory.pool().leaks()).as("blocks and views in use").hasSizeLessThan(20);
            driver.feed(stream.array(), stream.capacity() - 9, stream.capacity());
            assertThat(driver.outcome().messages()).containsExactly(ByteBuffer.allocate(3000));
        }
    }

    // ---- limits

    @ParameterizedTest
    @EnumSource(names = {"AT_ONCE", "RANDOM"})
    void shouldStopInflatingBombs(CodecDriver.Cut cut) throws Exception {
        final byte[] bomb = deflated(new byte[50_000_000], 9);
        assertThat(bomb.length).isLessThan(50_000);
        // A cap that the inflated bytes do not fit under.
        final LeakCheck small = new LeakCheck(8L << 20);
        small.beforeEach(null);
        for (Codec<byte[]> codec : List.of(perMessage(Compression.deflate(6)), perStream(Compression.deflate(6)))) {
            final byte[] stream =
                    codec instanceof CompressedCodec ? framed(bomb) : deflated(framed(new byte[50_000_000]), 9);
            final CodecDriver.Outcome outcome =
                    CodecDriver.run(small.pool(), codec, 100_000, ByteBuffer::wrap, stream, cut);
            assertThat(outcome).isEqualTo(new CodecDriver.Outcome(List.of(), "too long", false));
        }
        small.afterEach(null);
    }

    @Test
    void shouldNotHoldMoreThanAPieceOfAStreamOfManyMessages() throws Exception {
        final ByteArrayOutputStream many = new ByteArrayOutputStream();
        for (int i = 0; i < 100_000; i++) {
            many.write(framed(new byte[50]));
        }
        final byte[] packed = deflated(many.toByteArray(), 9);
        try (CodecDriver<byte[]> driver =
                new CodecDriver<>(memory.pool(), perStream(Compression.deflate(6)), 100, _ -> {
                    assertThat(memory.pool().usedBytes()).isLessThan(300_000);
                    return 1;
                })) {
            driver.feed(packed);
            assertThat(driver.outcome().messages()).hasSize(100_000);
        }
    }

    @Test
    void shouldInflateUpToTheLimitAndNotOneByteMore() throws Exception {
        for (Compression compression : List.of(Compression.deflate(6), Compression.snappy())) {
            final byte[] fits;
            final byte[] tooLong;
            try (CodecDriver<byte[]> driver = driver(perMessage(compression))) {
                fits = driver.encode(new byte[1000]);
                tooLong = driver.encode(new byte[1001]);
            }
            for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
                assertThat(run(perMessage(compression), 1000, fits, cut).messages())
                        .containsExactly(ByteBuffer.allocate(1000));
                assertThat(run(perMessage(compression), 1000, tooLong, cut).failure())
                        .isEqualTo("too long");
            }
            try (CodecDriver<byte[]> driver = driver(perMessage(compression), 1000)) {
                assertThatThrownBy(() -> driver.encode(new byte[1001])).isInstanceOf(MessageTooLongException.class);
                assertThat(driver.encode(new byte[1000])).hasSizeLessThan(100);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("compressions")
    void shouldSendAStreamOnWhenAMessageWasTooLong(Compression compression) throws Exception {
        final byte[] noise = new byte[2000];
        new Random(3).nextBytes(noise);
        try (CodecDriver<byte[]> driver = driver(perStream(compression), 1000)) {
            driver.feed(driver.encode(new byte[10]));
            for (int length = 950; length <= 2000; length++) {
                final byte[] body = Arrays.copyOf(noise, length);
                byte[] sent = {};
                try {
                    sent = driver.encode(body);
                } catch (MessageTooLongException | io.hawser.buffer.BufferFullException e) {
                    assertThat(length).isGreaterThan(900);
                }
                driver.feed(sent);
            }
            driver.feed(driver.encode(new byte[20]));
            assertThat(driver.outcome().failure()).isEmpty();
            assertThat(driver.outcome().messages()).endsWith(ByteBuffer.allocate(20));
        }
    }

    @Test
    void shouldLeaveTheStreamAsItWasWhenThereIsNoMemory() throws Exception {
        final byte[] noise = new byte[200_000];
        new Random(3).nextBytes(noise);
        for (Compression compression : List.of(Compression.deflate(6), Compression.snappy())) {
            try (CodecDriver<byte[]> driver = driver(perStream(compression))) {
                final byte[] first = driver.encode(new byte[] {1});
                final List<io.hawser.buffer.Block> taken = new ArrayList<>();
                // All but what the plain message needs.
                for (var block = memory.pool().tryAcquire(1 << 20);
                        block != null;
                        block = memory.pool().tryAcquire(1 << 20)) {
                    taken.add(block);
                }
                taken.removeLast().release();
                for (var block = memory.pool().tryAcquire(64 << 10);
                        block != null
                                && memory.pool().usedBytes() < memory.pool().capBytes() - (300 << 10);
                        block = memory.pool().tryAcquire(64 << 10)) {
                    taken.add(block);
                }
                assertThatThrownBy(() -> driver.encode(noise))
                        .isInstanceOf(io.hawser.buffer.PoolExhaustedException.class);
                taken.forEach(io.hawser.buffer.Block::release);
                final byte[] second = driver.encode(new byte[] {2});
                driver.feed(first).feed(second);
                assertThat(driver.outcome())
                        .isEqualTo(
                                new CodecDriver.Outcome(wrapped(List.of(new byte[] {1}, new byte[] {2})), "", false));
            }
        }
    }

    // ---- rubbish

    @Test
    void shouldRefuseWhatIsNotCompressed() {
        for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
            assertThat(fail(perMessage(Compression.deflate(6)), cut, framed(new byte[0])))
                    .contains("ends before its end");
            assertThat(fail(perMessage(Compression.deflate(6)), cut, framed(new byte[] {3})))
                    .contains("ends before its end");
            assertThat(fail(perMessage(Compression.deflate(6)), cut, framed(new byte[] {3, 0, 0})))
                    .contains("1 bytes behind the end");
            assertThat(fail(perMessage(Compression.deflate(6)), cut, framed(new byte[] {-1, -1, -1})))
                    .contains("Not compressed by deflate");
            assertThat(fail(perStream(Compression.deflate(6)), cut, new byte[] {-1, -1, -1}))
                    .contains("Not compressed by deflate");
            assertThat(fail(perStream(Compression.snappy()), cut, new byte[] {0, 5, 0, 0}))
                    .contains("identifier");
            assertThat(fail(perStream(Compression.snappy()), cut, new byte[] {-1, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'y'
                    }))
                    .contains("identifier");
            for (int[] chunk : new int[][] {
                {0, 4, 0, 0}, {0, 0, 0, 2}, {1, 3, 0, 0}, {1, 5, 0, 1}, {2, 0, 0, 0}, {0x7f, 0, 0, 0}, {0xff, 5, 0, 0}
            }) {
                final byte[] stream = Arrays.copyOf(SnappyChunk.identifier(), 14);
                for (int i = 0; i < 4; i++) {
                    stream[10 + i] = (byte) chunk[i];
                }
                assertThat(fail(perStream(Compression.snappy()), cut, stream)).contains("A chunk of snappy of type");
            }
        }
    }

    private String fail(Codec<byte[]> codec, CodecDriver.Cut cut, byte[] stream) {
        final CodecDriver.Outcome outcome = run(codec, 1000, stream, cut);
        assertThat(outcome.messages()).isEmpty();
        assertThat(outcome.failure()).startsWith("malformed");
        return outcome.failure();
    }

    @Test
    void shouldRefuseWrongChecksums() throws Exception {
        for (byte[] body : List.of(new byte[900], new byte[] {1, 2, 3})) {
            final byte[] sent;
            try (CodecDriver<byte[]> driver = driver(perStream(Compression.snappy()))) {
                sent = driver.encode(body);
            }
            sent[14] ^= 1;
            assertThat(fail(perStream(Compression.snappy()), CodecDriver.Cut.AT_ONCE, sent))
                    .contains("wrong checksum");
        }
    }

    @Test
    void shouldRefuseHostileSnappyBlocks() {
        for (int[] block : new int[][] {
            {}, // no length
            {0x80}, // half a length
            {0x80, 0}, // a length in more bytes than it needs
            {0xff, 0xff, 0xff, 0xff, 0x7f}, // over 2^32
            {5}, // nothing follows
            {200, 7, 0, 'a'}, // more than so few bytes can be
            {1, 0, 'a', 'b'}, // more literals than it says
            {2, 0, 'a'}, // fewer
            {2, 4, 'a'}, // a literal that is cut
            {2, 60 << 2}, // the length of a literal that is cut
            {2, 63 << 2, 0xff, 0xff, 0xff, 0xff, 'a'}, // one of 4 GiB
            {8, 0, 'a', 1 | (3 << 2), 0}, // a copy from offset 0
            {8, 0, 'a', 1 | (3 << 2), 2}, // from before the start
            {8, 0, 'a', 2 | (6 << 2), 2, 0},
            {8, 0, 'a', 3 | (6 << 2), 1, 0, 0, 0x80}, // from a negative offset
            {4, 0, 'a', 1, 1, 0}, // over the end
            {8, 0, 'a', 1 | (3 << 2)}, // a copy that is cut
        }) {
            final byte[] body = new byte[block.length];
            for (int i = 0; i < block.length; i++) {
                body[i] = (byte) block[i];
            }
            for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
                assertThat(fail(perMessage(Compression.snappy()), cut, framed(body)))
                        .as(Arrays.toString(block))
                        .contains("snappy");
            }
        }
        // A claim of 4 GiB is too long before anything else.
        final byte[] claim = new byte[250];
        Arrays.fill(claim, 0, 250, (byte) 0);
        claim[0] = (byte) 0xe9;
        claim[1] = 7;
        assertThat(run(perMessage(Compression.snappy()), 1000, framed(claim), CodecDriver.Cut.AT_ONCE)
                        .failure())
                .isEqualTo("too long");
    }

    @Test
    void shouldDecodeEveryKindOfSnappyElement() {
        // A literal with its length in two bytes, and copies of each kind; one repeats what it writes.
        final byte[] block = {
            14, (byte) (61 << 2), 0, 0, 'x', 0, 'y', 1 | (0 << 2), 2, 2 | (3 << 2), 1, 0, 3 | (3 << 2), 3, 0, 0, 0
        };
        final CodecDriver.Outcome outcome =
                run(perMessage(Compression.snappy()), 100, framed(block), CodecDriver.Cut.AT_ONCE);
        assertThat(outcome.messages())
                .containsExactly(ByteBuffer.wrap("xyxyxyyyyyyyyy".getBytes(StandardCharsets.US_ASCII)));
    }

    // ---- life

    @Test
    void shouldFreeWhatItHoldsWhateverHasHappened() throws Exception {
        final Codec<byte[]> shared = perMessage(Compression.deflate(6));
        final CodecDriver<byte[]> first = driver(shared);
        final CodecDriver<byte[]> second = driver(shared);
        second.feed(first.encode(new byte[100]));
        first.close();
        assertThat(NativeZlib.live()).isGreaterThan(zlibBefore);
        assertThat(second.encode(new byte[5])).isNotEmpty();
        second.close();
        assertThat(NativeZlib.live()).isEqualTo(zlibBefore);
        // One that another thread still uses when the last session ends.
        assertThat(first.encode(new byte[5])).isNotEmpty();
        assertThat(NativeZlib.live()).isEqualTo(zlibBefore);
        final CodecDriver<byte[]> stream = driver(perStream(Compression.deflate(6)));
        assertThat(NativeZlib.live()).as("nothing before the first message").isEqualTo(zlibBefore);
        stream.feed(stream.encode(new byte[5]));
        assertThat(NativeZlib.live()).isEqualTo(zlibBefore + 2);
        stream.close();
        assertThatThrownBy(() -> stream.encode(new byte[5])).isInstanceOf(IllegalStateException.class);
    }
}
