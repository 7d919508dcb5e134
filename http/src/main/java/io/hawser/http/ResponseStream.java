// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.ConnectionClosedException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** The body of a response as a stream: closing it ends the answer, and that the peer has gone is an {@link IOException}. The handler's thread. */
final class ResponseStream extends FilterOutputStream {
    private final ServerResponse response;

    ResponseStream(ServerResponse response, OutputStream staged) {
        super(staged);
        this.response = response;
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        try {
            out.write(source, offset, length);
        } catch (ConnectionClosedException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void write(int value) throws IOException {
        try {
            out.write(value);
        } catch (ConnectionClosedException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            response.flush();
        } catch (ConnectionClosedException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        try {
            response.end();
        } catch (ConnectionClosedException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
