// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** The body of a request as a stream. The handler's thread. */
final class BodyStream extends InputStream {
    private final ServerRequest request;

    BodyStream(ServerRequest request) {
        this.request = request;
    }

    @Override
    public int read() throws IOException {
        final Reader in = request.source();
        if (request.await(in) == 0) {
            return -1;
        }
        final int value = in.readUnsignedByte();
        request.consumed(1);
        return value;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        final Reader in = request.source();
        final int n = (int) Math.min(request.await(in), length);
        if (n == 0) {
            return -1;
        }
        in.readBytes(target, offset, n);
        request.consumed(n);
        return n;
    }
}
