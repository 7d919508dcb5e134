// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * What a server has answered. Its connection is used again when the body has been read to its end; {@link #close()} gives both up before. One of the two
 * has to happen.
 *
 * <p><b>Thread:</b> one at a time.
 */
public final class ClientResponse implements AutoCloseable {
    private static final int DISCARDED_BYTES = 64 << 10;

    private final URI uri;
    private final int status;
    private final HttpVersion version;
    private final Headers headers;
    private final ClientBody raw;
    private final InputStream body;

    ClientResponse(
            ClientRequest request,
            ResponseHead head,
            ClientConnection connection,
            ConnectionPool pool,
            long length,
            boolean reusable,
            long deadlineNs,
            ClientSettings settings) {
        this.uri = request.uri();
        this.status = head.status();
        this.version = head.version();
        this.headers = head.headers();
        this.raw = new ClientBody(connection, pool, length, reusable, deadlineNs);
        this.body = length == 0 ? raw : decoded(settings);
    }

    private InputStream decoded(ClientSettings settings) {
        final List<String> codings = headers.all("Content-Encoding");
        if (!settings.decompress() || codings.size() != 1 || !InflatingStream.knows(codings.getFirst())) {
            return raw;
        }
        // They tell of what is no more.
        headers.remove("Content-Encoding").remove("Content-Length");
        return new InflatingStream(
                raw, InflatingStream.isGzip(codings.getFirst()), settings.inflatedBytes(), settings.inflationRatio());
    }

    /** The status, 200 to 999. */
    public int status() {
        return status;
    }

    /** Whether the status is 200 to 299. */
    public boolean isSuccess() {
        return status >= 200 && status <= 299;
    }

    /** The version that the server speaks. */
    public HttpVersion version() {
        return version;
    }

    /** The header fields; of content that the client has inflated, without {@code Content-Encoding} and {@code Content-Length}. */
    public Headers headers() {
        return headers;
    }

    /** Where it comes from: that of the request, or where redirections have led. */
    public URI uri() {
        return uri;
    }

    /**
     * The body as it comes. A read waits; it fails with {@link java.net.SocketTimeoutException} if nothing comes in time, with {@link java.io.EOFException}
     * if the server ends the connection in the middle, with {@link java.net.ProtocolException} for what is malformed, and with
     * {@link InflationException} where compressed content becomes too large. All of them close the response.
     */
    public InputStream body() {
        return body;
    }

    /**
     * All that is left of the body, and closes.
     *
     * @param limit the most bytes, positive
     * @throws IOException as {@link #body()}, or if it is longer
     */
    public byte[] bytes(int limit) throws IOException {
        try (this) {
            final ByteArrayOutputStream all = new ByteArrayOutputStream();
            final byte[] piece = new byte[8 << 10];
            for (int n = body.read(piece); n >= 0; n = body.read(piece)) {
                if (n > limit - all.size()) {
                    throw new IOException("The response is longer than " + limit + " bytes");
                }
                all.write(piece, 0, n);
            }
            return all.toByteArray();
        }
    }

    /** As {@link #bytes}, decoded with the charset of the Content-Type field; by default, and where it is not known, UTF-8. */
    public String string(int limit) throws IOException {
        final byte[] bytes = bytes(limit);
        return new String(bytes, charset());
    }

    private Charset charset() {
        final Optional<String> name =
                headers.first("Content-Type").flatMap(type -> MediaTypes.parameter(type, "charset"));
        try {
            return name.map(Charset::forName).orElse(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException _) {
            return StandardCharsets.UTF_8;
        }
    }

    /** What came behind the last chunk; empty before the body has been read to its end. */
    public Headers trailers() {
        return raw.trailers();
    }

    /** Reads what is left if it is little, so that the connection can be used again; closes. */
    void discard() {
        try (this) {
            final byte[] piece = new byte[8 << 10];
            int left = DISCARDED_BYTES;
            while (left > 0) {
                final int n = raw.read(piece);
                if (n < 0) {
                    break;
                }
                left -= n;
            }
        } catch (IOException _) {
            // It was not wanted.
        }
    }

    /** Gives up what has not been read, and then the connection with it. */
    @Override
    public void close() {
        try {
            body.close();
        } catch (IOException _) {
            // Nothing was to be written.
        }
        raw.close();
    }

    @Override
    public String toString() {
        return status + " of " + uri;
    }
}
