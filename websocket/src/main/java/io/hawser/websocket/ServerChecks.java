// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.http.Headers;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a server asks of the request that opens a session, RFC 6455, 4.2. Immutable; any thread. */
final class ServerChecks {
    static final String VERSION = "13";
    private static final String VERSION_FIELD = "Sec-WebSocket-Version";
    private static final String KEY_FIELD = "Sec-WebSocket-Key";
    private static final String PROTOCOL_FIELD = "Sec-WebSocket-Protocol";
    private static final String EXTENSIONS_FIELD = "Sec-WebSocket-Extensions";

    private final WebSocketOptions options;

    ServerChecks(WebSocketOptions options) {
        this.options = options;
    }

    /**
     * What a request comes to.
     *
     * @param response the fields to answer with, but for Connection and Upgrade
     */
    record Accepted(Agreement agreement, Headers response) {}

    /**
     * Checks a request; its path has been found right.
     *
     * @param headers kept
     * @throws HandshakeException with the status to refuse it with; 426 needs the field {@code Sec-WebSocket-Version}
     */
    Accepted accept(String method, String path, Optional<String> query, Headers headers) throws HandshakeException {
        if (!method.equals("GET")) {
            throw new HandshakeException(405, "A handshake by another method than GET");
        }
        if (!headers.containsToken("Upgrade", "websocket") || !headers.containsToken("Connection", "upgrade")) {
            throw new HandshakeException(426, "No upgrade to WebSocket is asked for");
        }
        final boolean hasBody = headers.contains("Transfer-Encoding")
                || !headers.all("Content-Length").stream().allMatch("0"::equals);
        if (hasBody) {
            throw new HandshakeException(400, "A handshake with a body");
        }
        if (headers.all("Host").size() != 1) {
            throw new HandshakeException(400, "A handshake with no host, or several");
        }
        final List<String> versions = headers.all(VERSION_FIELD);
        if (versions.size() != 1 || !versions.getFirst().equals(VERSION)) {
            throw new HandshakeException(426, "No handshake of version 13, or of several");
        }
        final List<String> keys = headers.all(KEY_FIELD);
        if (keys.size() != 1 || !Keys.isValid(keys.getFirst())) {
            throw new HandshakeException(400, "A handshake without a key of 16 bytes");
        }
        checkOrigin(headers);
        final Headers response = Headers.of("Sec-WebSocket-Accept", Keys.accept(keys.getFirst()));
        final Optional<String> subprotocol = subprotocol(headers);
        subprotocol.ifPresent(name -> response.add(PROTOCOL_FIELD, name));
        final Optional<Deflation> deflation = deflation(headers);
        deflation.ifPresent(agreed -> response.add(EXTENSIONS_FIELD, agreed.response()));
        return new Accepted(new Agreement(true, path, query, headers, subprotocol, deflation.orElse(null)), response);
    }

    private Optional<String> subprotocol(Headers headers) throws HandshakeException {
        final List<String> offered = Tokens.list(headers.all(PROTOCOL_FIELD));
        if (offered == null) {
            throw new HandshakeException(400, "A subprotocol that is no token");
        }
        return offered.stream().filter(options.subprotocols()::contains).findFirst();
    }

    private Optional<Deflation> deflation(Headers headers) throws HandshakeException {
        final List<Extension> offers = Extension.parse(headers.all(EXTENSIONS_FIELD));
        if (offers == null) {
            throw new HandshakeException(400, "Malformed extensions");
        }
        return options.deflate().flatMap(deflate -> Deflation.accept(offers, deflate));
    }

    // ---- where pages come from

    private void checkOrigin(Headers headers) throws HandshakeException {
        final List<String> origins = headers.all("Origin");
        if (origins.isEmpty()) {
            return;
        }
        final String origin = origins.getFirst().toLowerCase(Locale.ROOT);
        final boolean allowed = origins.size() == 1
                && (options.origins().isEmpty()
                        ? isOfHost(origin, headers.first("Host").orElse(""))
                        : options.origins().contains("*")
                                || options.origins().stream().anyMatch(each -> sameOrigin(each, origin)));
        if (!allowed) {
            throw new HandshakeException(403, "The origin is not allowed: " + Tokens.printable(origins.getFirst()));
        }
    }

    private static boolean sameOrigin(String allowed, String origin) {
        return withoutDefaultPort(allowed.toLowerCase(Locale.ROOT)).equals(withoutDefaultPort(origin));
    }

    /** A proxy before this server may speak TLS: so either scheme will do, but host and port are compared as a whole. */
    private static boolean isOfHost(String origin, String host) {
        final int scheme = origin.indexOf("://");
        if (scheme <= 0 || host.isEmpty()) {
            return false;
        }
        final String own = origin.substring(0, scheme) + "://" + host.toLowerCase(Locale.ROOT);
        final boolean isWeb = origin.startsWith("http://") || origin.startsWith("https://");
        return isWeb && withoutDefaultPort(own).equals(withoutDefaultPort(origin));
    }

    private static String withoutDefaultPort(String origin) {
        if (origin.startsWith("http://") && origin.endsWith(":80")) {
            return origin.substring(0, origin.length() - ":80".length());
        }
        if (origin.startsWith("https://") && origin.endsWith(":443")) {
            return origin.substring(0, origin.length() - ":443".length());
        }
        return origin;
    }
}
