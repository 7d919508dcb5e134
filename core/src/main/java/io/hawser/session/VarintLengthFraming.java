// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Frames with their length before them as a varint: seven bits a byte, the lowest first, and the eighth says that there are more. One length has
 * one encoding: a longer one than need be is refused.
 */
final class VarintLengthFraming implements Framing {
    /** Of 2^31 - 1, the longest that the encoding's inventors allow. */
    private static final int MAX_BYTES = 5;

    @Override
    public Decoded<Frame> find(Reader in, Frame frame) {
        final long there = in.readableBytes();
        long length = 0;
        for (int i = 0; i < there; i++) {
            final int next = in.getUnsignedByte(i);
            length |= (next & 0x7fL) << (7 * i);
            if (length > Integer.MAX_VALUE || (next > 0x7f && i == MAX_BYTES - 1)) {
                return Decoded.malformed("a length of 2^31 or more");
            }
            if (next <= 0x7f) {
                return next == 0 && i > 0
                        ? Decoded.malformed("a length in more bytes than it needs")
                        : frame.at(i + 1L, length, 0);
            }
        }
        return Decoded.needMore();
    }

    @Override
    public int headerBytes() {
        return MAX_BYTES;
    }

    @Override
    public boolean hasFixedHeader() {
        return false;
    }

    @Override
    public int writeHeader(long bodyBytes, MemorySegment header) {
        int used = 0;
        int left = checked(bodyBytes);
        for (; left > 0x7f; left >>>= 7) {
            header.set(ValueLayout.JAVA_BYTE, used++, (byte) (left | 0x80));
        }
        header.set(ValueLayout.JAVA_BYTE, used++, (byte) left);
        return used;
    }

    @Override
    public void writeHeader(long bodyBytes, Writer out) {
        int left = checked(bodyBytes);
        for (; left > 0x7f; left >>>= 7) {
            out.writeByte(left | 0x80);
        }
        out.writeByte(left);
    }

    private static int checked(long bodyBytes) {
        if (bodyBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(bodyBytes + " bytes do not fit a length of " + MAX_BYTES + " bytes");
        }
        return (int) bodyBytes;
    }

    @Override
    public String toString() {
        return "varint lengths";
    }
}
