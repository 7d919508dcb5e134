// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

/**
 * Whom a client has dialled: what the peer's certificate has to be for, and what a session is kept under. Immutable.
 *
 * @param host a name or the literal of an address without brackets; empty where there is none, as of a unix socket
 * @param port 0 to 65,535
 */
record TlsPeer(String host, int port) {}
