// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.session.Codec;
import io.hawser.session.CodecContext;
import io.hawser.session.Decoded;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The server's side of RESP 2: commands as arrays of bulk strings, or as plain lines, come; answers go.
 *
 * <p>It keeps what it has read of a command, so that one which comes in small pieces is not read from its start again and again; and it checks every number
 * before it does anything for it. See <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/">the protocol</a>.
 */
final class RespCodec implements Codec<Resp> {
    private static final int MOST_WORDS = 1024;
    private static final int LONGEST_NUMBER_LINE = 32;
    private static final int LONGEST_LINE = 64 * 1024;
    private static final byte[] CRLF = {'\r', '\n'};
    private static final int NONE = -1;

    private final int maxBytes;
    private List<byte[]> words = new ArrayList<>();
    /** How many words are still to come; {@link #NONE} between two commands. */
    private int wordsLeft = NONE;
    /** How long the word is that comes next; {@link #NONE} before its length has come. */
    private int wordBytes = NONE;

    private long commandBytes;

    RespCodec() {
        this(0);
    }

    private RespCodec(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public Codec<Resp> forSession(CodecContext context) {
        return new RespCodec(context.maxMessageBytes());
    }

    // ---- commands

    @Override
    public Decoded<Resp> decode(Reader in) {
        if (wordsLeft == NONE) {
            if (in.getByte(0) != '*') {
                return inline(in);
            }
            final long count = number(in, '*', MOST_WORDS);
            if (count < 0) {
                return missing(count, "multibulk length");
            }
            wordsLeft = (int) count;
        }
        while (wordsLeft > 0) {
            if (wordBytes == NONE) {
                if (in.readableBytes() == 0) {
                    return Decoded.needMore();
                }
                final long length = number(in, '$', maxBytes - commandBytes);
                if (length < 0) {
                    return missing(length, "bulk length");
                }
                wordBytes = (int) length;
            }
            if (in.readableBytes() < wordBytes + CRLF.length) {
                return Decoded.need(wordBytes + CRLF.length);
            }
            words.add(in.readBytes(wordBytes));
            if (in.readByte() != '\r' || in.readByte() != '\n') {
                return Decoded.malformed("a bulk string that does not end where it said");
            }
            commandBytes += wordBytes;
            wordBytes = NONE;
            wordsLeft--;
        }
        return complete();
    }

    private Decoded<Resp> complete() {
        final Resp command = new Resp.Command(words);
        words = new ArrayList<>();
        wordsLeft = NONE;
        commandBytes = 0;
        return Decoded.message(command);
    }

    private static final long INCOMPLETE = -1;
    private static final long WRONG = -2;

    private static Decoded<Resp> missing(long why, String what) {
        return why == INCOMPLETE ? Decoded.needMore() : Decoded.malformed("Protocol error: invalid " + what);
    }

    /** The number of a line that begins with {@code type}, consumed; or {@link #INCOMPLETE}, or {@link #WRONG}. */
    private static long number(Reader in, char type, long most) {
        final long searched = Math.min(in.readableBytes(), LONGEST_NUMBER_LINE);
        final long end = in.indexOf((byte) '\n', 0, searched);
        if (end < 0) {
            return searched == LONGEST_NUMBER_LINE || in.getByte(0) != type ? WRONG : INCOMPLETE;
        }
        if (in.getByte(0) != type || end < 3 || in.getByte(end - 1) != '\r') {
            return WRONG;
        }
        long value = 0;
        for (long i = 1; i < end - 1; i++) {
            final int digit = in.getByte(i) - '0';
            value = value * 10 + digit;
            if (digit < 0 || digit > 9 || value > most) {
                return WRONG;
            }
        }
        in.skip(end + 1);
        return value;
    }

    /** A command as people type it: words between blanks. */
    private Decoded<Resp> inline(Reader in) {
        final long searched = Math.min(in.readableBytes(), LONGEST_LINE);
        final long end = in.indexOf((byte) '\n', 0, searched);
        if (end < 0) {
            return searched == LONGEST_LINE
                    ? Decoded.malformed("Protocol error: too big inline request")
                    : Decoded.needMore();
        }
        final String line =
                in.readString((int) end + 1, StandardCharsets.ISO_8859_1).strip();
        Arrays.stream(line.split("\\s+"))
                .filter(word -> !word.isEmpty())
                .limit(MOST_WORDS)
                .forEach(word -> words.add(word.getBytes(StandardCharsets.ISO_8859_1)));
        return complete();
    }

    // ---- answers

    @Override
    public void encode(Resp message, Writer out) {
        switch (message) {
            case Resp.Simple(String text) -> line(out, '+', text);
            case Resp.Failure(String text) -> line(out, '-', text);
            case Resp.Whole(long value) -> line(out, ':', Long.toString(value));
            case Resp.Bulk bulk -> {
                line(out, '$', Integer.toString(bulk.bytes().length));
                out.writeBytes(bulk.bytes()).writeBytes(CRLF);
            }
            case Resp.Missing _ -> line(out, '$', "-1");
            case Resp.Many(List<Resp> items) -> {
                line(out, '*', Integer.toString(items.size()));
                items.forEach(item -> encode(item, out));
            }
            case Resp.Command(List<byte[]> command) -> {
                line(out, '*', Integer.toString(command.size()));
                command.forEach(word -> encode(new Resp.Bulk(word), out));
            }
        }
    }

    private static void line(Writer out, char type, String text) {
        if (text.indexOf('\r') >= 0 || text.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("A line with a line end in it");
        }
        out.writeByte(type);
        out.writeString(text);
        out.writeBytes(CRLF);
    }
}
