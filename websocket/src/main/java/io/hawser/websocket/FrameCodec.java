// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionClosedException;
import io.hawser.session.Codec;
import io.hawser.session.CodecContext;
import io.hawser.session.Decoded;
import io.hawser.session.MessageTooLongException;
import io.hawser.session.Session;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one session, RFC 6455, 5, from the end of the handshake to that of the goodbye.
 *
 * <p>A frame is taken in as it comes: what is there of it is unmasked where it lies, checked, and moved to the message. So a message may be longer than
 * what a connection may leave unread, and what is wrong is found at its first byte.
 *
 * <p><b>Thread:</b> the loop's, but for {@link #encode}, which is called under this object's monitor where {@link #isOrdered}.
 */
final class FrameCodec implements Codec<WebSocketMessage> {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    static final int FIN = 0x80;
    private static final int RSV1 = 0x40;
    private static final int RSV = 0x70;
    private static final int MASKED = 0x80;
    /** What frames a message at most. */
    private static final int MOST_FRAMING = 14;

    private static final int MOST_CONTROL_BYTES = 125;
    private static final int MOST_SHORT_BYTES = 0xffff;
    /** Messages up to here are copied to the heap, which costs less than to keep their block. */
    private static final int SMALL_BYTES = 1024;
    /** While more than this is pending, only the last ping is answered. */
    private static final long CONGESTED_BYTES = 64 * 1024;

    private static final int MASK_CHUNK_BYTES = 16 * 1024;
    private static final long SECOND_NS = 1_000_000_000;
    private static final byte[] NOTHING = {};

    private final Agreement agreement;
    private final WebSocketOptions options;
    private final CodecContext context;
    private final boolean isServer;
    private final ZlibPool pool;
    private final @Nullable MessageInflater inflater;
    private final @Nullable MessageDeflater deflater;
    private final int mostPayload;
    private final Buffer body;
    private final Utf8Check utf8 = new Utf8Check();
    private @Nullable Connection connection;
    private @Nullable WebSocketSession view;

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

    // Control frames.
    private long secondNs;
    private int controlFrames;
    private boolean pongPending;
    private byte @Nullable [] lastPing;

    // The end.
    private int failCode;
    private boolean closeSent;
    private boolean peerClosed;
    private boolean closed;

    /** Parts of a message are being sent; under the monitor. */
    private boolean partOpen;

    FrameCodec(Agreement agreement, WebSocketOptions options, CodecContext context, ZlibPool pool) {
        this.agreement = agreement;
        this.options = options;
        this.context = context;
        this.pool = pool;
        this.isServer = agreement.isServer();
        this.mostPayload = Math.max(1, context.maxMessageBytes() - MOST_FRAMING);
        this.body = new Buffer(context.blocks());
        final Deflation deflation = agreement.deflation();
        if (deflation == null) {
            inflater = null;
            deflater = null;
        } else {
            inflater = new MessageInflater(context.blocks(), pool, deflation.receiveTakeover());
            deflater = new MessageDeflater(deflation, context.blocks(), pool);
        }
        pool.sessionBegins();
    }

    @Override
    public void opens(Session<WebSocketMessage> session) {
        connection = session.connection().orElseThrow();
        final WebSocketSession made = new WebSocketSession(session, agreement, this);
        view = made;
        session.set(WebSocketSession.KEY, made);
    }

    private Connection connection() {
        final Connection known = connection;
        if (known == null) {
            throw new IllegalStateException("The session is not open yet");
        }
        return known;
    }

    // ---- decoding

    @Override
    public Decoded<WebSocketMessage> decode(Reader reader) {
        try {
            return decodeFrames((Buffer) reader);
        } catch (DataFormatException e) {
            return failed(CloseCodes.INVALID_DATA, "not compressed, though it says so: " + e.getMessage());
        }
    }

    private Decoded<WebSocketMessage> decodeFrames(Buffer in) throws DataFormatException {
        while (true) {
            if (peerClosed || failCode != 0) {
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
            if (opcode >= CLOSE) {
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
        final int headerBytes = 2 + lengthBytes + ((b1 & MASKED) == 0 ? 0 : Integer.BYTES);
        if (there < 2 + lengthBytes) {
            return null;
        }
        final long bytes = lengthBytes == 0 ? length : lengthBytes == 2 ? in.getUnsignedShort(2) : in.getLong(2);
        if (lengthBytes > 0 && (bytes < 0 || bytes < (lengthBytes == 2 ? 126 : MOST_SHORT_BYTES + 1))) {
            return violated("a length of " + bytes + " in " + lengthBytes + " bytes");
        }
        final Decoded<WebSocketMessage> excess = checkLength(b0 & 0xf, (b0 & RSV1) != 0, bytes);
        if (excess != null) {
            return excess;
        }
        if (there < headerBytes) {
            return null;
        }
        key = (b1 & MASKED) == 0 ? 0 : Integer.reverseBytes(in.getInt(2L + lengthBytes));
        in.skip(headerBytes);
        inFrame = true;
        opcode = b0 & 0xf;
        isFinal = (b0 & FIN) != 0;
        left = bytes;
        if (opcode < CLOSE) {
            beginData((b0 & RSV1) != 0);
        }
        return null;
    }

    private @Nullable Decoded<WebSocketMessage> checkFirstBytes(int b0, int b1) {
        final int op = b0 & 0xf;
        if (((b1 & MASKED) != 0) != isServer) {
            return violated(isServer ? "a frame of a client is not masked" : "a frame of a server is masked");
        }
        if ((b0 & RSV) != 0 && ((b0 & RSV) != RSV1 || inflater == null || (op != TEXT && op != BINARY))) {
            return violated("reserved bits are set");
        }
        switch (op) {
            case CONTINUATION -> {
                if (kind == 0) {
                    return violated("a continuation of no message");
                }
            }
            case TEXT, BINARY -> {
                if (kind != 0) {
                    return violated("a message within a message");
                }
            }
            case CLOSE, PING, PONG -> {
                if ((b0 & FIN) == 0 || (b1 & 0x7f) > MOST_CONTROL_BYTES) {
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
        if (op >= CLOSE || closeSent) {
            return null;
        }
        final boolean inflates = op == CONTINUATION ? isCompressed : compressed;
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
        if (opcode != CONTINUATION) {
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
            return options.fragments() && !closeSent ? part() : Decoded.needMore();
        }
        inFrame = false;
        if (isFinal) {
            return finish(in);
        }
        final boolean gives = options.fragments() && !closeSent;
        return gives && part() instanceof Decoded.Message<WebSocketMessage> part ? part : null;
    }

    private @Nullable Decoded<WebSocketMessage> take(Buffer in, int n) throws DataFormatException {
        if (closeSent) {
            // Nobody gets it any more.
            in.skip(n);
            left -= n;
            return null;
        }
        final MessageInflater inflating = isCompressed ? inflater : null;
        final Utf8Check text = kind == TEXT ? utf8 : null;
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
        final boolean wasClosing = closeSent;
        if (isCompressed && inflater != null && !wasClosing) {
            final var outcome = inflater.finish(body, mostPayload, kind == TEXT ? utf8 : null);
            if (outcome != MessageInflater.Outcome.DONE) {
                return failed(outcome);
            }
        }
        if (kind == TEXT && !wasClosing && !utf8.isComplete()) {
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
        final long bytes = body.readableBytes() - (kind == TEXT ? utf8.begunBytes() : 0);
        if (bytes <= 0) {
            return Decoded.needMore();
        }
        final WebSocketMessage message = message(null, (Buffer) body.slice(bytes), !partGiven, false);
        partGiven = true;
        return Decoded.message(message);
    }

    private WebSocketMessage message(byte @Nullable [] bytes, @Nullable Buffer slice, boolean first, boolean last) {
        return kind == TEXT
                ? new WebSocketMessage.Text(null, bytes, slice, first, last)
                : new WebSocketMessage.Binary(bytes, slice, first, last);
    }

    // ---- what is wrong

    private Decoded<WebSocketMessage> violated(String what) {
        return failed(CloseCodes.PROTOCOL_ERROR, what);
    }

    private Decoded<WebSocketMessage> invalidText() {
        return failed(CloseCodes.INVALID_DATA, "text that is not UTF-8");
    }

    private Decoded<WebSocketMessage> failed(MessageInflater.Outcome outcome) {
        return outcome == MessageInflater.Outcome.TOO_LONG ? tooLong(context.maxMessageBytes() + 1L) : invalidText();
    }

    private Decoded<WebSocketMessage> failed(int code, String what) {
        failCode = code;
        return Decoded.malformed(what);
    }

    private Decoded<WebSocketMessage> tooLong(long bytes) {
        failCode = CloseCodes.TOO_LONG;
        return Decoded.need(Math.max(bytes, context.maxMessageBytes() + 1L));
    }

    // ---- control frames

    private @Nullable Decoded<WebSocketMessage> control(Buffer in) {
        inFrame = false;
        final byte[] payload = in.readBytes((int) left);
        if (key != 0) {
            Memory.mask(MemorySegment.ofArray(payload), 0, payload.length, key);
        }
        if (opcode == CLOSE) {
            return close(payload);
        }
        if (isFlooded()) {
            return failed(CloseCodes.POLICY, "more control frames in a second than are allowed");
        }
        if (opcode == PING && !closeSent) {
            pong(payload);
        }
        return null;
    }

    private boolean isFlooded() {
        final long nowNs = connection().loop().nowNs();
        if (controlFrames == 0 || nowNs - secondNs >= SECOND_NS) {
            secondNs = nowNs;
            controlFrames = 0;
        }
        return ++controlFrames > options.limits().controlFramesPerSecond();
    }

    private void pong(byte[] payload) {
        if (pongPending) {
            // RFC 6455, 5.5.3: the last one will do.
            lastPing = payload;
            return;
        }
        final Connection to = connection();
        try {
            if (to.pendingBytes() <= CONGESTED_BYTES) {
                writeControl(PONG, payload, to.writer());
            } else {
                pongPending = true;
                final var unused = to.send(controlFrame(PONG, payload)).whenComplete((_, error) -> {
                    pongPending = false;
                    final byte[] last = lastPing;
                    lastPing = null;
                    if (last != null && error == null && !closeSent) {
                        pong(last);
                    }
                });
            }
        } catch (BufferFullException | PoolExhaustedException | ConnectionClosedException _) {
            // A peer that does not read its answers does not need them either.
            pongPending = false;
        }
    }

    private @Nullable Decoded<WebSocketMessage> close(byte[] payload) {
        if (payload.length == 1) {
            return violated("a close code of one byte");
        }
        int code = CloseCodes.NONE;
        String reason = "";
        if (payload.length >= 2) {
            code = ((payload[0] & 0xff) << 8) | (payload[1] & 0xff);
            if (!CloseCodes.isSendable(code)) {
                return violated("the close code " + code);
            }
            final Utf8Check check = new Utf8Check();
            if (!check.accept(MemorySegment.ofArray(payload), 2, payload.length) || !check.isComplete()) {
                return failed(CloseCodes.INVALID_DATA, "the reason of a close is not UTF-8");
            }
            reason = new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
        }
        peerClosed = true;
        final WebSocketSession told = view;
        if (told != null) {
            told.peerClosed(code, reason);
        }
        return null;
    }

    private byte[] controlFrame(int op, byte[] payload) {
        final byte[] frame = new byte[2 + (isServer ? 0 : Integer.BYTES) + payload.length];
        frame[0] = (byte) (FIN | op);
        frame[1] = (byte) (payload.length | (isServer ? 0 : MASKED));
        final int start = frame.length - payload.length;
        System.arraycopy(payload, 0, frame, start, payload.length);
        if (!isServer) {
            final int mask = MaskKeys.next();
            for (int i = 0; i < Integer.BYTES; i++) {
                frame[2 + i] = (byte) (mask >>> (i * Byte.SIZE));
            }
            Memory.mask(MemorySegment.ofArray(frame), start, frame.length, mask);
        }
        return frame;
    }

    private void writeControl(int op, byte[] payload, Writer out) {
        if (isServer) {
            out.writeShort(((FIN | op) << 8) | payload.length);
            out.writeBytes(payload);
        } else {
            out.writeBytes(controlFrame(op, payload));
        }
    }

    /** Sends a ping behind all that was sent; any thread. */
    void ping(byte[] payload) {
        if (payload.length > MOST_CONTROL_BYTES) {
            throw new IllegalArgumentException("A ping has 125 bytes at most: " + payload.length);
        }
        final var unused = connection().send(controlFrame(PING, payload));
    }

    // ---- the end

    @Override
    public Duration closes(CloseCause cause) {
        final Connection to = connection();
        final boolean mayAnswer = cause.kind() != CloseCause.Kind.RESET && cause.kind() != CloseCause.Kind.TIMED_OUT;
        if (closeSent || !mayAnswer || (cause.kind() == CloseCause.Kind.PEER_CLOSED && !peerClosed)) {
            return Duration.ZERO;
        }
        final byte[] payload = farewell(cause);
        closeSent = true;
        lastPing = null;
        discardBegun();
        final var sent = to.send(controlFrame(CLOSE, payload));
        final boolean refused = sent.isCompletedExceptionally();
        final boolean waits =
                cause.kind() == CloseCause.Kind.LOCAL || (cause.kind() == CloseCause.Kind.PEER_CLOSED && !isServer);
        return waits && !refused ? options.closeTimeout() : Duration.ZERO;
    }

    /** What came of a message that will not be handed on. */
    private void discardBegun() {
        body.skip(body.readableBytes());
        body.trim();
    }

    private byte[] farewell(CloseCause cause) {
        final WebSocketSession own = view;
        return switch (cause.kind()) {
            case PEER_CLOSED -> own == null ? NOTHING : own.answer();
            case SHUTDOWN -> payload(CloseCodes.GOING_AWAY, "");
            case LOCAL -> own == null ? payload(CloseCodes.NORMAL, "") : own.farewell();
            case LIMIT ->
                payload(
                        failCode != 0
                                ? failCode
                                : cause.error()
                                                .filter(MessageTooLongException.class::isInstance)
                                                .isPresent()
                                        ? CloseCodes.TOO_LONG
                                        : CloseCodes.POLICY,
                        "");
            default -> payload(failCode == 0 ? CloseCodes.INTERNAL_ERROR : failCode, "");
        };
    }

    static byte[] payload(int code, String reason) {
        final byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        if (text.length > MOST_CONTROL_BYTES - 2) {
            throw new IllegalArgumentException("A reason has 123 bytes at most: " + text.length);
        }
        final byte[] payload = new byte[2 + text.length];
        payload[0] = (byte) (code >> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, text.length);
        return payload;
    }

    @Override
    public boolean hasEnded() {
        // A client lets the server close first (RFC 6455, 7.1.1), unless that takes too long.
        return peerClosed && (isServer || !closeSent);
    }

    @Override
    public boolean hasBuffered() {
        return inFrame || kind != 0;
    }

    // ---- encoding

    @Override
    public boolean isOrdered() {
        final Deflation deflation = agreement.deflation();
        return options.fragments() || (deflation != null && deflation.sendTakeover());
    }

    @Override
    public boolean isSelfLimiting() {
        return true;
    }

    @Override
    public void encode(WebSocketMessage message, Writer writer) throws MessageTooLongException {
        final Buffer out = (Buffer) writer;
        checkPart(message);
        final Buffer memory = message.memory();
        final byte[] bytes = memory == null ? message.bytes() : null;
        final long size = message.size();
        final int first = (message.isLast() ? FIN : 0) | opcode(message);
        final MessageDeflater packer = deflater;
        if (packer != null && message.isFirst() && message.isLast() && packer.isWorthIt(size, mostBytes())) {
            encodePacked(bytes, memory, first | RSV1, out, packer);
        } else {
            encodePlain(bytes, memory, first, size, out);
        }
        message.sent();
        partOpen = !message.isLast();
    }

    private long mostBytes() {
        return context.maxMessageBytes() - (long) MOST_FRAMING;
    }

    private static int opcode(WebSocketMessage message) {
        if (!message.isFirst()) {
            return CONTINUATION;
        }
        return message instanceof WebSocketMessage.Text ? TEXT : BINARY;
    }

    private void checkPart(WebSocketMessage message) {
        if (message.isFirst() && message.isLast() && !partOpen) {
            return;
        }
        if (!options.fragments()) {
            throw new IllegalArgumentException("Parts of messages are for endpoints with fragments");
        }
        if (message.isFirst() == partOpen) {
            throw new IllegalStateException(
                    partOpen
                            ? "A message is being sent in parts, and has not ended"
                            : "No message is being sent in parts");
        }
    }

    private void encodePacked(
            byte @Nullable [] bytes, @Nullable Buffer memory, int first, Buffer out, MessageDeflater packer) {
        synchronized (packer) {
            if (closed) {
                throw new IllegalStateException("The session is closed");
            }
            try (Buffer packed = new Buffer(context.blocks())) {
                packer.deflate(bytes, memory, packed);
                final int mask = header(first, packed.readableBytes(), out);
                if (!isServer) {
                    mask(packed, mask);
                }
                out.append(packed);
            }
        }
    }

    /** Of a buffer whose memory is nobody else's. */
    private static void mask(Buffer packed, int mask) {
        int key = mask;
        for (Block block = packed.head(); block != null; block = block.next()) {
            Memory.mask(block.memory(), block.start(), block.end(), key);
            key = Memory.rotate(key, block.readableBytes());
        }
    }

    private void encodePlain(byte @Nullable [] bytes, @Nullable Buffer memory, int first, long size, Buffer out) {
        final int mask = header(first, size, out);
        if (!isServer) {
            writeMasked(bytes, memory, mask, out);
        } else if (bytes != null) {
            out.writeBytes(bytes);
        } else if (memory != null) {
            out.append(memory.share(context.blocks()));
        }
    }

    /** Writes a header; returns the key of a client's. */
    private int header(int first, long size, Buffer out) {
        final int masked = isServer ? 0 : MASKED;
        if (size <= MOST_CONTROL_BYTES) {
            out.writeShort((first << 8) | masked | (int) size);
        } else if (size <= MOST_SHORT_BYTES) {
            out.writeInt((first << 24) | ((masked | 126) << 16) | (int) size);
        } else {
            out.writeShort((first << 8) | masked | 127);
            out.writeLong(size);
        }
        if (isServer) {
            return 0;
        }
        final int mask = MaskKeys.next();
        out.writeInt(Integer.reverseBytes(mask));
        return mask;
    }

    private void writeMasked(byte @Nullable [] bytes, @Nullable Buffer memory, int mask, Buffer out) {
        if (bytes != null) {
            int key = mask;
            for (int at = 0; at < bytes.length; at += MASK_CHUNK_BYTES) {
                final int n = Math.min(MASK_CHUNK_BYTES, bytes.length - at);
                key = writeMasked(MemorySegment.ofArray(bytes), at, n, key, out);
            }
        } else if (memory != null) {
            int key = mask;
            long todo = memory.readableBytes();
            for (Block block = memory.head(); block != null && todo > 0; block = block.next()) {
                final int n = (int) Math.min(todo, block.readableBytes());
                key = writeMasked(block.memory(), block.start(), n, key, out);
                todo -= n;
            }
        }
    }

    private static int writeMasked(MemorySegment from, long at, int n, int key, Buffer out) {
        if (n == 0) {
            return key;
        }
        final MemorySegment target = out.reserve(n);
        MemorySegment.copy(from, at, target, 0, n);
        Memory.mask(target, 0, n, key);
        return Memory.rotate(key, n);
    }

    @Override
    public void close() {
        closeSent = true;
        body.close();
        if (inflater != null) {
            inflater.close();
        }
        if (deflater != null) {
            synchronized (deflater) {
                closed = true;
                deflater.close();
            }
        }
        pool.sessionEnds();
    }

    @Override
    public String toString() {
        return "WebSocket"
                + Optional.ofNullable(agreement.deflation())
                        .map(_ -> " with deflate")
                        .orElse("");
    }
}
