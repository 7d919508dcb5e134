// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.http.Headers;
import io.hawser.session.CodecContext;
import io.hawser.session.Decoded;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What one side encodes the other decodes, however the stream is cut, and with whatever both agreed on. */
final class FrameCodecTest {
    private static final int MAX = 1 << 20;

    private static FrameCodec codec(
            boolean server, BlockPool blocks, ZlibPool zlib, boolean deflate, boolean takeover, int bits) {
        final PerMessageDeflate options = PerMessageDeflate.DEFAULT.withThresholdBytes(1);
        final Deflation deflation = deflate ? new Deflation(options, takeover, takeover, bits) : null;
        return new FrameCodec(
                new Agreement(server, "/", Optional.empty(), new Headers(), Optional.empty(), deflation),
                WebSocketOptions.DEFAULT,
                new CodecContext(MAX, blocks),
                zlib);
    }

    private static byte[] content(Random random, boolean text) {
        final int size = switch (random.nextInt(4)) {
            case 0 -> random.nextInt(8);
            case 1 -> random.nextInt(200);
            case 2 -> random.nextInt(3000);
            default -> random.nextInt(100_000);
        };
        if (text) {
            return "aä€😀 ".repeat(size / 11).getBytes(StandardCharsets.UTF_8);
        }
        final byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) random.nextInt(random.nextBoolean() ? 4 : 256);
        }
        return bytes;
    }

    @ParameterizedTest
    @CsvSource({
        "true, false, false, 15",
        "false, false, false, 15",
        "true, true, true, 15",
        "false, true, true, 15",
        "true, true, false, 15",
        "false, true, false, 12",
        "true, true, false, 8"
    })
    void shouldDecodeWhatIsEncodedHoweverItIsCut(boolean fromServer, boolean deflate, boolean takeover, int bits)
            throws Exception {
        final long seed = 6455;
        final Random random = new Random(seed);
        final ZlibPool zlib = new ZlibPool();
        try (BlockPool blocks = new BlockPool(64L << 20)) {
            final FrameCodec sender = codec(fromServer, blocks, zlib, deflate, takeover, bits);
            final FrameCodec receiver = codec(!fromServer, blocks, zlib, deflate, takeover, 15);
            try (Buffer wire = new Buffer(blocks);
                    Buffer in = new Buffer(blocks)) {
                for (int round = 0; round < 30; round++) {
                    final List<byte[]> sent = new ArrayList<>();
                    for (int i = 0; i < 4; i++) {
                        final boolean text = random.nextBoolean();
                        final byte[] content = content(random, text);
                        sent.add(content);
                        try (WebSocketMessage message = message(content, text, random.nextBoolean(), blocks)) {
                            sender.encode(message, wire);
                        }
                    }
                    final List<byte[]> received = new ArrayList<>();
                    while (wire.readableBytes() > 0) {
                        final int piece = 1 + random.nextInt(random.nextBoolean() ? 10 : 70_000);
                        in.writeBytes(wire.readBytes((int) Math.min(piece, wire.readableBytes())));
                        decodeAll(receiver, in, received);
                    }
                    assertThat(received).as("seed %d, round %d", seed, round).hasSameSizeAs(sent);
                    for (int i = 0; i < sent.size(); i++) {
                        assertThat(received.get(i)).isEqualTo(sent.get(i));
                    }
                }
            }
            sender.close();
            receiver.close();
            assertThat(blocks.usedBytes()).isZero();
        }
        assertThat(ZlibPool.live()).isZero();
    }

    /** Text of the heap, or bytes in buffer memory. */
    private static WebSocketMessage message(byte[] content, boolean text, boolean inMemory, BlockPool blocks) {
        if (text) {
            return WebSocketMessage.text(new String(content, StandardCharsets.UTF_8));
        }
        if (!inMemory) {
            return WebSocketMessage.binary(content);
        }
        final Buffer memory = new Buffer(blocks);
        memory.writeBytes(content);
        return WebSocketMessage.binary(memory);
    }

    private static void decodeAll(FrameCodec receiver, Buffer in, List<byte[]> received) throws Exception {
        while (in.readableBytes() > 0) {
            switch (receiver.decode(in)) {
                case Decoded.Message<WebSocketMessage>(WebSocketMessage message) -> {
                    received.add(message.bytes());
                    message.close();
                }
                case Decoded.NeedMore<WebSocketMessage> _ -> {
                    return;
                }
                case Decoded.Need<WebSocketMessage>(long bytes) -> throw new AssertionError("needs " + bytes);
                case Decoded.Malformed<WebSocketMessage>(String reason) -> throw new AssertionError(reason);
            }
        }
    }
}
