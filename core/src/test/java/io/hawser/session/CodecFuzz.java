// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.BufferFullException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * What {@code tools/fuzz} runs, a codec at a time: whatever comes, however it is cut, gives the same messages and the same failure; what a peer
 * sends is bounded by the limit; all memory is given back; and what can be sent is what arrives.
 */
public final class CodecFuzz {
    private static final int MAX_BYTES = 4096;
    /** What inputs, blocks that are hardly used and one chunk of snappy take at most, beside what a message may have. */
    private static final long ALLOWANCE_BYTES = 1 << 20;

    private static final BlockPool POOL = new BlockPool(256 << 20);
    private static final Map<String, Codec<byte[]>> CODECS = new TreeMap<>(Map.ofEntries(
            Map.entry("length", Codecs.lengthField(4).bytes()),
            Map.entry(
                    "length-adjusted",
                    LengthFieldFraming.builder(2)
                            .prefix((byte) 'h')
                            .offset(2)
                            .adjustment(-3)
                            .strip(6)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .build()
                            .bytes()),
            Map.entry(
                    "length-kept",
                    LengthFieldFraming.builder(8).offset(1).strip(0).build().bytes()),
            Map.entry("varint", Codecs.varintLength().bytes()),
            Map.entry("fixed", Codecs.fixedLength(7).bytes()),
            Map.entry("delimiter", Codecs.delimiter((byte) 0).bytes()),
            Map.entry(
                    "delimiters",
                    Codecs.delimiters(List.of(bytes("aab"), bytes("ba"), bytes("xaab")))
                            .bytes()),
            Map.entry("line", Codecs.line().bytes()),
            Map.entry("line-strict", Codecs.line().strict().bytes()),
            Map.entry(
                    "deflate",
                    Codecs.varintLength().compressed(Compression.deflate(6)).bytes()),
            Map.entry(
                    "snappy",
                    Codecs.varintLength().compressed(Compression.snappy()).bytes()),
            Map.entry(
                    "deflate-stream",
                    Codecs.compressedStream(
                            Compression.deflate(6), Codecs.varintLength().bytes())),
            Map.entry(
                    "snappy-stream",
                    Codecs.compressedStream(
                            Compression.snappy(), Codecs.varintLength().bytes()))));

    private static Codec<byte[]> codec = Codecs.lengthField(4).bytes();

    private CodecFuzz() {}

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The names of all targets. */
    static List<String> targets() {
        return List.copyOf(CODECS.keySet());
    }

    /**
     * Called by Jazzer before all else.
     *
     * @param args the name of a target
     */
    public static void fuzzerInitialize(String[] args) {
        final Codec<byte[]> named = args.length == 1 ? CODECS.get(args[0]) : null;
        if (named == null) {
            throw new IllegalArgumentException("One target of " + targets() + ": " + Arrays.toString(args));
        }
        codec = named;
    }

    /** Called by Jazzer with whatever it thinks of. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        test(codec, input);
    }

    /** A stream of a few messages that can be sent, to begin with. */
    static byte[] sample(String target, Random random) throws Exception {
        final ByteArrayOutputStream stream = new ByteArrayOutputStream();
        try (CodecDriver<byte[]> driver = new CodecDriver<>(POOL, CODECS.get(target), MAX_BYTES, ByteBuffer::wrap)) {
            for (int i = 0; i < 5; i++) {
                final byte[] body = new byte[random.nextInt(100)];
                Arrays.fill(body, (byte) random.nextInt());
                try {
                    stream.write(driver.encode(body));
                } catch (IllegalArgumentException e) {
                    stream.write(body);
                }
            }
        }
        return stream.toByteArray();
    }

    static void test(String target, byte[] input) throws Exception {
        test(CODECS.get(target), input);
    }

    private static void test(Codec<byte[]> codec, byte[] input) throws Exception {
        shouldNotDependOnHowItIsCut(codec, input);
        shouldArriveAsItWasSent(codec, input);
        require(POOL.usedBytes() == 0, "bytes of blocks that were not given back:", POOL.usedBytes());
        require(NativeZlib.live() == 0, "states of zlib that were not freed:", NativeZlib.live());
    }

    private static void shouldNotDependOnHowItIsCut(Codec<byte[]> codec, byte[] input) {
        CodecDriver.Outcome first = null;
        for (CodecDriver.Cut cut : CodecDriver.Cut.values()) {
            final CodecDriver.Outcome outcome =
                    CodecDriver.run(POOL, codec, MAX_BYTES, message -> taken(message, input), input, cut);
            require(!outcome.failure().startsWith("failed"), outcome.failure());
            if (first == null) {
                first = outcome;
            }
            require(outcome.equals(first), first, "and cut", cut, outcome);
        }
    }

    private static Object taken(byte[] message, byte[] input) {
        require(message.length <= MAX_BYTES, "a message of so many bytes:", message.length);
        // In the worst case each byte of the input has a block.
        final long most = ALLOWANCE_BYTES + 4L * MAX_BYTES + 1024L * input.length;
        require(POOL.usedBytes() <= most, "bytes of blocks that are used:", POOL.usedBytes());
        return ByteBuffer.wrap(message);
    }

    private static void shouldArriveAsItWasSent(Codec<byte[]> codec, byte[] input) throws Exception {
        try (CodecDriver<byte[]> driver = new CodecDriver<>(POOL, codec, MAX_BYTES, ByteBuffer::wrap)) {
            for (int round = 1; round <= 2; round++) {
                final byte[] sent;
                try {
                    sent = driver.encode(input);
                } catch (IllegalArgumentException | MessageTooLongException | BufferFullException e) {
                    return;
                }
                driver.feed(sent);
                final CodecDriver.Outcome outcome = driver.outcome();
                require(outcome.failure().isEmpty() && !outcome.isWithinMessage(), "sent, and then", outcome);
                require(
                        outcome.messages().size() == round
                                && outcome.messages().getLast().equals(ByteBuffer.wrap(input)),
                        "sent, and then",
                        outcome);
            }
        }
    }

    private static void require(boolean holds, Object... what) {
        if (!holds) {
            throw new AssertionError(Arrays.toString(what));
        }
    }
}
