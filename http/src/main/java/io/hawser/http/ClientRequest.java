// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link HttpClient} sends. It may be sent again and again, unless its body is a {@link BodySource} that cannot be written twice.
 *
 * <p>{@code Content-Length}, {@code Transfer-Encoding}, {@code Connection}, {@code Upgrade}, {@code TE}, {@code Trailer} and {@code Expect} are the client's; fields of
 * these names are left out. {@code Host} is that of the URI unless it is set.
 *
 * <p><b>Thread:</b> one at a time, and not while it is sent.
 */
public final class ClientRequest {
    private static final int CHUNKED = -1;

    private final String method;
    private final URI uri;
    private final Headers headers = new Headers();
    private @Nullable BodySource body;
    private long length;
    private boolean repeatable = true;
    private boolean expectContinue;

    private ClientRequest(String method, URI uri) {
        this.method = method;
        this.uri = uri;
    }

    /**
     * A request.
     *
     * @param method any but {@code CONNECT}
     * @param uri {@code http://host[:port]/path?query}, or {@code https}; a fragment is not sent
     * @throws IllegalArgumentException if the method is no token or CONNECT; if the URI is none of HTTP, has no host, or a user or a password in it
     */
    public static ClientRequest of(String method, String uri) {
        if (method.isEmpty() || !Chars.areAll(method, Chars.TOKEN) || method.equals("CONNECT")) {
            throw new IllegalArgumentException("Not a method to send: " + Quoted.of(method));
        }
        return new ClientRequest(method, checked(URI.create(uri)));
    }

    /** {@code GET}; failing as {@link #of}. */
    public static ClientRequest get(String uri) {
        return of("GET", uri);
    }

    /** {@code POST} with a body as UTF-8; failing as {@link #of}. */
    public static ClientRequest post(String uri, String body) {
        return of("POST", uri).body(body);
    }

    static URI checked(URI uri) {
        final String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new IllegalArgumentException("Not a URI of HTTP: " + Quoted.of(uri.toString()));
        }
        if (uri.getHost() == null || uri.getHost().isEmpty() || uri.getPort() > 65_535 || uri.getPort() == 0) {
            throw new IllegalArgumentException(
                    "A URI without a host, or with no port that can be: " + Quoted.of(uri.toString()));
        }
        if (uri.getRawUserInfo() != null) {
            // It would end in logs, and hides the host from who reads the URI (RFC 9110, 4.2.4).
            throw new IllegalArgumentException("A URI with a user in it; set the Authorization field instead");
        }
        return uri;
    }

    /** The header fields. */
    public Headers headers() {
        return headers;
    }

    /** Sets a header field; failing as {@link Headers#set}. */
    public ClientRequest header(String name, String value) {
        headers.set(name, value);
        return this;
    }

    /** With {@code bytes} as the body, which must not change until it is sent. */
    public ClientRequest body(byte[] bytes) {
        return body(bytes.length, out -> out.write(bytes));
    }

    /** With {@code text} as the body, as UTF-8; without a Content-Type field, as {@code text/plain; charset=utf-8}. */
    public ClientRequest body(String text) {
        if (!headers.contains("Content-Type")) {
            headers.set("Content-Type", "text/plain; charset=utf-8");
        }
        return body(text.getBytes(StandardCharsets.UTF_8));
    }

    /** With a body that is written while it is sent, in chunks. */
    public ClientRequest body(BodySource source) {
        body = source;
        length = CHUNKED;
        return this;
    }

    /**
     * With a body that is written while it is sent.
     *
     * @param bytes how many it writes, exactly; else sending fails
     */
    public ClientRequest body(long bytes, BodySource source) {
        if (bytes < 0) {
            throw new IllegalArgumentException("Not a length: " + bytes);
        }
        body = source;
        length = bytes;
        return this;
    }

    /** Says that the body cannot be written twice, so that the request is neither tried again nor sent to where a 307 or 308 redirects it. */
    public ClientRequest once() {
        repeatable = false;
        return this;
    }

    /** Has the server agree before the body is sent, or has waited in vain for that for a second (RFC 9110, 10.1.1). */
    public ClientRequest expectContinue() {
        expectContinue = true;
        return this;
    }

    /** The method. */
    public String method() {
        return method;
    }

    /** Where it goes. */
    public URI uri() {
        return uri;
    }

    @Nullable
    BodySource body() {
        return body;
    }

    /** Of the body; -1 if it goes in chunks. */
    long length() {
        return length;
    }

    /** Whether it can be sent a second time. */
    boolean isRepeatable() {
        return body == null || repeatable;
    }

    boolean expectsContinue() {
        return expectContinue && body != null && length != 0;
    }

    /** As this, to another place. */
    ClientRequest to(URI target) {
        final ClientRequest copy = new ClientRequest(method, target);
        copy.headers.addAll(headers);
        copy.body = body;
        copy.length = length;
        copy.repeatable = repeatable;
        copy.expectContinue = expectContinue;
        return copy;
    }

    /** As {@link #to}, with another method and no body. */
    ClientRequest to(URI target, String newMethod) {
        final ClientRequest copy = new ClientRequest(newMethod, target);
        headers.forEach((name, value) -> {
            if (!name.regionMatches(true, 0, "Content-", 0, "Content-".length())) {
                copy.headers.add(name, value);
            }
        });
        return copy;
    }

    @Override
    public String toString() {
        return method + " " + uri;
    }
}
