// SPDX-License-Identifier: Apache-2.0
/** Small whole programs. */
module io.hawser.examples {
    requires static org.jspecify;
    requires transitive io.hawser;
    requires transitive io.hawser.http;
    requires io.hawser.websocket;

    exports io.hawser.examples;
}
