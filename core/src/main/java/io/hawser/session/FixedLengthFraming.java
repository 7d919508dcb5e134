// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import java.lang.foreign.MemorySegment;

/** Frames that are all of one length. Immutable. */
final class FixedLengthFraming implements Framing {
    private final int bytes;

    FixedLengthFraming(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("A frame has 1 byte at least: " + bytes);
        }
        this.bytes = bytes;
    }

    @Override
    public Decoded<Frame> find(Reader in, Frame frame) {
        return frame.at(0, bytes, 0);
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
        if (bodyBytes != bytes) {
            throw new IllegalArgumentException("A body of " + bodyBytes + " bytes where each has " + bytes);
        }
    }

    @Override
    public String toString() {
        return bytes + "-byte frames";
    }
}
