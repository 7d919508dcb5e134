// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.connection.Connection;
import io.hawser.http.Headers;
import io.hawser.session.Codec;
import io.hawser.session.CodecContext;
import io.hawser.session.Handshake;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The handshake of a client, RFC 6455, 4.1. The loop's thread. */
final class ClientHandshake implements Handshake<WebSocketMessage> {
    private final WebSocketCodec endpoint;
    private final WebSocketUri uri;
    private final WebSocketOptions options;
    private final Head.Finder finder;
    private final String key = Keys.next();

    ClientHandshake(WebSocketCodec endpoint, WebSocketUri uri) {
        this.endpoint = endpoint;
        this.uri = uri;
        this.options = endpoint.options();
        this.finder = new Head.Finder(options.limits());
    }

    @Override
    public void begins(Connection connection) {
        final Headers headers = Headers.of(
                "Host",
                uri.hostHeader(),
                "Upgrade",
                "websocket",
                "Connection",
                "Upgrade",
                "Sec-WebSocket-Key",
                key,
                "Sec-WebSocket-Version",
                ServerChecks.VERSION);
        if (!options.subprotocols().isEmpty()) {
            headers.add("Sec-WebSocket-Protocol", String.join(", ", options.subprotocols()));
        }
        options.deflate().ifPresent(deflate -> headers.add("Sec-WebSocket-Extensions", Deflation.offer(deflate)));
        headers.addAll(Headers.of(options.headers().toArray(String[]::new)));
        final StringBuilder head =
                new StringBuilder("GET ").append(uri.target()).append(" HTTP/1.1\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        connection.writer().writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public Optional<Codec<WebSocketMessage>> received(Connection connection, CodecContext context)
            throws HandshakeException {
        final Head head = finder.find(connection.reader());
        return head == null ? Optional.empty() : Optional.of(endpoint.forConnection(check(head), context));
    }

    private Agreement check(Head head) throws HandshakeException {
        final String line = head.firstLine();
        if (!line.matches("HTTP/1\\.1 [1-9][0-9]{2}( .*)?")) {
            throw new HandshakeException(0, "Not a response of HTTP/1.1: " + Tokens.printable(line));
        }
        final int status = Integer.parseInt(line.substring("HTTP/1.1 ".length(), "HTTP/1.1 101".length()));
        if (status != 101) {
            throw new HandshakeException(
                    status, uri + " answered " + Tokens.printable(line.substring("HTTP/1.1 ".length())));
        }
        final Headers headers = head.headers();
        final List<String> accepts = headers.all("Sec-WebSocket-Accept");
        if (!headers.containsToken("Upgrade", "websocket") || !headers.containsToken("Connection", "upgrade")) {
            throw new HandshakeException(status, uri + " does not upgrade to WebSocket");
        }
        if (accepts.size() != 1 || !accepts.getFirst().equals(Keys.accept(key))) {
            throw new HandshakeException(
                    status, uri + " has answered another handshake: its Sec-WebSocket-Accept is wrong");
        }
        return new Agreement(false, uri.path(), uri.query(), headers, subprotocol(headers), deflation(headers));
    }

    private Optional<String> subprotocol(Headers headers) throws HandshakeException {
        final List<String> chosen = headers.all("Sec-WebSocket-Protocol");
        if (chosen.isEmpty()) {
            return Optional.empty();
        }
        if (chosen.size() != 1 || !options.subprotocols().contains(chosen.getFirst())) {
            throw new HandshakeException(
                    101, uri + " speaks a subprotocol that was not offered: " + Tokens.printable(chosen.getFirst()));
        }
        return Optional.of(chosen.getFirst());
    }

    private @Nullable Deflation deflation(Headers headers) throws HandshakeException {
        final List<Extension> answered = Extension.parse(headers.all("Sec-WebSocket-Extensions"));
        final PerMessageDeflate deflate = options.deflate().orElse(null);
        if (answered != null && answered.isEmpty()) {
            return null;
        }
        if (answered == null || answered.size() != 1 || deflate == null) {
            throw new HandshakeException(101, uri + " has answered with extensions that were not offered");
        }
        return Deflation.accepted(answered.getFirst(), deflate)
                .orElseThrow(() -> new HandshakeException(
                        101, uri + " has answered with an extension or a parameter that was not offered"));
    }

    @Override
    public Duration timeout() {
        return options.handshakeTimeout();
    }
}
