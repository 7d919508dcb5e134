// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

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
import org.jspecify.annotations.Nullable;

/**
 * The frames of one session, RFC 6455, 5, from the end of the handshake to that of the goodbye: {@link FrameReader} takes those that come, {@link FrameWriter}
 * makes those that go, and here are pings, their answers, and the goodbye.
 *
 * <p><b>Thread:</b> the loop's, but for {@link #encode}, which is called under this object's monitor where {@link #isOrdered}.
 */
final class FrameCodec implements Codec<WebSocketMessage> {
    /** While more than this is pending, only the last ping is answered. */
    private static final long CONGESTED_BYTES = 64 * 1024;

    private static final long SECOND_NS = 1_000_000_000;
    private static final byte[] NOTHING = {};

    private final Agreement agreement;
    private final WebSocketOptions options;
    private final boolean isServer;
    private final ZlibPool pool;
    private final FrameReader reader;
    private final FrameWriter writer;
    private @Nullable Connection connection;
    private @Nullable WebSocketSession view;

    // Control frames.
    private long secondNs;
    private int controlFrames;
    private boolean pongPending;
    private byte @Nullable [] lastPing;

    // The end.
    private boolean closeSent;
    private boolean peerClosed;

    FrameCodec(Agreement agreement, WebSocketOptions options, CodecContext context, ZlibPool pool) {
        this.agreement = agreement;
        this.options = options;
        this.isServer = agreement.isServer();
        this.pool = pool;
        this.reader = new FrameReader(agreement, options, context, pool, this::onControl);
        this.writer = new FrameWriter(agreement, options, context, pool);
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

    // ---- messages

    @Override
    public Decoded<WebSocketMessage> decode(Reader in) {
        return reader.decode((Buffer) in);
    }

    @Override
    public void encode(WebSocketMessage message, Writer out) throws MessageTooLongException {
        writer.encode(message, (Buffer) out);
    }

    @Override
    public boolean isOrdered() {
        final Deflation deflation = agreement.deflation();
        return options.fragments() || (deflation != null && deflation.sendTakeover());
    }

    @Override
    public boolean isSelfLimiting() {
        return true;
    }

    // ---- control frames

    private @Nullable Decoded<WebSocketMessage> onControl(int opcode, byte[] payload) {
        if (opcode == FrameHeader.CLOSE) {
            return close(payload);
        }
        if (isFlooded()) {
            return reader.failed(CloseCodes.POLICY, "more control frames in a second than are allowed");
        }
        if (opcode == FrameHeader.PING && !closeSent) {
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
                writer.writeControl(FrameHeader.PONG, payload, to.writer());
            } else {
                pongPending = true;
                final var unused = to.send(writer.controlFrame(FrameHeader.PONG, payload))
                        .whenComplete((_, error) -> {
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

    /** Sends a ping behind all that was sent; any thread. */
    void ping(byte[] payload) {
        if (payload.length > FrameHeader.MOST_CONTROL_BYTES) {
            throw new IllegalArgumentException("A ping has 125 bytes at most: " + payload.length);
        }
        final var unused = connection().send(writer.controlFrame(FrameHeader.PING, payload));
    }

    // ---- the end

    private @Nullable Decoded<WebSocketMessage> close(byte[] payload) {
        if (payload.length == 1) {
            return reader.violated("a close code of one byte");
        }
        int code = CloseCodes.NONE;
        String reason = "";
        if (payload.length >= 2) {
            code = ((payload[0] & 0xff) << 8) | (payload[1] & 0xff);
            if (!CloseCodes.isSendable(code)) {
                return reader.violated("the close code " + code);
            }
            final Utf8Check check = new Utf8Check();
            if (!check.accept(MemorySegment.ofArray(payload), 2, payload.length) || !check.isComplete()) {
                return reader.failed(CloseCodes.INVALID_DATA, "the reason of a close is not UTF-8");
            }
            reason = new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
        }
        peerClosed = true;
        reader.end();
        final WebSocketSession told = view;
        if (told != null) {
            told.peerClosed(code, reason);
        }
        return null;
    }

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
        reader.discard();
        final var sent = to.send(writer.controlFrame(FrameHeader.CLOSE, payload));
        final boolean refused = sent.isCompletedExceptionally();
        final boolean waits =
                cause.kind() == CloseCause.Kind.LOCAL || (cause.kind() == CloseCause.Kind.PEER_CLOSED && !isServer);
        return waits && !refused ? options.closeTimeout() : Duration.ZERO;
    }

    private byte[] farewell(CloseCause cause) {
        final WebSocketSession own = view;
        return switch (cause.kind()) {
            case PEER_CLOSED -> own == null ? NOTHING : own.answer();
            case SHUTDOWN -> payload(CloseCodes.GOING_AWAY, "");
            case LOCAL -> own == null ? payload(CloseCodes.NORMAL, "") : own.farewell();
            case LIMIT ->
                payload(
                        reader.failCode() != 0
                                ? reader.failCode()
                                : cause.error()
                                                .filter(MessageTooLongException.class::isInstance)
                                                .isPresent()
                                        ? CloseCodes.TOO_LONG
                                        : CloseCodes.POLICY,
                        "");
            default -> payload(reader.failCode() == 0 ? CloseCodes.INTERNAL_ERROR : reader.failCode(), "");
        };
    }

    static byte[] payload(int code, String reason) {
        final byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        if (text.length > FrameHeader.MOST_CONTROL_BYTES - 2) {
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
        return reader.isInMessage();
    }

    @Override
    public void close() {
        closeSent = true;
        reader.close();
        writer.close();
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
