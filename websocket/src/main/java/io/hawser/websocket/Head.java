// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Reader;
import io.hawser.http.Headers;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The head of the request or the response that opens a session: a first line and header fields, RFC 9112, 2 to 5. Stricter than that where it allows
 * to be lenient, since only handshakes come here: lines end with CR LF, and no field goes over several lines.
 */
record Head(String firstLine, Headers headers) {
    private static final byte LF = '\n';

    /** Looks for the end of a head, and goes on where it has looked before. */
    static final class Finder {
        private final WebSocketLimits limits;
        private long searched;
        private long lineStart;
        private int lines;

        Finder(WebSocketLimits limits) {
            this.limits = limits;
        }

        /**
         * The head, consumed, or null if it is not there in full.
         *
         * @throws HandshakeException with 431 if it is longer than allowed, or with 400 if it is none
         */
        @Nullable
        Head find(Reader in) throws HandshakeException {
            final long there = Math.min(in.readableBytes(), limits.handshakeBytes());
            while (true) {
                final long at = in.indexOf(LF, searched, there);
                if (at < 0) {
                    searched = there;
                    if (in.readableBytes() >= limits.handshakeBytes()) {
                        throw new HandshakeException(431, "A handshake of more than " + there + " bytes");
                    }
                    return null;
                }
                searched = at + 1;
                final boolean isEmpty = at == lineStart + 1 && in.getByte(lineStart) == '\r';
                if (at == lineStart || in.getByte(at - 1) != '\r') {
                    throw new HandshakeException(400, "A line that does not end with CR LF");
                }
                lineStart = at + 1;
                if (isEmpty) {
                    return parse(new String(in.readBytes((int) at + 1), StandardCharsets.ISO_8859_1));
                }
                if (++lines > limits.handshakeFields() + 1) {
                    throw new HandshakeException(431, "More than " + limits.handshakeFields() + " header fields");
                }
            }
        }
    }

    /** Of all lines, each of which ends with CR LF, and the empty one. */
    private static Head parse(String text) throws HandshakeException {
        final int end = text.length() - "\r\n\r\n".length();
        if (end <= 0) {
            throw new HandshakeException(400, "An empty line before the handshake");
        }
        final String[] lines = text.substring(0, end).split("\r\n", -1);
        final String first = lines[0];
        for (int i = 0; i < first.length(); i++) {
            if (first.charAt(i) < ' ' || first.charAt(i) >= 0x7f) {
                throw new HandshakeException(400, "A first line with control characters");
            }
        }
        final Headers headers = new Headers();
        for (int i = 1; i < lines.length; i++) {
            final String line = lines[i];
            final int colon = line.indexOf(':');
            if (colon < 0) {
                throw new HandshakeException(400, "A header field without a colon");
            }
            try {
                headers.add(line.substring(0, colon), trim(line, colon + 1));
            } catch (IllegalArgumentException e) {
                throw new HandshakeException(400, String.valueOf(e.getMessage()));
            }
        }
        return new Head(first, headers);
    }

    private static String trim(String line, int start) {
        int from = start;
        int to = line.length();
        while (from < to && isSpace(line.charAt(from))) {
            from++;
        }
        while (to > from && isSpace(line.charAt(to - 1))) {
            to--;
        }
        return line.substring(from, to);
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }
}
