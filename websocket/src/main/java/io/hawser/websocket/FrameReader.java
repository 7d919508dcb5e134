// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.session.CodecContext;
import io.hawser.session.Decoded;
import java.lang.foreign.MemorySegment;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;

/**
 * The frames that come, RFC 6455, 5, and the messages that they make.
 *
 * <p>A frame is taken in as it comes: what is there of it is unmasked where it lies, checked, and moved to the message. So a message may be longer than
 * what a connection may leave unread, and what is wrong is found at its first byte.
 *
 * <p><b>Thread:</b> the loop's.
 */
final class FrameReader {
    /** Takes the control frames, which come between those of a message. */
    interface ControlFrames {
        /** What is wrong with it, or null. */
        @Nullable
        Decoded<WebSocketMessage> onControl(int opcode, byte[] payload);
    }

    /** Messages up to here are copied to the heap, which costs less than to keep their block. */
    private static final int SMALL_BYTES = 1024;

    private static final byte[] NOTHING = {};

    private final boolean isServer;
    private final WebSocketOptions options;
    private final ControlFrames controlFrames;
    private final @Nullable MessageInflater inflater;
    private final int maxMessageBytes;
    private final int mostPayload;
    private final Buffer body;
    private final Utf8Check utf8 = new Utf8Check();

    // The frame that is coming.
    private boolean inFrame;
    private int opcode;
    private boolean isFinal;
    private int key;
    private long left;

    // The message that is coming; its kind is 0 if there is none.
    private int kind;
    private boolean isCompressed;
    private long messageBytes;
    /** The end of a small message, which lies in what was received. */
    private int inPlace;

    private int frames;
    /** A part has been handed on. */
    private boolean partGiven;

    // The end.
    private int failCode;
    /** Messages are nobody's any more. */
    private boolean discarding;
    /** Nothing that still comes counts. */
    private boolean over;

    FrameReader(
            Agreement agreement,
            WebSocketOptions options,
            CodecContext context,
            ZlibPool pool,
            ControlFrames controlFrames) {
        this.isServer = agreement.isServer();
        this.options = options;
        this.controlFrames = controlFrames;
        this.maxMessageBytes = context.maxMessageBytes();
        this.mostPayload = Math.max(1, maxMessageBytes - FrameHeader.MOST_FRAMING);
        this.body = new Buffer(context.blocks());
        final Deflation deflation = agreement.deflation();
        this.inflater =
                deflation == null ? null : new MessageInflater(context.blocks(), pool, deflation.receiveTakeover());
    }

    Decoded<WebSocketMessage> decode(Buffer in) {
        try {
            return decodeFrames(in);
        } catch (DataFormatException e) {
            return failed(CloseCodes.INVALID_DATA, "not compressed, though it says so: " + e.getMessage());
        }
    }

    /** Messages that still come are not handed on, nor what has come of one. */
    void discard() {
        discarding = true;
        body.skip(body.readableBytes());
        body.trim();
    }

    /** The peer has said its last word. */
    void end() {
        over = true;
    }

    /** Whether a frame or a message has begun and not ended. */
    boolean isInMessage() {
        return inFrame || kind != 0;
    }

    /** With what code the connection is failed, or 0. */
    int failCode() {
        return failCode;
    }

    void close() {
        discarding = true;
        body.close();
        if (inflater != null) {
            inflater.close();
        }
    }

    // ---- frames

    private Decoded<WebSocketMessage> decodeFrames(Buffer in) throws DataFormatException {
        while (true) {
            if (over || failCode != 0) {
                in.skip(in.readableBytes());
                return Decoded.needMore();
            }
            if (!inFrame) {
                final Decoded<WebSocketMessage> failure = beginFrame(in);
                if (failure != null) {
                    return failure;
                }
                if (!inFrame) {
                    return Decoded.needMore();
                }
            }
            if (opcode >= FrameHeader.CLOSE) {
                if (in.readableBytes() < left) {
                    return Decoded.needMore();
                }
                final Decoded<WebSocketMessage> failure = control(in);
                if (failure != null) {
                    return failure;
                }
                continue;
            }
            final Decoded<WebSocketMessage> result = data(in);
            if (result != null) {
                return result;
            }
        }
    }

