// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.buffer.Reader;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Reads responses to GET, one after the other: their statuses, and how long they are (RFC 9112, 6.3). Bodies are thrown away. Each line and each number
 * is bounded.
 *
 * <p><b>Thread:</b> one at a time.
 */
final class ResponseReader {
    private static final int MAX_LINE_BYTES = 16 << 10;
    private static final int MAX_HEAD_BYTES = 64 << 10;
    private static final long UNKNOWN = -1;

    private enum State {
        STATUS,
        FIELDS,
        BODY,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILERS,
        UNTIL_CLOSE
    }

    private final byte[] line = new byte[MAX_LINE_BYTES];
    private State state = State.STATUS;
    private int status;
    private boolean oldVersion;
    private boolean closing;
    private boolean kept;
    private boolean chunked;
    private long length;
    private long left;
    private long bytes;
    private int headBytes;

    /** Forgets what has come of a response: another connection. */
    void reset() {
        state = State.STATUS;
        bytes = 0;
        headBytes = 0;
    }

    /**
     * Reads on.
     *
     * @return whether a response is whole, of which the others tell until this is called again; false if all there is has been read
     * @throws ProtocolException if it is none of HTTP/1
     */
    boolean next(Reader in) throws ProtocolException {
        if (state == State.STATUS && headBytes == 0) {
            bytes = 0;
        }
        while (true) {
            switch (state) {
                case BODY, CHUNK, UNTIL_CLOSE -> {
                    final long n = state == State.UNTIL_CLOSE ? in.readableBytes() : Math.min(left, in.readableBytes());
                    in.skip(n);
                    bytes += n;
                    left -= n;
                    if (state == State.UNTIL_CLOSE || left > 0) {
                        return false;
                    }
                    if (state == State.BODY) {
                        return whole();
                    }
                    state = State.CHUNK_END;
                }
                default -> {
                    final int n = readLine(in);
                    if (n < 0) {
                        return false;
                    }
                    if (takeLine(n)) {
                        return whole();
                    }
                }
            }
        }
    }

    /** The connection has ended; whether a response is whole by that. */
    boolean end() {
        return state == State.UNTIL_CLOSE && whole();
    }

    private boolean whole() {
        state = State.STATUS;
        headBytes = 0;
        return true;
    }

    int status() {
        return status;
    }

    /** Whether the server ends the connection with it. */
    boolean closes() {
        return closing || (oldVersion && !kept) || length == UNKNOWN;
    }

    /** All of it, its head included. */
    long bytes() {
        return bytes;
    }

    /** The length of the next line without its end, which is in {@link #line}; -1 if it has not come whole. */
    private int readLine(Reader in) throws ProtocolException {
        final long readable = in.readableBytes();
        final long end = in.indexOf((byte) '\n', 0, Math.min(readable, MAX_LINE_BYTES));
        if (end < 0) {
            if (readable >= MAX_LINE_BYTES) {
                throw new ProtocolException("A line of a response is longer than " + MAX_LINE_BYTES + " bytes");
            }
            return -1;
        }
        final int n = (int) end + 1;
        in.readBytes(line, 0, n);
        bytes += n;
        headBytes += n;
        if (headBytes > MAX_HEAD_BYTES) {
            throw new ProtocolException("The head of a response is longer than " + MAX_HEAD_BYTES + " bytes");
        }
        return n >= 2 && line[n - 2] == '\r' ? n - 2 : n - 1;
    }

    /** Whether the response is whole. */
    private boolean takeLine(int n) throws ProtocolException {
        switch (state) {
            case STATUS -> takeStatus(n);
            case FIELDS -> {
                if (n == 0) {
                    return headIsWhole();
                }
                takeField(n);
            }
            case CHUNK_SIZE -> {
                left = chunkSize(n);
                headBytes = 0;
                state = left == 0 ? State.TRAILERS : State.CHUNK;
            }
            case CHUNK_END -> {
                if (n != 0) {
                    throw new ProtocolException("A chunk is longer than it says");
                }
                state = State.CHUNK_SIZE;
            }
            case TRAILERS -> {
                return n == 0;
            }
            default -> throw new IllegalStateException("No lines in " + state);
        }
        return false;
    }

    private void takeStatus(int n) throws ProtocolException {
        final String text = text(0, Math.min(n, 13));
        if (!text.matches("HTTP/1\\.[01] [1-9]\\d\\d( .*)?")) {
            throw new ProtocolException("Not a response of HTTP/1: '" + text.replaceAll("[^ -~]", "?") + "'");
        }
        status = Integer.parseInt(text, 9, 12, 10);
        oldVersion = text.charAt(7) == '0';
        closing = false;
        kept = false;
        chunked = false;
        length = UNKNOWN;
        state = State.FIELDS;
    }

    private void takeField(int n) throws ProtocolException {
        int colon = 0;
        while (colon < n && line[colon] != ':') {
            colon++;
        }
        // Few names have these lengths, so most fields cost nothing.
        switch (colon) {
            case 10 -> {
                if (isName("connection")) {
                    final String value = text(colon + 1, n).toLowerCase(Locale.ROOT);
                    closing |= value.contains("close");
                    kept |= value.contains("keep-alive");
                }
            }
            case 14 -> {
                if (isName("content-length")) {
                    length = number(text(colon + 1, n).strip(), 10);
                }
            }
            case 17 -> {
                if (isName("transfer-encoding")) {
                    chunked = text(colon + 1, n).strip().equalsIgnoreCase("chunked");
                }
            }
            default -> {
                // Not needed.
            }
        }
    }

    private boolean isName(String name) {
        for (int i = 0; i < name.length(); i++) {
            if ((line[i] | 0x20) != name.charAt(i) && line[i] != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private boolean headIsWhole() {
        if (status < 200) {
            // An interim one.
            state = State.STATUS;
            return false;
        }
        if (status == 204 || status == 304) {
            length = 0;
            return true;
        }
        headBytes = 0;
        if (chunked) {
            length = 0;
            state = State.CHUNK_SIZE;
        } else if (length == UNKNOWN) {
            state = State.UNTIL_CLOSE;
        } else {
            left = length;
            state = State.BODY;
        }
        return false;
    }

    private long chunkSize(int n) throws ProtocolException {
        int end = 0;
        while (end < n && line[end] != ';') {
            end++;
        }
        return number(text(0, end).strip(), 16);
    }

    private static long number(String digits, int radix) throws ProtocolException {
        if (!digits.matches(radix == 10 ? "\\d{1,18}" : "\\p{XDigit}{1,15}")) {
            throw new ProtocolException("Not a length: '" + digits.replaceAll("[^ -~]", "?") + "'");
        }
        return Long.parseLong(digits, radix);
    }

    private String text(int from, int to) {
        return new String(line, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
