// SPDX-License-Identifier: Apache-2.0
package io.hawser.json;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.session.Codec;
import io.hawser.session.CodecContext;
import io.hawser.session.Decoded;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;

/**
 * What {@code tools/fuzz} runs: whatever comes is a value or an ordinary failure, however it is cut, and a value that was read can be sent and is
 * read again.
 */
public final class JsonFuzz {
    private static final BlockPool POOL = new BlockPool(64 << 20);
    private static final Codec<Object> CODEC = JsonLines.of(Object.class);

    private JsonFuzz() {}

    /** Called by Jazzer with whatever it thinks of. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        final List<Object> whole = decode(input, Math.max(1, input.length));
        final List<Object> cut = decode(input, 1);
        require(whole.equals(cut), whole + ", and byte by byte " + cut);
        for (Object value : whole) {
            // A number too large for a double is infinite to Jackson, which then writes a word.
            if (!"failed".equals(value) && !String.valueOf(value).contains("Infinity")) {
                require(List.of(value).equals(decode(encode(value), 1000)), value + " is another when it is sent");
            }
        }
        require(POOL.usedBytes() == 0, "memory was not given back");
    }

    private static List<Object> decode(byte[] input, int piece) throws Exception {
        final Codec<Object> codec = CODEC.forSession(new CodecContext(100_000, POOL));
        final List<Object> values = new ArrayList<>();
        try (Buffer in = new Buffer(POOL)) {
            for (int at = 0; at < input.length; at += piece) {
                in.writeBytes(input, at, Math.min(piece, input.length - at));
                while (in.readableBytes() > 0 && codec.decode(in) instanceof Decoded.Message<Object>(Object value)) {
                    values.add(value);
                    codec.delivered(in);
                }
            }
        } catch (JacksonException | java.io.IOException e) {
            values.add("failed");
        } finally {
            codec.close();
        }
        return values;
    }

    private static byte[] encode(Object value) throws Exception {
        try (Buffer out = new Buffer(POOL)) {
            CODEC.forSession(new CodecContext(1_000_000, POOL)).encode(value, out);
            return out.readBytes((int) out.readableBytes());
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
