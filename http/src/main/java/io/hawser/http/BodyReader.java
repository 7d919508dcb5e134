// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;

/**
 * Tells how many of the bytes that a reader has are data of the body that is being read, whether it has a length or comes in chunks. Never waits.
 *
 * <p><b>Thread:</b> that of the body's reader.
 */
final class BodyReader {
    /** More bytes are needed. */
    static final int MORE = 0;
    /** {@link #dataBytes} of the next bytes are data. */
    static final int DATA = 1;
    /** All has been read. Other results are the status of an answer. */
    static final int END = 2;

    private final ChunkReader chunks;
    private boolean chunked;
    private boolean atData;
    private boolean over = true;
    /** Of the body, or of the chunk. */
    private long remaining;

    private long limit;
    private long read;

    BodyReader(HttpLimits limits) {
        this.chunks = new ChunkReader(limits);
    }

    /**
     * For another body.
     *
     * @param length -1 if it comes in chunks
     * @param mostBytes how many it may have in all
     */
    void begin(long length, long mostBytes) {
        chunked = length < 0;
        atData = !chunked;
        remaining = chunked ? 0 : length;
        over = length == 0;
        limit = mostBytes;
        read = 0;
        if (chunked) {
            chunks.reset();
        }
    }

    /** Consumes what is not data. */
    int next(Reader in) {
        if (over) {
            return END;
        }
        if (!atData) {
            final int result = chunks.read(in);
            if (result == ChunkReader.END) {
                over = true;
                return END;
            }
            if (result != ChunkReader.DATA) {
                return result;
            }
            if (chunks.size() > limit - read) {
                return 413;
            }
            remaining = chunks.size();
            atData = true;
        }
        return in.readableBytes() > 0 ? DATA : MORE;
    }

    /** How many bytes of {@code in} are data of this piece. */
    long dataBytes(Reader in) {
        return Math.min(remaining, in.readableBytes());
    }

    /** {@code bytes} of data were consumed. */
    void consumed(long bytes) {
        remaining -= bytes;
        read += bytes;
        if (remaining == 0) {
            if (chunked) {
                atData = false;
                chunks.dataRead();
            } else {
                over = true;
            }
        }
    }

    /** All of it has been put together, and is read once more, as one of that length; its trailers are known. */
    void collected(long length) {
        chunked = false;
        atData = true;
        remaining = length;
        over = length == 0;
    }

    boolean isOver() {
        return over;
    }

    /** How many bytes of data have been read. */
    long readBytes() {
        return read;
    }

    /** How many bytes of data are to come for certain. */
    long remainingBytes() {
        return remaining;
    }

    Headers trailers() {
        return chunks.trailers();
    }
}
