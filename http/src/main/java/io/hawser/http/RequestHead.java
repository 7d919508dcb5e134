// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the heads of requests, RFC 9112, and refuses what the RFC does: there is one way to read each, so that nobody before or behind this
 * server reads another one.
 *
 * <p>Bytes of the connection are copied into {@link #bytes}, as many as there are, and heads are parsed there one after the other. What belongs to a
 * head that is not complete is consumed in the reader, what lies behind a complete one is not. However a head is cut, each byte is looked at once.
 *
 * <pre>
 *   bytes:  | heads before | this head ...     | not looked at yet: this head,   |
 *           |              |                   | the next request, or a body     |
 *           0            start                pos                              end
 *                          |-- taken --|                 taken: consumed in the reader already
 * </pre>
 *
 * <p><b>Thread:</b> the connection's.
 */
final class RequestHead {
    /** More bytes are needed. */
    static final int INCOMPLETE = 0;
    /** All is well. Other results are the status of an answer. */
    static final int COMPLETE = 1;

    private static final int FIRST_BYTES = 4 * 1024;
    /** A larger array is not kept for other requests. */
    private static final int KEPT_BYTES = 16 * 1024;

    private static final int BAD_REQUEST = 400;
    private static final int LENGTH_DIGITS = 18;
    /** A zero stands for a digit. */
    private static final String VERSION = "HTTP/0.0\r\n";

    /** What the next byte belongs to. */
    private enum State {
        START,
        EMPTY_LINE,
        METHOD,
        TARGET,
        VERSION,
        FIELD,
        NAME,
        SPACE,
        VALUE,
        LINE_END,
        HEAD_END
    }

    private final HttpLimits limits;
    private byte[] bytes = new byte[FIRST_BYTES];
    private int start;
    private int end;
    /** The next byte to be looked at. */
    private int pos;
    /** How many bytes from {@link #start} on were consumed in the reader. */
    private int taken;

    private State state = State.START;
    private int lineStart;
    private int partStart;
    private int nameStart;
    private int nameEnd;

    // ---- what was parsed

    private Headers headers = new Headers();
    private String method = "";
    private int targetStart;
    private int targetEnd;
    /** The last target, which is often the next, too. */
    private String target = "";

    private HttpVersion version = HttpVersion.HTTP_1_1;
    private int hosts;
    private int lengths;
    private int codings;
    private int hostField;
    private int codingField;
    private long contentLength;
    private boolean chunked;
    private boolean close;
    private boolean keepAlive;
    private boolean upgrade;
    private boolean expectsContinue;
    private String host = "";
    /** The last Host field that was valid, which is often the next, too; empty before there is one. */
    private String validHost = "";

    private TargetForm form = TargetForm.ORIGIN;

    /** RFC 9112, 3.2. */
    enum TargetForm {
        ORIGIN,
        ABSOLUTE,
        AUTHORITY,
        ASTERISK
    }

    RequestHead(HttpLimits limits) {
        this.limits = limits;
    }

    /** Parses the next head, or goes on with one of which a part has come. After a result that is an error it is of no use any more. */
    int read(Reader reader) {
        while (true) {
            if (pos < end || state == State.START) {
                final int result = parse();
                if (result == COMPLETE) {
                    reader.skip(pos - start - taken);
                    start = pos;
                    taken = 0;
                    state = State.START;
                    return check();
                }
                if (result != INCOMPLETE) {
                    return result;
                }
            }
            final int fresh = end - start - taken;
            if (fresh > 0) {
                reader.skip(fresh);
                taken += fresh;
            }
            final long readable = reader.readableBytes();
            if (readable == 0) {
                return INCOMPLETE;
            }
            makeRoom(readable);
            final int n = (int) Math.min(readable, bytes.length - end);
            reader.getBytes(0, bytes, end, n);
            end += n;
        }
    }

    /** Another owner gets other fields: those that were handed out are empty from now on. */
    void renewHeaders() {
        final Headers next = new Headers();
        next.takeRoom(headers);
        headers = next;
    }

    /** Forgets what lies behind the last head: that is a body, or not for this connection. */
    void forget() {
        start = 0;
        end = 0;
        pos = 0;
    }

    /** Whether it is in no head, and can be used for another connection. */
    boolean isClean() {
        return state == State.START && taken == 0;
    }

    /** Whether part of a head has come. */
    boolean hasPart() {
        return taken > 0;
    }

    private void makeRoom(long wanted) {
        if (start == end && bytes.length > KEPT_BYTES) {
            shift(new byte[FIRST_BYTES]);
        } else if (bytes.length - end < wanted && start > 0) {
            shift(bytes);
        }
        if (end == bytes.length) {
            shift(new byte[bytes.length * 2]);
        }
    }

    /** Moves this head to the start of {@code room}. */
    private void shift(byte[] room) {
        System.arraycopy(bytes, start, room, 0, end - start);
        headers.moveParsed(-start);
        targetStart -= start;
        targetEnd -= start;
        lineStart -= start;
        partStart -= start;
        nameStart -= start;
        nameEnd -= start;
        pos -= start;
        end -= start;
        start = 0;
        bytes = room;
        headers.parsed(room);
    }

    // ---- bytes

    private int parse() {
        while (true) {
            final int result = switch (state) {
                case START -> begin();
                case EMPTY_LINE -> lineEnd(State.METHOD);
                case METHOD -> parseMethod();
                case TARGET -> parseTarget();
                case VERSION -> parseVersion();
                case FIELD -> beginField();
                case NAME -> parseName();
                case SPACE -> parseSpace();
                case VALUE -> parseValue();
                case LINE_END -> lineEnd(State.FIELD);
                case HEAD_END -> lineEnd(State.START);
            };
            if (result != GO_ON) {
                return result;
            }
            if (state == State.START) {
                return COMPLETE;
            }
        }
    }

    private static final int GO_ON = 2;

    /** How far the part that is being parsed may reach: what lies behind is too much, wherever the bytes are cut. */
    private int last(int from, int limit) {
        return Math.min(end, from + limit);
    }

    /** There are no more bytes, or there may be no more. */
    private int suspend(int i, int tooLong) {
        pos = i;
        return i < end ? tooLong : INCOMPLETE;
    }

    private int begin() {
        if (pos == end) {
            return INCOMPLETE;
        }
        headers.clear();
        headers.parsed(bytes);
        hosts = 0;
        lengths = 0;
        codings = 0;
        contentLength = 0;
        chunked = false;
        close = false;
        keepAlive = false;
        upgrade = false;
        expectsContinue = false;
        host = "";
        // RFC 9112, 2.2: one empty line before a request, of clients that send one behind a body.
        if (bytes[pos] == '\r') {
            pos++;
            state = State.EMPTY_LINE;
        } else {
            lineStart = pos;
            state = State.METHOD;
        }
        return GO_ON;
    }

    private int lineEnd(State next) {
        if (pos == end) {
            return INCOMPLETE;
        }
        if (bytes[pos] != '\n') {
            return BAD_REQUEST;
        }
        pos++;
        lineStart = pos;
        state = next;
        return GO_ON;
    }

    private int parseMethod() {
        final byte[] in = bytes;
        final int last = last(lineStart, limits.requestLineBytes());
        int i = pos;
        while (i < last && Chars.is(in[i], Chars.TOKEN)) {
            i++;
        }
        if (i == last) {
            return suspend(i, 414);
        }
        if (in[i] != ' ' || i == lineStart) {
            return BAD_REQUEST;
        }
        method = Methods.of(in, lineStart, i);
        pos = i + 1;
        targetStart = pos;
        state = State.TARGET;
        return GO_ON;
    }

    private int parseTarget() {
        final byte[] in = bytes;
        final int last = last(lineStart, limits.requestLineBytes());
        int i = pos;
        while (i < last && Chars.is(in[i], Chars.TARGET)) {
            i++;
        }
        if (i == last) {
            return suspend(i, 414);
        }
        if (in[i] != ' ' || i == targetStart) {
            return BAD_REQUEST;
        }
        targetEnd = i;
        pos = i + 1;
        partStart = pos;
        state = State.VERSION;
        return GO_ON;
    }

    private int parseVersion() {
        final byte[] in = bytes;
        final int last = last(lineStart, limits.requestLineBytes());
        int i = pos;
        while (i < last && i - partStart < VERSION.length()) {
            final char wanted = VERSION.charAt(i - partStart);
            if (wanted == '0' ? in[i] < '0' || in[i] > '9' : in[i] != wanted) {
                return BAD_REQUEST;
            }
            i++;
        }
        if (i - partStart < VERSION.length()) {
            return suspend(i, 414);
        }
        if (in[partStart + 5] != '1' || in[partStart + 7] > '1') {
            return 505;
        }
        version = in[partStart + 7] == '1' ? HttpVersion.HTTP_1_1 : HttpVersion.HTTP_1_0;
        pos = i;
        state = State.FIELD;
        return GO_ON;
    }

    private int beginField() {
        if (pos == end) {
            return INCOMPLETE;
        }
        if (bytes[pos] == '\r') {
            pos++;
            state = State.HEAD_END;
        } else {
            nameStart = pos;
            state = State.NAME;
        }
        return GO_ON;
    }

    private int parseName() {
        final byte[] in = bytes;
        final int last = last(start, limits.headerBytes());
        int i = pos;
        while (i < last && Chars.is(in[i], Chars.TOKEN)) {
            i++;
        }
        if (i >= last) {
            return suspend(i, 431);
        }
        // Folded lines and such as begin with white space have no name.
        if (in[i] != ':' || i == nameStart) {
            return BAD_REQUEST;
        }
        nameEnd = i;
        pos = i + 1;
        state = State.SPACE;
        return GO_ON;
    }

    private int parseSpace() {
        final byte[] in = bytes;
        final int last = last(start, limits.headerBytes());
        int i = pos;
        while (i < last && Chars.isSpace(in[i])) {
            i++;
        }
        if (i >= last) {
            return suspend(i, 431);
        }
        pos = i;
        partStart = i;
        state = State.VALUE;
        return GO_ON;
    }

    private int parseValue() {
        final byte[] in = bytes;
        final int last = last(start, limits.headerBytes());
        int i = pos;
        while (i < last && Chars.is(in[i], Chars.VALUE)) {
            i++;
        }
        if (i >= last) {
            return suspend(i, 431);
        }
        if (in[i] != '\r') {
            return BAD_REQUEST;
        }
        pos = i + 1;
        state = State.LINE_END;
        int valueEnd = i;
        while (valueEnd > partStart && Chars.isSpace(in[valueEnd - 1])) {
            valueEnd--;
        }
        if (headers.size() == limits.headerCount()) {
            return 431;
        }
        headers.addParsed(nameStart, nameEnd, partStart, valueEnd);
        return note(partStart, valueEnd);
    }

    /** Takes note of the fields that say how the message is to be read. */
    private int note(int valueStart, int valueEnd) {
        switch (nameEnd - nameStart) {
            case 4 -> {
                if (isAt("host", nameStart)) {
                    hostField = headers.size() - 1;
                    hosts++;
                }
            }
            case 6 -> {
                if (isAt("expect", nameStart)) {
                    if (valueEnd - valueStart != 12 || !isAt("100-continue", valueStart)) {
                        return version == HttpVersion.HTTP_1_0 ? GO_ON : 417;
                    }
                    expectsContinue = version != HttpVersion.HTTP_1_0;
                }
            }
            case 7 -> {
                if (isAt("upgrade", nameStart)) {
                    upgrade = true;
                }
            }
            case 10 -> {
                if (isAt("connection", nameStart)) {
                    noteConnection();
                }
            }
            case 14 -> {
                if (isAt("content-length", nameStart)) {
                    return noteLength(valueStart, valueEnd);
                }
            }
            case 17 -> {
                if (isAt("transfer-encoding", nameStart)) {
                    codingField = headers.size() - 1;
                    codings++;
                }
            }
            default -> {
                // Others do not matter here.
            }
        }
        return GO_ON;
    }

    /** Whether {@code lower}, in small letters, stands there; there are as many bytes. */
    private boolean isAt(String lower, int at) {
        for (int i = 0; i < lower.length(); i++) {
            final byte b = bytes[at + i];
            final char c = lower.charAt(i);
            if (b != c && !Chars.equalIgnoringCase(b, c)) {
                return false;
            }
        }
        return true;
    }

    private void noteConnection() {
        final String value = headers.value(headers.size() - 1);
        close |= Lists.contains(value, "close");
        keepAlive |= Lists.contains(value, "keep-alive");
    }

    private int noteLength(int from, int to) {
        if (++lengths > 1 || from == to || to - from > LENGTH_DIGITS) {
            return BAD_REQUEST;
        }
        long length = 0;
        for (int i = from; i < to; i++) {
            final int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return BAD_REQUEST;
            }
            length = length * 10 + digit;
        }
        contentLength = length;
        return GO_ON;
    }

    // ---- the head as a whole

    private int check() {
        if (hosts > 1 || (hosts == 0 && version == HttpVersion.HTTP_1_1)) {
            return BAD_REQUEST;
        }
        if (codings > 0) {
            final int result = checkCodings();
            if (result != COMPLETE) {
                return result;
            }
        }
        if (hosts == 1) {
            if (validHost.isEmpty() || !headers.hasValue(hostField, validHost)) {
                final String value = headers.value(hostField);
                if (!Authority.isValid(value)) {
                    return BAD_REQUEST;
                }
                validHost = value;
            }
            host = validHost;
        }
        if (!checkTarget()) {
            return BAD_REQUEST;
        }
        return contentLength > limits.bodyBytes() ? 413 : COMPLETE;
    }

    /** RFC 9112, 6.1 and 6.3: whoever says both lengths, or a coding behind the chunks, tries to be read in two ways. */
    private int checkCodings() {
        if (codings > 1 || lengths > 0 || version == HttpVersion.HTTP_1_0) {
            return BAD_REQUEST;
        }
        final String value = headers.value(codingField);
        if (Chars.equalIgnoringCase(value, "chunked")) {
            chunked = true;
            contentLength = -1;
            return COMPLETE;
        }
        if (value.isEmpty() || value.startsWith(",") || value.endsWith(",")) {
            return BAD_REQUEST;
        }
        final String[] elements = value.split(",", -1);
        for (int i = 0; i < elements.length; i++) {
            final String element = elements[i].strip();
            if (element.isEmpty()
                    || !Chars.areAll(element, Chars.TOKEN)
                    || (i < elements.length - 1 && Chars.equalIgnoringCase(element, "chunked"))) {
                return BAD_REQUEST;
            }
        }
        // Well said, but nothing that this server can undo.
        return 501;
    }

    private boolean checkTarget() {
        if (bytes[targetStart] == '/') {
            form = TargetForm.ORIGIN;
            return !method.equals("CONNECT");
        }
        if (method.equals("CONNECT")) {
            form = TargetForm.AUTHORITY;
            final String authority = target();
            final int colon = authority.lastIndexOf(':');
            return colon > 0
                    && colon < authority.length() - 1
                    && Authority.isValid(authority)
                    && (host.isEmpty() || Authority.areSame(host, authority, ""));
        }
        if (targetEnd - targetStart == 1 && bytes[targetStart] == '*') {
            form = TargetForm.ASTERISK;
            return method.equals("OPTIONS");
        }
        form = TargetForm.ABSOLUTE;
        final String uri = target();
        final String authority = Authority.ofUri(uri);
        if (authority.isEmpty() || !Authority.isValid(authority)) {
            return false;
        }
        // RFC 9112, 3.2.2 has the target win; but who sends two hosts hopes that somebody else takes the other one.
        if (hosts == 1 && !Authority.areSame(host, authority, Authority.defaultPort(uri))) {
            return false;
        }
        host = authority;
        return true;
    }

    // ---- the result

    String method() {
        return method;
    }

    String target() {
        if (!Chars.isText(target, bytes, targetStart, targetEnd)) {
            target = new String(bytes, targetStart, targetEnd - targetStart, StandardCharsets.ISO_8859_1);
        }
        return target;
    }

    TargetForm form() {
        return form;
    }

    HttpVersion version() {
        return version;
    }

    Headers headers() {
        return headers;
    }

    String host() {
        return host;
    }

    /** -1 if it is chunked, 0 without a body. */
    long contentLength() {
        return contentLength;
    }

    boolean isChunked() {
        return chunked;
    }

    boolean hasBody() {
        return contentLength != 0;
    }

    boolean expectsContinue() {
        return expectsContinue;
    }

    boolean hasUpgrade() {
        return upgrade;
    }

    /** Whether the client wants to go on with the connection. */
    boolean keepsAlive() {
        return !close && (version == HttpVersion.HTTP_1_1 || keepAlive);
    }

    @Override
    public String toString() {
        return Quoted.of(new String(Arrays.copyOfRange(bytes, start, end), StandardCharsets.ISO_8859_1));
    }
}
