// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Slice;
import io.hawser.connection.Connection;
import java.io.InputStream;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A request as it came, checked: what RFC 9112 does not allow never gets here.
 *
 * <p><b>Thread and lifetime:</b> those of {@link HttpHandler}.
 */
public interface Request {
    /** {@code GET}, say; as it was sent, since methods are case-sensitive. */
    String method();

    /** The request target as it was sent: {@code /a%20b?c=d}, {@code http://host/a} to a proxy, {@code *} with OPTIONS, {@code host:port} with CONNECT. */
    String target();

    /** The path as it was sent, {@code /} if it is empty; {@code *} with OPTIONS, empty with CONNECT. Dot segments are as they came. */
    String rawPath();

    /**
     * {@link #rawPath()} percent-decoded, as UTF-8. Of {@code %2F} it tells nothing any more: who splits it at slashes splits the raw one first.
     *
     * @throws HttpException with 400 for an incomplete escape, an escaped NUL, or what is not UTF-8
     */
    String path();

    /** What stands behind the first question mark, as it was sent; without one, nothing. */
    Optional<String> query();

    /**
     * The first value of a parameter of the {@link #query()}, decoded.
     *
     * @throws HttpException with 400 for an incomplete escape or what is not UTF-8
     */
    Optional<String> parameter(String name);

    /** All parameters of the {@link #query()}, decoded, in their order; failing as {@link #parameter}. */
    Map<String, List<String>> parameters();

    /** The version that the peer speaks. */
    HttpVersion version();

    /** The header fields, in the order in which they came. Changing them changes nothing else. */
    Headers headers();

    /** The host, with the port where it was given, that the request is for: of the target, else of the Host field; empty with HTTP/1.0 without one. */
    String host();

    /** {@code https} if {@link #isSecure()}, else {@code http}. */
    default String scheme() {
        return isSecure() ? "https" : "http";
    }

    /** What a router found in the path under {@code name}. */
    Optional<String> pathValue(String name);

    /** Sets what {@link #pathValue} tells; for routers. */
    void setPathValue(String name, String value);

    // ---- the body

    /** How long the body is; -1 if that was not said, as with chunks; 0 without a body. */
    long contentLength();

    /**
     * The body as a stream. A read waits for bytes; it fails with {@link HttpException}: 413 if the body is longer than
     * {@link HttpLimits#bodyBytes()}, 408 if it comes too slowly, 400 if it is malformed or ends early.
     *
     * <p>The first read sends {@code 100 Continue} to a peer that waits for it.
     */
    InputStream body();

    /**
     * The next piece of the body as it came, without a copy; the caller's own, who closes it or appends it to a writer. Waits for one byte at least;
     * empty at the end. Fails as {@link #body()}.
     *
     * @param limit the most bytes, positive
     */
    Slice readSlice(int limit);

    /**
     * All that is left of the body.
     *
     * @throws HttpException with 413 if it is longer than {@code limit}, or as {@link #body()}
     */
    byte[] bytes(int limit);

    /**
     * As {@link #bytes}, decoded with the charset of the Content-Type field, by default UTF-8; malformed input becomes U+FFFD.
     *
     * @throws HttpException with 415 if the charset is not known, or as {@link #bytes}
     */
    String string(int limit);

    /** What came behind the last chunk; empty before the body has been read to its end. */
    Headers trailers();

    // ---- where it comes from

    /** The address of the peer; empty for an unnamed unix socket. */
    Optional<SocketAddress> remoteAddress();

    /** Whether it came through TLS. */
    boolean isSecure();

    /** The connection; for its addresses, its loop and its engine. Reading or writing it is for {@link Response#upgrade} only. */
    Connection connection();
}
