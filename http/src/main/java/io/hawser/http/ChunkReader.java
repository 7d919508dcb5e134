// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;
import java.util.Arrays;

/**
 * Reads what stands between the data of chunks, RFC 9112, 7.1, byte by byte, and the trailers behind the last.
 *
 * <pre>
 *   1a;name=value CR LF  data  CR LF  0 CR LF  Name: value CR LF  CR LF
 * </pre>
 *
 * <p><b>Strict:</b> no line ends in a lone LF; nothing stands between the size and what follows it; a size has 16 digits at most, and is never rounded;
 * extensions hold no control characters, in quotes or not, and have all together a bound.
 *
 * <p><b>Thread:</b> that of the body's reader.
 */
final class ChunkReader {
    /** More bytes are needed. */
    static final int MORE = 0;
    /** {@link #size()} bytes of data come. */
    static final int DATA = 1;
    /** The body and its trailers are over. Other results are the status of an answer. */
    static final int END = 2;

    private static final int SIZE_DIGITS = 16;
    private static final int FIRST_TRAILER_BYTES = 256;
    private static final int BAD_REQUEST = 400;
    private static final int TOO_LARGE = 431;

    private enum State {
        SIZE,
        EXTENSION,
        SIZE_END,
        DATA_CR,
        DATA_LF,
        TRAILER,
        TRAILER_NAME,
        TRAILER_SPACE,
        TRAILER_VALUE,
        TRAILER_LF,
        LAST_LF,
        OVER
    }

    private final HttpLimits limits;
    private final Headers trailers = new Headers();
    private State state = State.SIZE;
    private int digits;
    private long size;
    private int extensionBytes;
    private byte[] line = {};
    private int length;
    private int nameStart;
    private int nameEnd;
    private int valueStart;

    ChunkReader(HttpLimits limits) {
        this.limits = limits;
    }

    /** For another body. */
    void reset() {
        trailers.clear();
        state = State.SIZE;
        digits = 0;
        size = 0;
        extensionBytes = 0;
        length = 0;
    }

    /** The size of the chunk whose data comes. */
    long size() {
        return size;
    }

    Headers trailers() {
        return trailers;
    }

    /** All data of the chunk has been read. */
    void dataRead() {
        state = State.DATA_CR;
    }

    /** Consumes what stands between data, as far as it has come. */
    int read(Reader in) {
        for (long left = in.readableBytes(); left > 0; left--) {
            final int result = next(in.readByte());
            if (result != MORE) {
                return result;
            }
        }
        return MORE;
    }

    private int next(byte b) {
        switch (state) {
            case SIZE -> {
                return onSize(b);
            }
            case EXTENSION -> {
                if (b == '\r') {
                    state = State.SIZE_END;
                } else if (!Chars.is(b, Chars.VALUE)) {
                    return BAD_REQUEST;
                } else if (++extensionBytes > limits.headerBytes()) {
                    return TOO_LARGE;
                }
            }
            case SIZE_END -> {
                if (b != '\n') {
                    return BAD_REQUEST;
                }
                digits = 0;
                if (size > 0) {
                    return DATA;
                }
                state = State.TRAILER;
            }
            case DATA_CR -> {
                if (b != '\r') {
                    return BAD_REQUEST;
                }
                state = State.DATA_LF;
            }
            case DATA_LF -> {
                if (b != '\n') {
                    return BAD_REQUEST;
                }
                size = 0;
                state = State.SIZE;
            }
            default -> {
                return onTrailer(b);
            }
        }
        return MORE;
    }

    private int onSize(byte b) {
        if (Chars.is(b, Chars.HEX)) {
            // 16 digits hold a long; one that is negative is caught as too large.
            if (++digits > SIZE_DIGITS) {
                return BAD_REQUEST;
            }
            size = (size << 4) | Character.digit(b, 16);
            return MORE;
        }
        if (digits == 0 || size < 0) {
            return BAD_REQUEST;
        }
        if (b == ';') {
            state = State.EXTENSION;
            return MORE;
        }
        if (b == '\r') {
            state = State.SIZE_END;
            return MORE;
        }
        return BAD_REQUEST;
    }

    private int onTrailer(byte b) {
        if (state == State.LAST_LF) {
            state = State.OVER;
            trailers.parsed(line);
            return b == '\n' ? END : BAD_REQUEST;
        }
        if (length == limits.headerBytes()) {
            return TOO_LARGE;
        }
        if (length == line.length) {
            line = Arrays.copyOf(line, Math.max(FIRST_TRAILER_BYTES, length * 2));
        }
        final int at = length++;
        line[at] = b;
        switch (state) {
            case TRAILER -> {
                nameStart = at;
                if (b == '\r') {
                    state = State.LAST_LF;
                } else if (Chars.is(b, Chars.TOKEN)) {
                    state = State.TRAILER_NAME;
                } else {
                    return BAD_REQUEST;
                }
            }
            case TRAILER_NAME -> {
                if (b == ':') {
                    nameEnd = at;
                    valueStart = at + 1;
                    state = State.TRAILER_SPACE;
                } else if (!Chars.is(b, Chars.TOKEN)) {
                    return BAD_REQUEST;
                }
            }
            case TRAILER_SPACE, TRAILER_VALUE -> {
                return onTrailerValue(b, at);
            }
            default -> {
                if (b != '\n') {
                    return BAD_REQUEST;
                }
                state = State.TRAILER;
            }
        }
        return MORE;
    }

    private int onTrailerValue(byte b, int at) {
        if (b == '\r') {
            if (trailers.size() == limits.headerCount()) {
                return TOO_LARGE;
            }
            int valueEnd = at;
            while (valueEnd > valueStart && Chars.isSpace(line[valueEnd - 1])) {
                valueEnd--;
            }
            trailers.addParsed(nameStart, nameEnd, valueStart, valueEnd);
            state = State.TRAILER_LF;
        } else if (!Chars.is(b, Chars.VALUE)) {
            return BAD_REQUEST;
        } else if (state == State.TRAILER_SPACE) {
            if (Chars.isSpace(b)) {
                valueStart = at + 1;
            } else {
                state = State.TRAILER_VALUE;
            }
        }
        return MORE;
    }
}
