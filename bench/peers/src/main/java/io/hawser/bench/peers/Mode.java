// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.net.InetSocketAddress;
import java.util.Locale;

/** What a peer does with what comes. */
enum Mode {
    /** TCP: the bytes go back as they come. */
    ECHO,
    /** TCP: frames of a length of 4 bytes, big-endian, and as many bytes; each is decoded, handed to a handler, and encoded. */
    FRAMED,
    /** UDP: each datagram goes back to where it came from. */
    UDP,
    /** HTTP/1.1: every request, whatever it asks for, is answered by {@link Hello}. */
    HTTP,
    /** WebSocket at {@link #PATH}: each message goes back, compressed if the client has asked for permessage-deflate. */
    WS,
    /** TLS 1.3: the bytes go back as they come. */
    TLS;

    /** Where {@link #WS} answers. */
    static final String PATH = "/echo";

    /** Where a server in this mode is reached. */
    String uri(InetSocketAddress address) {
        final String scheme = switch (this) {
            case ECHO, FRAMED -> "tcp";
            case UDP, HTTP, WS, TLS -> toString();
        };
        return scheme + "://" + address.getAddress().getHostAddress() + ":" + address.getPort()
                + (this == WS ? PATH : "");
    }

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
