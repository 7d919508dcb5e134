// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.Address;
import io.hawser.connection.Peer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A client that sends what it is told to, right or wrong, and reads the answers. */
final class Browser implements AutoCloseable {
    static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private final Peer peer;

    Browser(Address address) throws IOException {
        peer = Peer.connect(address);
    }

    Browser(Peer peer) {
        this.peer = peer;
    }

    Peer peer() {
        return peer;
    }

    Browser send(String text) throws IOException {
        peer.send(text.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    Browser get(String target) throws IOException {
        return send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    Answer answer() throws IOException {
        return answer(false);
    }

    /** @param withoutBody whether it answers HEAD */
    Answer answer(boolean withoutBody) throws IOException {
        final String head = headOf();
        if (withoutBody
                || head.startsWith("HTTP/1.1 1")
                || head.startsWith("HTTP/1.1 204")
                || head.startsWith("HTTP/1.1 304")) {
            return new Answer(head, new byte[0], "");
        }
        final String lower = head.toLowerCase(java.util.Locale.ROOT);
        if (lower.contains("\r\ntransfer-encoding: chunked\r\n")) {
            return chunked(head);
        }
        final int at = lower.indexOf("\r\ncontent-length: ");
        if (at < 0) {
            return new Answer(head, peer.receiveAll(), "");
        }
        final int from = at + "\r\ncontent-length: ".length();
        return new Answer(head, peer.receive(Integer.parseInt(lower.substring(from, lower.indexOf("\r\n", from)))), "");
    }

    private Answer chunked(String head) throws IOException {
        final var body = new ByteArrayOutputStream();
        while (true) {
            final int size = Integer.parseInt(line(), 16);
            if (size == 0) {
                break;
            }
            body.writeBytes(peer.receive(size));
            if (!line().isEmpty()) {
                throw new IOException("No end of a chunk");
            }
        }
        final StringBuilder trailers = new StringBuilder();
        for (String line = line(); !line.isEmpty(); line = line()) {
            trailers.append(line).append("\r\n");
        }
        return new Answer(head, body.toByteArray(), trailers.toString());
    }

    private String headOf() throws IOException {
        final StringBuilder head = new StringBuilder();
        for (String line = line(); !line.isEmpty(); line = line()) {
            head.append(line).append("\r\n");
        }
        return head.toString();
    }

    private String line() throws IOException {
        final var line = new ByteArrayOutputStream();
        while (true) {
            final byte b = peer.receive(1)[0];
            if (b == '\n') {
                final String text = line.toString(StandardCharsets.ISO_8859_1);
                if (!text.endsWith("\r")) {
                    throw new IOException("A line without CR: " + text);
                }
                return text.substring(0, text.length() - 1);
            }
            line.write(b);
        }
    }

    @Override
    public void close() throws IOException {
        peer.close();
    }
}
