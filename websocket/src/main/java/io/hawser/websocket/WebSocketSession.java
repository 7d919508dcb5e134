// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.http.Headers;
import io.hawser.session.AttributeKey;
import io.hawser.session.Session;
import java.util.Optional;

/**
 * What a session of a WebSocket has beside what all sessions have. Any thread.
 *
 * <pre>{@code
 * var socket = WebSocketSession.of(session);
 * if (!socket.path().equals("/chat")) {
 *     socket.close(CloseCodes.POLICY, "no such room");
 * }
 * }</pre>
 */
public final class WebSocketSession {
    static final AttributeKey<WebSocketSession> KEY = AttributeKey.of("websocket");

    private final Session<WebSocketMessage> session;
    private final Agreement agreement;
    private final FrameCodec codec;

    private record Close(int code, String reason) {}

    private volatile Close received = new Close(CloseCodes.ABNORMAL, "");
    private volatile Close own = new Close(CloseCodes.NORMAL, "");

    WebSocketSession(Session<WebSocketMessage> session, Agreement agreement, FrameCodec codec) {
        this.session = session;
        this.agreement = agreement;
        this.codec = codec;
    }

    /**
     * That of {@code session}, from its opening on, also after its close.
     *
     * @throws IllegalArgumentException if it is no WebSocket's
     */
    public static WebSocketSession of(Session<WebSocketMessage> session) {
        return session.get(KEY).orElseThrow(() -> new IllegalArgumentException(session + " is no WebSocket's"));
    }

    /** The session. */
    public Session<WebSocketMessage> session() {
        return session;
    }

    /** The path of the request, as it was sent. */
    public String path() {
        return agreement.path();
    }

    /** What stands behind the question mark of the request. */
    public Optional<String> query() {
        return agreement.query();
    }

    /** The header fields of the request, on a server; of the response, on a client. Not to be changed. */
    public Headers headers() {
        return agreement.headers();
    }

    /** What is spoken above, if something was agreed on. */
    public Optional<String> subprotocol() {
        return agreement.subprotocol();
    }

    /** Whether messages may be compressed. */
    public boolean isCompressed() {
        return agreement.deflation() != null;
    }

    /**
     * The code that the peer has closed with; {@link CloseCodes#NONE} if it gave none, {@link CloseCodes#ABNORMAL} if it has not said goodbye, or not
     * yet.
     */
    public int closeCode() {
        return received.code();
    }

    /** The reason that the peer has given; empty without one. */
    public String closeReason() {
        return received.reason();
    }

    /**
     * Closes the session as {@link Session#close()} does, with a code of its own.
     *
     * @param code one that {@linkplain CloseCodes#isSendable may be sent}
     * @param reason 123 bytes at most, as UTF-8
     * @throws IllegalArgumentException if the code must not be sent, or the reason is too long
     */
    public void close(int code, String reason) {
        if (!CloseCodes.isSendable(code)) {
            throw new IllegalArgumentException("Not to be sent as a close code: " + code);
        }
        FrameCodec.payload(code, reason);
        own = new Close(code, reason);
        session.close();
    }

    /** Sends a ping; the peer's answer shows in nothing but that bytes come. */
    public void ping() {
        codec.ping(new byte[0]);
    }

    /**
     * Sends a ping.
     *
     * @param payload 125 bytes at most
     * @throws IllegalArgumentException if it is longer
     */
    public void ping(byte[] payload) {
        codec.ping(payload.clone());
    }

    void peerClosed(int code, String reason) {
        received = new Close(code, reason);
    }

    /** What a close says that this side begins. */
    byte[] farewell() {
        final Close close = own;
        return FrameCodec.payload(close.code(), close.reason());
    }

    /** What a close says that answers the peer's. */
    byte[] answer() {
        final Close close = received;
        return close.code() == CloseCodes.NONE || close.code() == CloseCodes.ABNORMAL
                ? new byte[0]
                : FrameCodec.payload(close.code(), "");
    }
}
