// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.FileSource;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A response that keeps what is sent. */
final class FakeResponse implements Response {
    private final Headers headers = new Headers();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private int status = 200;
    private boolean ended;
    private int flushed;
    private boolean sentFile;

    byte[] bytes() {
        return body.toByteArray();
    }

    /** How many bytes had been written when it was flushed last. */
    int flushed() {
        return flushed;
    }

    /** Whether the body was left to the connection, to be taken from a file. */
    boolean isSentFile() {
        return sentFile;
    }

    Optional<String> field(String name) {
        return headers.first(name);
    }

    String text() {
        return body.toString(StandardCharsets.UTF_8);
    }

    String location() {
        return headers.first("Location").orElseThrow();
    }

    @Override
    public int status() {
        return status;
    }

    @Override
    public Response status(int code) {
        status = code;
        return this;
    }

    @Override
    public Headers headers() {
        return headers;
    }

    @Override
    public boolean isCommitted() {
        return ended || body.size() > 0;
    }

    @Override
    public boolean isEnded() {
        return ended;
    }

    @Override
    public long bodyBytes() {
        return body.size();
    }

    @Override
    public void send() {
        end();
    }

    @Override
    public void send(String text) {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void send(byte[] bytes) {
        body.writeBytes(bytes);
        end();
    }

    @Override
    public void send(Reader reader) {
        send(reader.readBytes((int) reader.readableBytes()));
    }

    @Override
    public void sendFile(FileSource file, long offset, long count) throws IOException {
        sentFile = true;
        FileCopy.copy(file, offset, count, body);
        end();
    }

    @Override
    public void sendFile(Path file) throws IOException {
        send(Files.readAllBytes(file));
    }

    @Override
    public Writer writer() {
        throw new UnsupportedOperationException();
    }

    @Override
    public OutputStream outputStream() {
        return new FilterOutputStream(body) {
            @Override
            public void write(byte[] source, int offset, int length) {
                body.write(source, offset, length);
            }

            @Override
            public void flush() {
                flushed = body.size();
            }
        };
    }

    @Override
    public Headers trailers() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void end() {
        if (ended) {
            throw new IllegalStateException("A second answer");
        }
        ended = true;
    }

    @Override
    public void inform(int code, Headers fields) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void defer() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Connection upgrade(String protocol) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void upgrade(String protocol, ConnectionHandler handler) {
        throw new UnsupportedOperationException();
    }
}
