// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Reader;
import java.lang.foreign.MemorySegment;

/** Whatever has come is a frame. */
final class RawFraming implements Framing {
    @Override
    public Decoded<Frame> find(Reader in, Frame frame) {
        final long there = Math.min(in.readableBytes(), frame.maxBytes());
        return there == 0 ? Decoded.needMore() : frame.at(0, there, 0);
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
    public Framed compressed(Compression compression) {
        if (!compression.isNone()) {
            throw new IllegalArgumentException(
                    "What has come at once is not what was sent at once: compress the stream, not its pieces");
        }
        return this;
    }

    @Override
    public String toString() {
        return "whatever comes";
    }
}
