// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;

/** Addresses of sockets as people read them. */
final class AddressText {
    private AddressText() {}

    /** {@code 127.0.0.1:7000}, {@code [::1]:7000}, or a path; empty if there is none. */
    static String of(Optional<SocketAddress> address) {
        return address.map(AddressText::of).orElse("");
    }

    private static String of(SocketAddress address) {
        if (address instanceof InetSocketAddress inet && inet.getAddress() != null) {
            final String host = inet.getAddress().getHostAddress();
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort();
        }
        return address.toString();
    }
}
