// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.Address;
import java.net.URI;
import java.util.Locale;

/**
 * A server as a client tells them apart (RFC 9110, 4.3.1).
 *
 * @param host in small letters, without brackets
 */
record Origin(boolean secure, String host, int port) {
    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    /** Of a URI that {@link ClientRequest#checked} has passed. */
    static Origin of(URI uri) {
        final boolean secure = uri.getScheme().equalsIgnoreCase("https");
        final String host = uri.getHost().toLowerCase(Locale.ROOT);
        final String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        final int standard = secure ? HTTPS : HTTP;
        return new Origin(secure, bare, uri.getPort() < 0 ? standard : uri.getPort());
    }

    Address address() {
        return new Address(secure ? "tls" : "tcp", host, port, "");
    }

    /** The value of the Host field: without the port that goes without saying. */
    String authority() {
        final String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == (secure ? HTTPS : HTTP) ? name : name + ":" + port;
    }

    @Override
    public String toString() {
        return (secure ? "https://" : "http://") + authority();
    }
}
