// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import java.lang.foreign.MemorySegment;

/** Frames that end with a line feed. Immutable. */
public final class LineFraming implements Framing {
    static final LineFraming LENIENT = new LineFraming(false);

    private static final byte CR = '\r';
    private static final byte LF = '\n';

    private final boolean strict;

    private LineFraming(boolean strict) {
        this.strict = strict;
    }

    /**
     * Lines that end with CR LF in both directions, and hold neither: a peer that takes a lone one for the end of a line, or does not, could
     * else be shown other lines than this side sees.
     */
    public LineFraming strict() {
        return new LineFraming(true);
    }

    @Override
    public Decoded<Frame> find(Reader in, Frame frame) {
        final long to = Math.min(in.readableBytes(), frame.maxBytes());
        final long from = Math.min(frame.searchedBytes(), to);
        final long end = in.indexOf(LF, from, to);
        if (end < 0) {
            return frame.searched(to);
        }
        final boolean returned = end > 0 && in.getByte(end - 1) == CR;
        if (strict && !returned) {
            return Decoded.malformed("a line ends with LF alone");
        }
        final long body = returned ? end - 1 : end;
        if (strict && in.indexOf(CR, 0, body) >= 0) {
            return Decoded.malformed("a line holds a CR");
        }
        return frame.at(0, body, end + 1 - body);
    }

    @Override
    public int headerBytes() {
        return 0;
    }

    @Override
    public int writeHeader(long bodyBytes, MemorySegment header) {
        return 0;
    }

    @Override
    public void writeTrailer(Buffer out, long bodyBytes) {
        final long to = out.pendingBytes();
        final long from = to - bodyBytes;
        if (out.indexOf(LF, from, to) >= 0) {
            throw new IllegalArgumentException("A line must not hold an LF");
        }
        if (strict) {
            if (out.indexOf(CR, from, to) >= 0) {
                throw new IllegalArgumentException("A line must not hold a CR");
            }
            out.writeByte(CR);
        } else if (bodyBytes > 0 && out.getByte(to - 1) == CR) {
            throw new IllegalArgumentException("A line must not end with a CR, which would be taken for its end");
        }
        out.writeByte(LF);
    }

    @Override
    public String toString() {
        return strict ? "lines ended by CR LF" : "lines";
    }
}
