// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.http.Headers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How an endpoint speaks WebSocket. Immutable; start from {@link #DEFAULT}.
 *
 * @param subprotocols what is spoken above: a server takes the first of the peer's that is among them, a client offers them in this order. Tokens
 * @param origins of a server: which pages may connect, as {@code https://example.org} or {@code https://example.org:8443}, compared as a whole;
 *     {@code *} for all. Empty, the default, is for pages of the same host only. Requests without an origin, which come from no browser, are
 *     always accepted
 * @param headers of a client: fields to send along with the request, {@code Origin} or {@code Authorization} say; a name, its value, and so on
 * @param deflate how messages are compressed; empty refuses compression. Default {@link PerMessageDeflate#DEFAULT}
 * @param limits {@link WebSocketLimits#DEFAULT} by default
 * @param handshakeTimeout how long the handshake may take; positive. Default 10 s
 * @param closeTimeout how long the peer may take to answer a close; positive. Default 5 s
 * @param fragments whether the listener gets the parts of a message as they come, and may send such; see {@link WebSocketMessage#part}. A message
 *     that began in parts must end before another one is sent. By default messages are whole
 */
public record WebSocketOptions(
        List<String> subprotocols,
        Set<String> origins,
        List<String> headers,
        Optional<PerMessageDeflate> deflate,
        WebSocketLimits limits,
        Duration handshakeTimeout,
        Duration closeTimeout,
        boolean fragments) {
    /** The defaults as given above. */
    public static final WebSocketOptions DEFAULT = new WebSocketOptions(
            List.of(),
            Set.of(),
            List.of(),
            Optional.of(PerMessageDeflate.DEFAULT),
            WebSocketLimits.DEFAULT,
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            false);

    /** Checks the values: what would break out of a header is refused. */
    public WebSocketOptions {
        subprotocols = List.copyOf(subprotocols);
        origins = Set.copyOf(origins);
        headers = List.copyOf(headers);
        subprotocols.forEach(Tokens::require);
        if (Set.copyOf(subprotocols).size() != subprotocols.size()) {
            throw new IllegalArgumentException("A subprotocol is named twice: " + subprotocols);
        }
        Headers.of(headers.toArray(String[]::new));
        if (handshakeTimeout.isNegative()
                || handshakeTimeout.isZero()
                || closeTimeout.isNegative()
                || closeTimeout.isZero()) {
            throw new IllegalArgumentException("Timeouts must be positive");
        }
    }

    /** As this, with other subprotocols. */
    public WebSocketOptions withSubprotocols(String... names) {
        return new WebSocketOptions(
                List.of(names), origins, headers, deflate, limits, handshakeTimeout, closeTimeout, fragments);
    }

    /** As this, for pages of other origins. */
    public WebSocketOptions withOrigins(String... allowed) {
        return new WebSocketOptions(
                subprotocols, Set.of(allowed), headers, deflate, limits, handshakeTimeout, closeTimeout, fragments);
    }

    /** As this, with one more field of the client's request. */
    public WebSocketOptions withHeader(String name, String value) {
        final List<String> more = new ArrayList<>(headers);
        more.add(name);
        more.add(value);
        return new WebSocketOptions(
                subprotocols, origins, more, deflate, limits, handshakeTimeout, closeTimeout, fragments);
    }

    /** As this, with another compression. */
    public WebSocketOptions withDeflate(PerMessageDeflate value) {
        return new WebSocketOptions(
                subprotocols, origins, headers, Optional.of(value), limits, handshakeTimeout, closeTimeout, fragments);
    }

    /** As this, without compression. */
    public WebSocketOptions withoutDeflate() {
        return new WebSocketOptions(
                subprotocols, origins, headers, Optional.empty(), limits, handshakeTimeout, closeTimeout, fragments);
    }

    /** As this, with other limits. */
    public WebSocketOptions withLimits(WebSocketLimits value) {
        return new WebSocketOptions(
                subprotocols, origins, headers, deflate, value, handshakeTimeout, closeTimeout, fragments);
    }

    /** As this, with another timeout for the handshake. */
    public WebSocketOptions withHandshakeTimeout(Duration timeout) {
        return new WebSocketOptions(subprotocols, origins, headers, deflate, limits, timeout, closeTimeout, fragments);
    }

    /** As this, with another timeout for the peer's answer to a close. */
    public WebSocketOptions withCloseTimeout(Duration timeout) {
        return new WebSocketOptions(
                subprotocols, origins, headers, deflate, limits, handshakeTimeout, timeout, fragments);
    }

    /** As this, with parts of messages handed on or not. */
    public WebSocketOptions withFragments(boolean on) {
        return new WebSocketOptions(
                subprotocols, origins, headers, deflate, limits, handshakeTimeout, closeTimeout, on);
    }
}
