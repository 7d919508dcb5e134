// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Writer;
import io.hawser.connection.Connection;
import io.hawser.http.Headers;
import io.hawser.session.Codec;
import io.hawser.session.CodecContext;
import io.hawser.session.Handshake;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** The handshake of a server that speaks nothing but WebSocket. The loop's thread. */
final class ServerHandshake implements Handshake<WebSocketMessage> {
    private final WebSocketCodec endpoint;
    private final Head.Finder finder;

    ServerHandshake(WebSocketCodec endpoint) {
        this.endpoint = endpoint;
        this.finder = new Head.Finder(endpoint.options().limits());
    }

    @Override
    public Optional<Codec<WebSocketMessage>> received(Connection connection, CodecContext context)
            throws HandshakeException {
        try {
            final Head head = finder.find(connection.reader());
            if (head == null) {
                return Optional.empty();
            }
            final ServerChecks.Accepted accepted = accept(head);
            write(
                    connection.writer(),
                    "101 Switching Protocols",
                    accepted.response().add("Upgrade", "websocket").add("Connection", "Upgrade"));
            return Optional.of(endpoint.forConnection(accepted.agreement(), context));
        } catch (HandshakeException e) {
            refuse(connection.writer(), e);
            throw e;
        }
    }

    private ServerChecks.Accepted accept(Head head) throws HandshakeException {
        final String[] parts = head.firstLine().split(" ", -1);
        if (parts.length != 3 || !Tokens.isToken(parts[0]) || !parts[1].startsWith("/")) {
            throw new HandshakeException(400, "No request line: " + Tokens.printable(head.firstLine()));
        }
        if (!parts[2].equals("HTTP/1.1")) {
            throw new HandshakeException(
                    parts[2].startsWith("HTTP/") ? 505 : 400, "Not HTTP/1.1: " + Tokens.printable(parts[2]));
        }
        final String target = parts[1];
        final int question = target.indexOf('?');
        final String path = question < 0 ? target : target.substring(0, question);
        if (!endpoint.path().isEmpty() && !endpoint.path().equals(path)) {
            throw new HandshakeException(404, "Nothing is at " + Tokens.printable(path));
        }
        return endpoint.checks()
                .accept(
                        parts[0],
                        path,
                        question < 0 ? Optional.empty() : Optional.of(target.substring(question + 1)),
                        head.headers());
    }

    private static void refuse(Writer out, HandshakeException why) {
        final String text = why.getMessage() + "\n";
        final Headers headers = Headers.of(
                "Connection", "close",
                "Content-Type", "text/plain; charset=utf-8",
                "Content-Length", String.valueOf(text.getBytes(StandardCharsets.UTF_8).length));
        switch (why.status()) {
            case 426 -> headers.add("Upgrade", "websocket").add("Sec-WebSocket-Version", ServerChecks.VERSION);
            case 405 -> headers.add("Allow", "GET");
            default -> {
                // The status says it all.
            }
        }
        write(out, why.status() + " " + phrase(why.status()), headers);
        out.writeString(text);
    }

    static String phrase(int status) {
        return switch (status) {
            case 400 -> "Bad Request";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 426 -> "Upgrade Required";
            case 431 -> "Request Header Fields Too Large";
            case 505 -> "HTTP Version Not Supported";
            default -> "Error";
        };
    }

    private static void write(Writer out, String status, Headers headers) {
        final StringBuilder head = new StringBuilder("HTTP/1.1 ").append(status).append("\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        out.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public Duration timeout() {
        return endpoint.options().handshakeTimeout();
    }
}
