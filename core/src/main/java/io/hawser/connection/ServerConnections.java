// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/** Those that one server has accepted, whoever handles them now. Their loops know which they are. Any thread. */
final class ServerConnections {
    private volatile boolean closing;

    /** From now on each is closed as soon as it is not busy. */
    void closing() {
        closing = true;
    }

    boolean isClosing() {
        return closing;
    }
}
