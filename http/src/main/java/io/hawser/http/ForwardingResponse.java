// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.FileSource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/** Hands all on to another response; for handlers that wrap others. */
abstract class ForwardingResponse implements Response {
    private final Response target;

    ForwardingResponse(Response target) {
        this.target = target;
    }

    final Response target() {
        return target;
    }

    @Override
    public int status() {
        return target.status();
    }

    @Override
    public Response status(int code) {
        target.status(code);
        return this;
    }

    @Override
    public Headers headers() {
        return target.headers();
    }

    @Override
    public boolean isCommitted() {
        return target.isCommitted();
    }

    @Override
    public boolean isEnded() {
        return target.isEnded();
    }

    @Override
    public long bodyBytes() {
        return target.bodyBytes();
    }

    @Override
    public void send() {
        target.send();
    }

    @Override
    public void send(String body) {
        target.send(body);
    }

    @Override
    public void send(byte[] body) {
        target.send(body);
    }

    @Override
    public void send(Reader body) {
        target.send(body);
    }

    @Override
    public void sendFile(FileSource file, long offset, long count) throws IOException {
        target.sendFile(file, offset, count);
    }

    @Override
    public void sendFile(Path file) throws IOException {
        target.sendFile(file);
    }

    @Override
    public Writer writer() {
        return target.writer();
    }

    @Override
    public OutputStream outputStream() {
        return target.outputStream();
    }

    @Override
    public Headers trailers() {
        return target.trailers();
    }

    @Override
    public void end() {
        target.end();
    }

    @Override
    public void inform(int status, Headers headers) {
        target.inform(status, headers);
    }

    @Override
    public void defer() {
        target.defer();
    }

    @Override
    public Connection upgrade(String protocol) {
        return target.upgrade(protocol);
    }

    @Override
    public void upgrade(String protocol, ConnectionHandler handler) {
        target.upgrade(protocol, handler);
    }
}