    /** Reads a header, if it is there; what is wrong with it, or null. */
    private @Nullable Decoded<WebSocketMessage> beginFrame(Buffer in) {
        final long there = in.readableBytes();
        if (there < 2) {
            return null;
        }
        final int b0 = in.getUnsignedByte(0);
        final int b1 = in.getUnsignedByte(1);
        final Decoded<WebSocketMessage> failure = checkFirstBytes(b0, b1);
        if (failure != null) {
            return failure;
        }
        final int length = b1 & 0x7f;
        final int lengthBytes = length == 127 ? Long.BYTES : length == 126 ? Short.BYTES : 0;
        final int headerBytes = 2 + lengthBytes + ((b1 & FrameHeader.MASKED) == 0 ? 0 : Integer.BYTES);
        if (there < 2 + lengthBytes) {
            return null;
        }
        final long bytes = lengthBytes == 0 ? length : lengthBytes == 2 ? in.getUnsignedShort(2) : in.getLong(2);
        if (lengthBytes > 0 && (bytes < 0 || bytes < (lengthBytes == 2 ? 126 : FrameHeader.MOST_SHORT_BYTES + 1))) {
            return violated("a length of " + bytes + " in " + lengthBytes + " bytes");
        }
        final Decoded<WebSocketMessage> excess = checkLength(b0 & 0xf, (b0 & FrameHeader.RSV1) != 0, bytes);
        if (excess != null) {
            return excess;
        }
        if (there < headerBytes) {
            return null;
        }
        key = (b1 & FrameHeader.MASKED) == 0 ? 0 : Integer.reverseBytes(in.getInt(2L + lengthBytes));
        in.skip(headerBytes);
        inFrame = true;
        opcode = b0 & 0xf;
        isFinal = (b0 & FrameHeader.FIN) != 0;
        left = bytes;
        if (opcode < FrameHeader.CLOSE) {
            beginData((b0 & FrameHeader.RSV1) != 0);
        }
        return null;
    }

    private @Nullable Decoded<WebSocketMessage> checkFirstBytes(int b0, int b1) {
        final int op = b0 & 0xf;
        if (((b1 & FrameHeader.MASKED) != 0) != isServer) {
            return violated(isServer ? "a frame of a client is not masked" : "a frame of a server is masked");
        }
        if ((b0 & FrameHeader.RSV) != 0
                && ((b0 & FrameHeader.RSV) != FrameHeader.RSV1
                        || inflater == null
                        || (op != FrameHeader.TEXT && op != FrameHeader.BINARY))) {
            return violated("reserved bits are set");
        }
        switch (op) {
            case FrameHeader.CONTINUATION -> {
                if (kind == 0) {
                    return violated("a continuation of no message");
                }
            }
            case FrameHeader.TEXT, FrameHeader.BINARY -> {
                if (kind != 0) {
                    return violated("a message within a message");
                }
            }
            case FrameHeader.CLOSE, FrameHeader.PING, FrameHeader.PONG -> {
                if ((b0 & FrameHeader.FIN) == 0 || (b1 & 0x7f) > FrameHeader.MOST_CONTROL_BYTES) {
                    return violated("a control frame that is long or in fragments");
                }
            }
            default -> {
                return violated("a frame of the unknown kind " + op);
            }
        }
        return null;
    }

    private @Nullable Decoded<WebSocketMessage> checkLength(int op, boolean compressed, long bytes) {
        if (op >= FrameHeader.CLOSE || discarding) {
            return null;
        }
        final boolean inflates = op == FrameHeader.CONTINUATION ? isCompressed : compressed;
        // What does not let itself be compressed is a little longer than it is plain.
        final long most = inflates ? mostPayload + (mostPayload >>> 8) + 64L : mostPayload;
        if (bytes > options.limits().frameBytes() || messageBytes + bytes > most) {
            return tooLong(messageBytes + bytes);
        }
        if (frames >= options.limits().fragments()) {
            return failed(CloseCodes.POLICY, "a message in more than " + frames + " frames");
        }
        return null;
    }

    private void beginData(boolean compressed) {
        frames++;
        if (opcode != FrameHeader.CONTINUATION) {
            kind = opcode;
            isCompressed = compressed;
            partGiven = false;
            utf8.reset();
        }
    }

    /** Takes what is there of a frame of data; null if the frame has ended, and the message has not. */
    private @Nullable Decoded<WebSocketMessage> data(Buffer in) throws DataFormatException {
        final int there = (int) Math.min(left, in.readableBytes());
        if (there > 0) {
            final Decoded<WebSocketMessage> failure = take(in, there);
            if (failure != null) {
                return failure;
            }
        }
        if (left > 0) {
            return options.fragments() && !discarding ? part() : Decoded.needMore();
        }
        inFrame = false;
        if (isFinal) {
            return finish(in);
        }
        final boolean gives = options.fragments() && !discarding;
        return gives && part() instanceof Decoded.Message<WebSocketMessage> part ? part : null;
    }

