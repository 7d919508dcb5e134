// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/** What the sessions of a client are at, all together. */
public enum ClientState {
    /** None is open. */
    DISCONNECTED,
    /** Some are open. */
    PARTIAL,
    /** All are open. */
    CONNECTED,
    /** None is open and none will be: the client was closed, or all tries of all its sessions have failed. */
    CLOSED
}
