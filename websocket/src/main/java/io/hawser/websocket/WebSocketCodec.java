// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.connection.Connection;
import io.hawser.http.Headers;
import io.hawser.session.Codec;
import io.hawser.session.CodecContext;
import io.hawser.session.Decoded;
import io.hawser.session.Handshake;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The codec of an endpoint: it makes the handshakes, of which the codecs of the sessions come. Any thread. */
final class WebSocketCodec implements Codec<WebSocketMessage> {
    private final WebSocketOptions options;
    private final ServerChecks checks;
    private final ZlibPool pool = new ZlibPool();
    /** Of a server: the only path that there is, or empty for all. */
    private final String path;
    /** Of a client. */
    private final @Nullable WebSocketUri uri;

    private WebSocketCodec(WebSocketOptions options, String path, @Nullable WebSocketUri uri) {
        this.options = options;
        this.checks = new ServerChecks(options);
        this.path = path;
        this.uri = uri;
    }

    static WebSocketCodec server(WebSocketOptions options, String path) {
        return new WebSocketCodec(options, path, null);
    }

    static WebSocketCodec client(WebSocketOptions options, WebSocketUri uri) {
        return new WebSocketCodec(options, "", uri);
    }

    WebSocketOptions options() {
        return options;
    }

    ServerChecks checks() {
        return checks;
    }

    String path() {
        return path;
    }

    FrameCodec forConnection(Agreement agreement, CodecContext context) {
        return new FrameCodec(agreement, options, context, pool);
    }

    @Override
    public Optional<Handshake<WebSocketMessage>> handshake(Connection connection) {
        return Optional.of(uri == null ? new ServerHandshake(this) : new ClientHandshake(this, uri));
    }

    /** For messages to many sessions: frames that are not compressed can be sent to all of them. */
    @Override
    public Codec<WebSocketMessage> forSession(CodecContext context) {
        return new FrameCodec(
                new Agreement(uri == null, "", Optional.empty(), new Headers(), Optional.empty(), null),
                options,
                context,
                pool);
    }

    @Override
    public void handled(WebSocketMessage message) {
        message.handled();
    }

    @Override
    public Decoded<WebSocketMessage> decode(Reader in) {
        throw new IllegalStateException("A WebSocket's codec is made by its handshake");
    }

    @Override
    public void encode(WebSocketMessage message, Writer out) {
        throw new IllegalStateException("A WebSocket's codec is made by its handshake");
    }

    @Override
    public String toString() {
        return "WebSocket";
    }
}
