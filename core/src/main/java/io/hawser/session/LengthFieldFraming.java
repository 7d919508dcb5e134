// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Frames with their length before them. Immutable.
 *
 * <pre>
 *  0        offset    offset + width                        total
 *  | prefix | length  | …                                   |
 *                     |──────── length + adjustment ────────|
 *            strip ──►|──────────────── body ───────────────|
 * </pre>
 *
 * <p>What is stripped besides the length is not looked at, but for the prefix that {@link Builder#prefix} sets, and sent as zeros. Where the
 * length is not stripped it is part of the body, and a body whose length does not say how long it is cannot be sent.
 */
public final class LengthFieldFraming implements Framing {
    private static final int MAX_HEADER_BYTES = 1024;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final byte[] prefix;
    private final int offset;
    private final int width;
    private final ByteOrder order;
    private final int adjustment;
    private final int strip;
    /** The header is the length in network order, and nothing else. */
    private final boolean isPlain;

    private LengthFieldFraming(Builder builder) {
        this.prefix = builder.prefix;
        this.offset = builder.offset;
        this.width = builder.width;
        this.order = builder.order;
        this.adjustment = builder.adjustment;
        this.strip = builder.strip < 0 ? fieldEnd() : builder.strip;
        this.isPlain = prefix.length == 0 && offset == 0 && strip == width && order == ByteOrder.BIG_ENDIAN;
    }

    /**
     * Sets the parameters.
     *
     * @param width of the length in bytes: 1, 2, 3, 4 or 8
     * @throws IllegalArgumentException for another width
     */
    public static Builder builder(int width) {
        return new Builder(width);
    }

    private int fieldEnd() {
        return offset + width;
    }

    @Override
    public Decoded<Frame> find(Reader in, Frame frame) {
        final long there = in.readableBytes();
        for (int i = 0; i < prefix.length && i < there; i++) {
            if (in.getByte(i) != prefix[i]) {
                return Decoded.malformed("it does not begin with the prefix of a frame");
            }
        }
        if (there < fieldEnd()) {
            return Decoded.needMore();
        }
        final long length = length(in, offset);
        final long total;
        try {
            total = Math.addExact(length, (long) adjustment + fieldEnd());
        } catch (ArithmeticException _) {
            return Decoded.malformed("a length of " + Long.toUnsignedString(length));
        }
        if (length < 0 || total < fieldEnd() || total < strip) {
            return Decoded.malformed("a length of " + Long.toUnsignedString(length));
        }
        return frame.at(strip, total - strip, 0);
    }

    private long length(Reader in, long at) {
        final boolean big = order == ByteOrder.BIG_ENDIAN;
        return switch (width) {
            case 1 -> in.getUnsignedByte(at);
            case 2 -> big ? in.getUnsignedShort(at) : in.getUnsignedShortLE(at);
            case 3 -> big ? in.getUnsignedMedium(at) : in.getUnsignedMediumLE(at);
            case 4 -> big ? in.getUnsignedInt(at) : in.getIntLE(at) & 0xffff_ffffL;
            default -> big ? in.getLong(at) : in.getLongLE(at);
        };
    }

    @Override
    public int headerBytes() {
        return strip;
    }

    @Override
    public int writeHeader(long bodyBytes, MemorySegment header) {
        final long length = lengthOf(bodyBytes);
        if (isPlain && width == Integer.BYTES) {
            // Most headers, and so few steps that the compiler sees that the segment need not exist.
            header.set(INT, 0, (int) length);
            return strip;
        }
        header.asSlice(0, strip).fill((byte) 0);
        MemorySegment.copy(prefix, 0, header, ValueLayout.JAVA_BYTE, 0, Math.min(prefix.length, strip));
        if (isFieldStripped()) {
            for (int i = 0; i < width; i++) {
                final int shift = order == ByteOrder.BIG_ENDIAN ? width - 1 - i : i;
                header.set(ValueLayout.JAVA_BYTE, offset + (long) i, (byte) (length >>> (8 * shift)));
            }
        }
        return strip;
    }

    @Override
    public void writeHeader(long bodyBytes, Writer out) {
        if (!isPlain) {
            Framing.super.writeHeader(bodyBytes, out);
            return;
        }
        final long length = lengthOf(bodyBytes);
        switch (width) {
            case 1 -> out.writeByte((int) length);
            case 2 -> out.writeShort((int) length);
            case 3 -> out.writeMedium((int) length);
            case 4 -> out.writeInt((int) length);
            default -> out.writeLong(length);
        }
    }

    private boolean isFieldStripped() {
        return strip >= fieldEnd();
    }

    /** What the length says of a frame with such a body. */
    private long lengthOf(long bodyBytes) {
        final long length = bodyBytes + strip - fieldEnd() - adjustment;
        final long total = bodyBytes + strip;
        if (length < 0 || total < fieldEnd() || (width < 8 && length >>> (8 * width) != 0)) {
            throw new IllegalArgumentException("A body of " + bodyBytes + " bytes does not fit " + this);
        }
        return length;
    }

    @Override
    public void writeTrailer(Buffer out, long bodyBytes) {
        if (isFieldStripped()) {
            return;
        }
        final long length = lengthOf(bodyBytes);
        final long start = out.pendingBytes() - bodyBytes;
        if (length(out, start + offset - strip) != length) {
            throw new IllegalArgumentException("A body of " + bodyBytes + " bytes says something else of its length");
        }
        for (int i = strip; i < prefix.length; i++) {
            if (out.getByte(start + i - strip) != prefix[i]) {
                throw new IllegalArgumentException("A body does not begin with the prefix of a frame");
            }
        }
    }

    @Override
    public String toString() {
        return width + "-byte lengths" + (order == ByteOrder.BIG_ENDIAN ? "" : ", little-endian")
                + (offset == 0 ? "" : ", at " + offset)
                + (adjustment == 0 ? "" : ", adjusted by " + adjustment)
                + (strip == fieldEnd() ? "" : ", " + strip + " bytes stripped");
    }

    /** Sets the parameters of a {@link LengthFieldFraming}. Not thread-safe. */
    public static final class Builder {
        private final int width;
        private byte[] prefix = {};
        private int offset;
        private ByteOrder order = ByteOrder.BIG_ENDIAN;
        private int adjustment;
        private int strip = -1;

        private Builder(int width) {
            if (width != 1 && width != 2 && width != 3 && width != 4 && width != 8) {
                throw new IllegalArgumentException("A length field has 1, 2, 3, 4 or 8 bytes: " + width);
            }
            this.width = width;
        }

        /** How many bytes come before the length; default none. */
        public Builder offset(int bytes) {
            if (bytes < 0 || bytes > MAX_HEADER_BYTES) {
                throw new IllegalArgumentException("An offset of 0 to " + MAX_HEADER_BYTES + ": " + bytes);
            }
            offset = bytes;
            return this;
        }

        /** With what each frame begins, before the length; another frame is malformed. The offset is its length at least. */
        public Builder prefix(byte... magic) {
            prefix = magic.clone();
            return offset(Math.max(offset, prefix.length));
        }

        /** The byte order of the length; default big-endian. */
        public Builder order(ByteOrder value) {
            order = value;
            return this;
        }

        /**
         * How many bytes there are behind the length besides those that it counts; default none. Negative where it counts bytes before its
         * own end: it is the negative of offset and width if it counts the whole frame.
         */
        public Builder adjustment(int bytes) {
            adjustment = bytes;
            return this;
        }

        /** How many bytes of the frame's head are not handed on; default all up to the end of the length. */
        public Builder strip(int bytes) {
            if (bytes < 0 || bytes > 2 * MAX_HEADER_BYTES) {
                throw new IllegalArgumentException("0 to " + 2 * MAX_HEADER_BYTES + " bytes can be stripped: " + bytes);
            }
            strip = bytes;
            return this;
        }

        /**
         * The framing.
         *
         * @throws IllegalArgumentException if the prefix is longer than the offset, part of the length is stripped, or no frame that it can
         *     describe would be long enough
         */
        public LengthFieldFraming build() {
            if (prefix.length > offset) {
                throw new IllegalArgumentException(
                        "A prefix of " + prefix.length + " bytes before a length at " + offset);
            }
            if (strip > offset && strip < offset + width) {
                throw new IllegalArgumentException("Of a length of " + width + " bytes at " + offset
                        + " a part would be" + " stripped by " + strip + ": all of it is, or nothing");
            }
            final long most = width < 8 ? (1L << (8 * width)) - 1 : Long.MAX_VALUE;
            final long least = Math.max(0L, (long) strip - offset - width) - adjustment;
            if (least > most) {
                throw new IllegalArgumentException("A length of " + width + " bytes is never " + least);
            }
            return new LengthFieldFraming(this);
        }
    }
}