    private @Nullable Decoded<WebSocketMessage> take(Buffer in, int n) throws DataFormatException {
        if (discarding) {
            // Nobody gets it any more.
            in.skip(n);
            left -= n;
            return null;
        }
        final MessageInflater inflating = isCompressed ? inflater : null;
        final Utf8Check text = kind == FrameHeader.TEXT ? utf8 : null;
        int todo = n;
        for (Block block = in.head(); block != null && todo > 0; block = block.next()) {
            final int bytes = Math.min(todo, block.readableBytes());
            final int from = block.start();
            if (key != 0) {
                Memory.mask(block.memory(), from, from + bytes, key);
                key = Memory.rotate(key, bytes);
            }
            if (inflating != null) {
                final var outcome = inflating.inflate(block.byteBuffer(from, from + bytes), body, mostPayload, text);
                if (outcome != MessageInflater.Outcome.DONE) {
                    return failed(outcome);
                }
            } else if (text != null && !text.accept(block.memory(), from, from + bytes)) {
                return invalidText();
            }
            todo -= bytes;
        }
        left -= n;
        messageBytes += n;
        if (inflating != null) {
            in.skip(n);
        } else if (left == 0 && isFinal && body.readableBytes() == 0 && n <= SMALL_BYTES) {
            inPlace = n;
        } else {
            body.append(in, n);
        }
        return null;
    }

    private @Nullable Decoded<WebSocketMessage> finish(Buffer in) throws DataFormatException {
        final boolean wasClosing = discarding;
        if (isCompressed && inflater != null && !wasClosing) {
            final var outcome = inflater.finish(body, mostPayload, kind == FrameHeader.TEXT ? utf8 : null);
            if (outcome != MessageInflater.Outcome.DONE) {
                return failed(outcome);
            }
        }
        if (kind == FrameHeader.TEXT && !wasClosing && !utf8.isComplete()) {
            return invalidText();
        }
        final WebSocketMessage message;
        if (wasClosing) {
            message = WebSocketMessage.binary(NOTHING);
        } else if (!isCompressed && body.readableBytes() == 0) {
            // Small, and all of it there: it has been left where it lies.
            message = message(inPlace == 0 ? NOTHING : in.readBytes(inPlace), null, !partGiven, true);
            inPlace = 0;
        } else if (body.readableBytes() <= SMALL_BYTES) {
            message = message(body.readBytes((int) body.readableBytes()), null, !partGiven, true);
            body.trim();
        } else {
            message = message(null, (Buffer) body.slice(body.readableBytes()), !partGiven, true);
        }
        kind = 0;
        frames = 0;
        messageBytes = 0;
        return wasClosing ? null : Decoded.message(message);
    }

    /** What there is of a message that goes on. */
    private Decoded<WebSocketMessage> part() {
        if (isCompressed && inflater != null) {
            inflater.link(body);
        }
        final long bytes = body.readableBytes() - (kind == FrameHeader.TEXT ? utf8.begunBytes() : 0);
        if (bytes <= 0) {
            return Decoded.needMore();
        }
        final WebSocketMessage message = message(null, (Buffer) body.slice(bytes), !partGiven, false);
        partGiven = true;
        return Decoded.message(message);
    }

    private WebSocketMessage message(byte @Nullable [] bytes, @Nullable Buffer slice, boolean first, boolean last) {
        return kind == FrameHeader.TEXT
                ? new WebSocketMessage.Text(null, bytes, slice, first, last)
                : new WebSocketMessage.Binary(bytes, slice, first, last);
    }

    private @Nullable Decoded<WebSocketMessage> control(Buffer in) {
        inFrame = false;
        final byte[] payload = in.readBytes((int) left);
        if (key != 0) {
            Memory.mask(MemorySegment.ofArray(payload), 0, payload.length, key);
        }
        return controlFrames.onControl(opcode, payload);
    }

    // ---- what is wrong

    Decoded<WebSocketMessage> violated(String what) {
        return failed(CloseCodes.PROTOCOL_ERROR, what);
    }

    private Decoded<WebSocketMessage> invalidText() {
        return failed(CloseCodes.INVALID_DATA, "text that is not UTF-8");
    }

    private Decoded<WebSocketMessage> failed(MessageInflater.Outcome outcome) {
        return outcome == MessageInflater.Outcome.TOO_LONG ? tooLong(maxMessageBytes + 1L) : invalidText();
    }

    Decoded<WebSocketMessage> failed(int code, String what) {
        failCode = code;
        return Decoded.malformed(what);
    }

    private Decoded<WebSocketMessage> tooLong(long bytes) {
        failCode = CloseCodes.TOO_LONG;
        return Decoded.need(Math.max(bytes, maxMessageBytes + 1L));
    }
}
