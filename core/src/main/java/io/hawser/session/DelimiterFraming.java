// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Frames that end with a delimiter, or with the first of several. Immutable. */
final class DelimiterFraming implements Framing {
    private final Delimiters delimiters;
    private final byte[] written;

    DelimiterFraming(List<byte[]> alternatives) {
        this.delimiters = new Delimiters(alternatives);
        this.written = alternatives.getFirst().clone();
    }

    @Override
    public Decoded<Frame> find(Reader in, Frame frame) {
        final long to = Math.min(in.readableBytes(), frame.maxBytes());
        // One may have begun in what was searched.
        final long from = Math.max(0, frame.searchedBytes() - (delimiters.longest() - 1));
        final long found = from >= to ? Delimiters.NONE : delimiters.find((Buffer) in, from, to);
        if (found == Delimiters.NONE) {
            return frame.searched(to);
        }
        final int length = Delimiters.length(found);
        return frame.at(0, Delimiters.end(found) - length, length);
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
        final long from = out.pendingBytes() - bodyBytes;
        out.writeBytes(written);
        final long end = out.pendingBytes();
        // Found as the peer will find it: one may also begin in the body and end in what is written behind it.
        final long found = delimiters.find(out, from, end);
        if (Delimiters.end(found) != end || Delimiters.length(found) != written.length) {
            throw new IllegalArgumentException("A body must not hold the delimiter");
        }
    }

    @Override
    public String toString() {
        return "delimiters";
    }
}
