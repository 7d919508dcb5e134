// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Slice;
import io.hawser.buffer.Writer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The ready-made {@link Framing}s and {@link Codec}s. */
public final class Codecs {
    static final MessageCodec<String> STRING = new Strings();
    static final MessageCodec<byte[]> BYTES = new Bytes();
    static final MessageCodec<Slice> SLICE = new Slices();

    private static final Framing RAW = new RawFraming();
    private static final Framing VARINT_LENGTH = new VarintLengthFraming();

    private Codecs() {}

    /**
     * Frames with their length before them: a big-endian unsigned number that counts the bytes behind it.
     * {@link LengthFieldFraming#builder} has the parameters.
     *
     * @param width of the number in bytes: 1, 2, 3, 4 or 8
     * @throws IllegalArgumentException for another width
     */
    public static LengthFieldFraming lengthField(int width) {
        return LengthFieldFraming.builder(width).build();
    }

    /**
     * Frames with their length before them as a varint, as protobuf's {@code writeDelimitedTo} makes them; up to 2^31 - 1. One in more bytes than
     * it needs is malformed.
     */
    public static Framing varintLength() {
        return VARINT_LENGTH;
    }

    /**
     * Frames that are all of one length; another cannot be sent.
     *
     * @throws IllegalArgumentException if {@code bytes} is not positive
     */
    public static Framing fixedLength(int bytes) {
        return new FixedLengthFraming(bytes);
    }

    /**
     * Frames that end with a delimiter, which is not handed on. A body that holds it cannot be sent.
     *
     * @param bytes of the delimiter, 1 to 256
     * @throws IllegalArgumentException for another number of them
     */
    public static Framing delimiter(byte... bytes) {
        return delimiters(List.of(bytes));
    }

    /**
     * Frames that end with one of several delimiters, whichever comes first; of two that end at the same byte the longer one counts. The first of
     * the list is the one that is sent.
     *
     * @param alternatives of 1 to 256 bytes each, and 1,024 in all
     * @throws IllegalArgumentException for another number of bytes, or if one would never be found since it holds another one before its end
     */
    public static Framing delimiters(List<byte[]> alternatives) {
        return new DelimiterFraming(alternatives);
    }

    /**
     * Lines: they end with LF, and a CR before it does not count. LF is what is sent. {@link LineFraming#strict} has lines that end with CR LF only.
     */
    public static LineFraming line() {
        return LineFraming.LENIENT;
    }

    /**
     * Whatever has come is a message, up to the length that one may have: how the bytes are cut is the network's affair. A message of no bytes is
     * sent as nothing at all.
     */
    public static Framing raw() {
        return RAW;
    }

    /**
     * One compressed stream for each session and direction, flushed after every message: what came before helps to compress what comes next.
     * Both sides hold a window for each session: for {@link Compression#deflate} about 300 KiB, taken with the first message of a direction.
     * {@link Compression#none()} adds nothing at all.
     *
     * <p>A message that could become longer than one may be, if it does not let itself be compressed, is not sent.
     */
    public static <M> Codec<M> compressedStream(Compression compression, Codec<M> codec) {
        return compression.isNone() ? codec : new StreamCompressedCodec<>(compression, codec);
    }

    static MessageCodec<String> strings(Charset charset) {
        return new Text(charset);
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

    private record Text(Charset charset) implements MessageCodec<String> {
        @Override
        public String decode(Reader frame) {
            return frame.readString((int) frame.readableBytes(), charset);
        }

        @Override
        public void encode(String message, Writer out) {
            out.writeBytes(message.getBytes(charset));
        }

        @Override
        public String toString() {
            return charset + " strings";
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
