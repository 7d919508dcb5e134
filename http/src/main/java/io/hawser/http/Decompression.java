// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Slice;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipException;

/**
 * Inflates the bodies of requests that come with {@code Content-Encoding: gzip} or {@code deflate}, before another handler reads them, within bounds: what becomes too
 * large, or too many times as large, is answered 413 before more of it is made. Another coding, or several, are answered 415 with what is accepted
 * (RFC 9110, 15.5.16).
 *
 * <p>The handler sees neither the coding nor the length of the compressed body.
 *
 * <p><b>Thread:</b> any, as the handler that it wraps.
 */
public final class Decompression implements HttpHandler {
    private static final int PIECE_BYTES = 8 << 10;

    private final HttpHandler handler;
    private final long mostBytes;
    private final int mostRatio;

    private Decompression(HttpHandler handler, long mostBytes, int mostRatio) {
        this.handler = handler;
        this.mostBytes = mostBytes;
        this.mostRatio = mostRatio;
    }

    /** Inflates what {@code handler} reads, to 16 MiB at most, and 100 times what came at most. */
    public static Decompression of(HttpHandler handler) {
        return of(handler, 16 << 20, 100);
    }

    /**
     * Inflates what {@code handler} reads.
     *
     * @param mostBytes how many bytes a body may become, positive
     * @param mostRatio how many times larger it may become than it is, positive; not looked at below 64 KiB
     */
    public static Decompression of(HttpHandler handler, long mostBytes, int mostRatio) {
        if (mostBytes < 1 || mostRatio < 1) {
            throw new IllegalArgumentException("Limits must be positive");
        }
        return new Decompression(handler, mostBytes, mostRatio);
    }

    @Override
    public void handle(Request request, Response response) throws Exception {
        final List<String> codings = request.headers().all("Content-Encoding");
        if (codings.isEmpty() || (codings.size() == 1 && codings.getFirst().equalsIgnoreCase("identity"))) {
            handler.handle(request, response);
            return;
        }
        if (codings.size() > 1 || !InflatingStream.knows(codings.getFirst())) {
            response.status(415).header("Accept-Encoding", "gzip, deflate").send("415 Unsupported Media Type\n");
            return;
        }
        final boolean gzip = InflatingStream.isGzip(codings.getFirst());
        try (InflatingStream body = new InflatingStream(request.body(), gzip, mostBytes, mostRatio)) {
            handler.handle(new Inflated(request, new Body(body)), response);
        }
    }

    @Override
    public String toString() {
        return "inflated " + handler;
    }

    /** Tells what is wrong with a body as {@link Request#body()} does. */
    private static final class Body extends FilterInputStream {
        Body(InflatingStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            final byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            try {
                return super.read(target, offset, length);
            } catch (InflationException e) {
                throw new HttpException(413, String.valueOf(e.getMessage()));
            } catch (ZipException | EOFException e) {
                throw new HttpException(400, "The compressed body is damaged: " + e.getMessage());
            }
        }
    }

    private static final class Inflated extends ForwardingRequest {
        private final Headers headers;
        private final InputStream body;

        Inflated(Request request, InputStream body) {
            super(request);
            this.headers = request.headers().copy().remove("Content-Encoding").remove("Content-Length");
            this.body = body;
        }

        @Override
        public Headers headers() {
            return headers;
        }

        @Override
        public long contentLength() {
            return super.contentLength() == 0 ? 0 : -1;
        }

        @Override
        public InputStream body() {
            return body;
        }

        @Override
        public Slice readSlice(int limit) {
            final byte[] piece = new byte[Math.min(limit, PIECE_BYTES)];
            final int n = read(piece);
            final Buffer buffer = new Buffer(connection().engine().pool());
            if (n > 0) {
                buffer.writeBytes(piece, 0, n);
            }
            return buffer;
        }

        @Override
        public byte[] bytes(int limit) {
            final ByteArrayOutputStream all = new ByteArrayOutputStream();
            final byte[] piece = new byte[PIECE_BYTES];
            for (int n = read(piece); n >= 0; n = read(piece)) {
                if (n > limit - all.size()) {
                    throw new HttpException(413, "The inflated body is longer than " + limit + " bytes");
                }
                all.write(piece, 0, n);
            }
            return all.toByteArray();
        }

        private int read(byte[] piece) {
            try {
                return body.read(piece);
            } catch (IOException e) {
                throw new HttpException(400, "The body cannot be read: " + e.getMessage());
            }
        }

        @Override
        public String string(int limit) {
            final Optional<String> name =
                    headers.first("Content-Type").flatMap(type -> MediaTypes.parameter(type, "charset"));
            final Charset charset;
            try {
                charset = name.map(Charset::forName).orElse(StandardCharsets.UTF_8);
            } catch (IllegalArgumentException _) {
                throw new HttpException(415, "Not a known charset: " + Quoted.of(name.orElse("")));
            }
            return new String(bytes(limit), charset);
        }
    }
}
