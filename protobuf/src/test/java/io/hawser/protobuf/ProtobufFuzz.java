// SPDX-License-Identifier: Apache-2.0
package io.hawser.protobuf;

import com.google.protobuf.Struct;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.session.Codec;
import io.hawser.session.CodecContext;
import io.hawser.session.Decoded;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code tools/fuzz} runs: whatever comes is a message or an ordinary failure, however it is cut, and a message that was read can be sent and
 * is read again.
 */
public final class ProtobufFuzz {
    private static final BlockPool POOL = new BlockPool(64 << 20);
    private static final Codec<Struct> CODEC = Protobuf.delimited(Struct.getDefaultInstance());

    private ProtobufFuzz() {}

    /** Called by Jazzer with whatever it thinks of. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        final List<Object> whole = decode(input, Math.max(1, input.length));
        final List<Object> cut = decode(input, 1);
        require(whole.equals(cut), whole + ", and byte by byte " + cut);
        for (Object message : whole) {
            if (message instanceof Struct struct) {
                require(List.of(struct).equals(decode(encode(struct), 1000)), struct + " is another when it is sent");
            }
        }
        require(POOL.usedBytes() == 0, "memory was not given back");
    }

    private static List<Object> decode(byte[] input, int piece) throws Exception {
        final Codec<Struct> codec = CODEC.forSession(new CodecContext(100_000, POOL));
        final List<Object> messages = new ArrayList<>();
        try (Buffer in = new Buffer(POOL)) {
            for (int at = 0; at < input.length; at += piece) {
                in.writeBytes(input, at, Math.min(piece, input.length - at));
                boolean more = true;
                while (more && in.readableBytes() > 0) {
                    switch (codec.decode(in)) {
                        case Decoded.Message<Struct>(Struct message) -> messages.add(message);
                        case Decoded.Malformed<Struct>(String reason) -> throw new IOException(reason);
                        case Decoded.NeedMore<Struct> _, Decoded.Need<Struct> _ -> more = false;
                    }
                }
            }
        } catch (IOException e) {
            messages.add("failed");
        } finally {
            codec.close();
        }
        return messages;
    }

    private static byte[] encode(Struct message) throws Exception {
        try (Buffer out = new Buffer(POOL)) {
            CODEC.forSession(new CodecContext(1_000_000, POOL)).encode(message, out);
            return out.readBytes((int) out.readableBytes());
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
