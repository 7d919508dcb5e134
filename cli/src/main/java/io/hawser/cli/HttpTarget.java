// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;
import java.nio.charset.StandardCharsets;

/**
 * What a load gets over HTTP. Immutable.
 *
 * @param uri as it was given
 * @param address to connect to
 * @param head the whole request, in ASCII
 */
record HttpTarget(String uri, Address address, String head) {
    private static final int MAX_URI_CHARS = 8_000;

    static boolean isHttp(String uri) {
        return uri.startsWith("http://") || uri.startsWith("https://");
    }

    /**
     * What {@code uri} names: {@code http://host:port/path?query}, or with {@code https}; the port is 80 or 443 if there is none.
     *
     * @throws IllegalArgumentException if it names nothing
     */
    static HttpTarget parse(String uri) {
        if (uri.length() > MAX_URI_CHARS || uri.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new IllegalArgumentException(
                    "A URI has up to " + MAX_URI_CHARS + " visible characters of ASCII; others are written as %XX");
        }
        final boolean secure = uri.startsWith("https://");
        final String rest = uri.substring(secure ? "https://".length() : "http://".length());
        int end = 0;
        while (end < rest.length() && "/?#".indexOf(rest.charAt(end)) < 0) {
            end++;
        }
        final String authority = rest.substring(0, end);
        if (authority.isEmpty() || authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException("'" + uri + "' should be http://HOST:PORT/PATH, or https://");
        }
        final boolean withPort = authority.lastIndexOf(':') > authority.lastIndexOf(']');
        final Address address =
                Address.parse((secure ? "tls://" : "tcp://") + authority + (withPort ? "" : secure ? ":443" : ":80"));
        final int fragment = rest.indexOf('#');
        final String path = rest.substring(end, fragment < 0 ? rest.length() : fragment);
        final String target = path.startsWith("/") ? path : "/" + path;
        final String head = "GET " + target + " HTTP/1.1\r\nHost: " + authority
                + "\r\nUser-Agent: hawser-bench\r\nAccept: */*\r\n\r\n";
        return new HttpTarget(uri, address, head);
    }

    /** The whole request, as it is sent. */
    byte[] request() {
        return head.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public String toString() {
        return uri;
    }
}
