// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Slice;
import io.hawser.buffer.Writer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The ready-made {@link Framing}s and {@link Codec}s. */
public final class Codecs {
    static final MessageCodec<String> STRING = new Strings();
    static final MessageCodec<byte[]> BYTES = new Bytes();
    static final MessageCodec<Slice> SLICE = new Slices();

    private Codecs() {}

    /**
     * Frames with their length before them: a big-endian unsigned number that counts the bytes behind it.
     *
     * @param width of the number in bytes: 1, 2, 3, 4 or 8
     * @throws IllegalArgumentException for another width
     */
    public static LengthFieldFraming lengthField(int width) {
        return LengthFieldFraming.of(width, ByteOrder.BIG_ENDIAN);
    }

    private static final class Strings implements MessageCodec<String> {
        @Override
        public String decode(Reader frame) {
            return frame.readString((int) frame.readableBytes(), StandardCharsets.UTF_8);
        }

        @Override
        public void encode(String message, Writer out) {
            out.writeString(message);
        }

        @Override
        public String toString() {
            return "strings";
        }
    }

    private static final class Bytes implements MessageCodec<byte[]> {
        @Override
        public byte[] decode(Reader frame) {
            return frame.readBytes((int) frame.readableBytes());
        }

        @Override
        public void encode(byte[] message, Writer out) {
            out.writeBytes(message);
        }

        @Override
        public long encodedBytes(byte[] message) {
            return message.length;
        }

        @Override
        public String toString() {
            return "byte arrays";
        }
    }

    private static final class Slices implements MessageCodec<Slice> {
        @Override
        public Slice decode(Reader frame) {
            return frame.slice(frame.readableBytes());
        }

        @Override
        public void encode(Slice message, Writer out) {
            try (message) {
                out.append(message);
            }
        }

        @Override
        public long encodedBytes(Slice message) {
            return ((Buffer) message).readableBytes();
        }

        @Override
        public String toString() {
            return "slices";
        }
    }
}
