// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.util.Optional;

/**
 * {@code ws://host:port/path?query}, or {@code wss://…} (RFC 6455, 3).
 *
 * @param path empty if there is none
 */
record WebSocketUri(boolean isSecure, String authority, String path, Optional<String> query) {
    /** @throws IllegalArgumentException if it is none; with the reason */
    static WebSocketUri parse(String text) {
        final boolean secure = text.startsWith("wss://");
        if (!secure && !text.startsWith("ws://")) {
            throw new IllegalArgumentException("A WebSocket's address begins with ws:// or wss://: '" + text + "'");
        }
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            // What would break out of the request line.
            if (c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\') {
                throw new IllegalArgumentException(
                        "Not to be written in an address as it is: '" + Tokens.printable(text) + "'");
            }
        }
        if (text.indexOf('#') >= 0) {
            throw new IllegalArgumentException("A WebSocket's address has no fragment: '" + text + "'");
        }
        final String rest = text.substring(secure ? 6 : 5);
        final int slash = rest.indexOf('/');
        final int question = rest.indexOf('?');
        final int end =
                slash >= 0 && (question < 0 || slash < question) ? slash : question >= 0 ? question : rest.length();
        final String authority = rest.substring(0, end);
        if (authority.isEmpty() || authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException("A WebSocket's address takes a host, and no user: '" + text + "'");
        }
        final String path = question < 0 ? rest.substring(end) : rest.substring(end, Math.max(end, question));
        return new WebSocketUri(
                secure, authority, path, question < 0 ? Optional.empty() : Optional.of(rest.substring(question + 1)));
    }

    private boolean hasPort() {
        return authority.lastIndexOf(':') > authority.lastIndexOf(']');
    }

    /** In the form of the layers below. */
    String address() {
        return (isSecure ? "tls://" : "tcp://") + (hasPort() ? authority : authority + (isSecure ? ":443" : ":80"));
    }

    /** What the field Host says: the port is left out where it is the scheme's. */
    String hostHeader() {
        final String usual = isSecure ? ":443" : ":80";
        return authority.endsWith(usual) && hasPort()
                ? authority.substring(0, authority.length() - usual.length())
                : authority;
    }

    /** What the request line says. */
    String target() {
        return (path.isEmpty() ? "/" : path) + query.map(q -> "?" + q).orElse("");
    }

    @Override
    public String toString() {
        return (isSecure ? "wss://" : "ws://") + authority + target();
    }
}
