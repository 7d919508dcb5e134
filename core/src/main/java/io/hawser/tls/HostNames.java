// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

/** Names and addresses of hosts as text. Stateless. */
final class HostNames {
    private HostNames() {}

    /** Whether it is meant as the literal of an address, without brackets. */
    static boolean isAddress(String host) {
        return host.indexOf(':') >= 0 || host.matches("[0-9.]+");
    }

    /** Whether it is a name that may be sent as SNI (RFC 6066, 3). */
    static boolean isName(String host) {
        return !host.isEmpty() && !isAddress(host) && !host.endsWith(".");
    }
}
