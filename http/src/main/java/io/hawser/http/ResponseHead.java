// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.net.ProtocolException;
import java.util.Arrays;
import java.util.List;

/**
 * The head of a response, read strictly (RFC 9112): lines end in CRLF, no line is folded, no name is followed by white space, and there is one way to
 * tell the length of the body. A server, or who stands between, that breaks this cannot make a client take a part of one response for another.
 *
 * <p><b>Thread:</b> that of the exchange.
 */
final class ResponseHead {
    /** The body ends with the connection. */
    static final long UNTIL_CLOSE = -2;
    /** The body comes in chunks. */
    static final long CHUNKED = -1;

    private static final byte[] BEGIN = {'H', 'T', 'T', 'P', '/', '1', '.'};
    /** {@code HTTP/1.1 200}. */
    private static final int STATUS_END = 12;

    private static final int MINOR = 7;
    private static final int FIRST_BYTES = 512;
    private static final int LENGTH_DIGITS = 18;

    private final int mostBytes;
    private final int mostFields;
    private final Headers headers = new Headers();
    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;
    private boolean atLineStart;

    ResponseHead(int mostBytes, int mostFields) {
        this.mostBytes = mostBytes;
        this.mostFields = mostFields;
    }

    /**
     * Takes the next byte.
     *
     * @return whether it is the last one
     * @throws ProtocolException if no head can go on so
     */
    boolean take(byte b) throws ProtocolException {
        if (length == mostBytes) {
            throw new ProtocolException("The head of the response is longer than " + mostBytes + " bytes");
        }
        if (length < BEGIN.length && b != BEGIN[length]) {
            throw new ProtocolException("The response is not one of HTTP/1");
        }
        if (length == bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.min(mostBytes, 2 * length));
        }
        final boolean afterReturn = length > 0 && bytes[length - 1] == '\r';
        if (afterReturn != (b == '\n') || (b != '\r' && b != '\n' && !Chars.is(b, Chars.VALUE))) {
            throw new ProtocolException("A control character in the head of the response");
        }
        bytes[length++] = b;
        if (b != '\n') {
            atLineStart &= b == '\r';
            return false;
        }
        if (atLineStart) {
            parse();
            return true;
        }
        atLineStart = true;
        return false;
    }

    private void parse() throws ProtocolException {
        final boolean versioned =
                length > STATUS_END && (bytes[MINOR] == '0' || bytes[MINOR] == '1') && bytes[MINOR + 1] == ' ';
        if (!versioned || !isDigit(bytes[9]) || !isDigit(bytes[10]) || !isDigit(bytes[11]) || bytes[9] == '0') {
            throw new ProtocolException("The response has no status line of HTTP/1");
        }
        if (bytes[STATUS_END] != ' ' && bytes[STATUS_END] != '\r') {
            throw new ProtocolException("The response has no status of three digits");
        }
        headers.parsed(bytes);
        int from = endOfLine(0);
        while (from < length - 2) {
            final int to = endOfLine(from);
            addField(from, to - 2);
            from = to;
        }
    }

    private int endOfLine(int from) {
        int at = from;
        while (bytes[at] != '\n') {
            at++;
        }
        return at + 1;
    }

    private void addField(int from, int to) throws ProtocolException {
        int colon = from;
        while (colon < to && Chars.is(bytes[colon], Chars.TOKEN)) {
            colon++;
        }
        if (colon == from || colon == to || bytes[colon] != ':') {
            throw new ProtocolException("A line of the response's head is no field");
        }
        int start = colon + 1;
        int end = to;
        while (start < end && Chars.isSpace(bytes[start])) {
            start++;
        }
        while (end > start && Chars.isSpace(bytes[end - 1])) {
            end--;
        }
        if (headers.size() == mostFields) {
            throw new ProtocolException("The response has more than " + mostFields + " fields");
        }
        headers.addParsed(from, colon, start, end);
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    // ---- when all of it has come

    int status() {
        return (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + (bytes[11] - '0');
    }

    HttpVersion version() {
        return bytes[MINOR] == '1' ? HttpVersion.HTTP_1_1 : HttpVersion.HTTP_1_0;
    }

    Headers headers() {
        return headers;
    }

    /**
     * How long the body is (RFC 9112, 6.3), or {@link #CHUNKED}, or {@link #UNTIL_CLOSE}.
     *
     * @throws ProtocolException if two readers could disagree about it
     */
    long bodyLength(String method) throws ProtocolException {
        final List<String> codings = headers.all("Transfer-Encoding");
        final List<String> lengths = headers.all("Content-Length");
        if (!codings.isEmpty() && (!lengths.isEmpty() || version() == HttpVersion.HTTP_1_0)) {
            throw new ProtocolException("The response tells its length in two ways");
        }
        if (codings.size() > 1 || (codings.size() == 1 && !codings.getFirst().equalsIgnoreCase("chunked"))) {
            throw new ProtocolException(
                    "A transfer coding that was not asked for: " + Quoted.of(String.join(", ", codings)));
        }
        if (lengths.size() > 1) {
            throw new ProtocolException("The response has more than one Content-Length");
        }
        final long said = lengths.isEmpty() ? UNTIL_CLOSE : number(lengths.getFirst());
        if (method.equals("HEAD") || status() == 204 || status() == 304) {
            return 0;
        }
        return codings.isEmpty() ? said : CHUNKED;
    }

    /** Whether a body is announced where none can be; what follows is not to be trusted then. */
    boolean announcesForbiddenBody() {
        return status() == 204
                && (headers.contains("Transfer-Encoding")
                        || headers.first("Content-Length")
                                .filter(value -> !value.equals("0"))
                                .isPresent());
    }

    private static long number(String text) throws ProtocolException {
        if (text.isEmpty() || text.length() > LENGTH_DIGITS || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new ProtocolException("Not a length: " + Quoted.of(text));
        }
        return Long.parseLong(text);
    }

    /** Whether the server keeps the connection (RFC 9112, 9.3). */
    boolean keepsAlive() {
        if (headers.containsToken("Connection", "close")) {
            return false;
        }
        return version() == HttpVersion.HTTP_1_1 || headers.containsToken("Connection", "keep-alive");
    }
}
