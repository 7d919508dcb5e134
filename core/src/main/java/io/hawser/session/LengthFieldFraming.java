// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Reader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Frames with their length before them. Immutable. */
public final class LengthFieldFraming implements Framing {
    private final int width;
    private final ByteOrder order;

    private LengthFieldFraming(int width, ByteOrder order) {
        this.width = width;
        this.order = order;
    }

    static LengthFieldFraming of(int width, ByteOrder order) {
        if (width != 1 && width != 2 && width != 3 && width != 4 && width != 8) {
            throw new IllegalArgumentException("A length field has 1, 2, 3, 4 or 8 bytes: " + width);
        }
        return new LengthFieldFraming(width, order);
    }

    @Override
    public Decoded<Frame> find(Reader in, Frame frame) {
        if (in.readableBytes() < width) {
            return Decoded.needMore();
        }
        final long length = length(in);
        if (length < 0 || length > Long.MAX_VALUE - width) {
            return Decoded.malformed("a length of " + Long.toUnsignedString(length));
        }
        return frame.at(width, length, 0);
    }

    private long length(Reader in) {
        final boolean big = order == ByteOrder.BIG_ENDIAN;
        return switch (width) {
            case 1 -> in.getUnsignedByte(0);
            case 2 -> big ? in.getUnsignedShort(0) : in.getUnsignedShortLE(0);
            case 3 -> big ? in.getUnsignedMedium(0) : in.getUnsignedMediumLE(0);
            case 4 -> big ? in.getUnsignedInt(0) : in.getIntLE(0) & 0xffff_ffffL;
            default -> big ? in.getLong(0) : in.getLongLE(0);
        };
    }

    @Override
    public int headerBytes() {
        return width;
    }

    @Override
    public int writeHeader(long bodyBytes, MemorySegment header) {
        if (width < 8 && bodyBytes >>> (8 * width) != 0) {
            throw new IllegalArgumentException(bodyBytes + " bytes do not fit a length of " + width + " bytes");
        }
        for (int i = 0; i < width; i++) {
            final int shift = order == ByteOrder.BIG_ENDIAN ? width - 1 - i : i;
            header.set(ValueLayout.JAVA_BYTE, i, (byte) (bodyBytes >>> (8 * shift)));
        }
        return width;
    }

    @Override
    public String toString() {
        return width + "-byte lengths";
    }
}
