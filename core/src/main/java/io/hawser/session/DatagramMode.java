// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/** What a session over datagrams is. */
enum DatagramMode {
    /** One peer of a socket that talks with anybody. */
    PEER,
    /** A whole socket, whose messages are {@link Addressed}. */
    SOCKET,
    /** A socket that is connected to its one peer. */
    CONNECTED
}
