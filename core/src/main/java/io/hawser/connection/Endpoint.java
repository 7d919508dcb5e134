// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/** What the connections of one server, or of one dial, have in common. Immutable; any thread. */
record Endpoint(Engine engine, ConnectionHandler handler, ConnectionOptions options) {
    Limits limits() {
        return engine.limits();
    }
}
