// SPDX-License-Identifier: Apache-2.0
/** WebSocket sessions. */
module io.hawser.websocket {
    requires static org.jspecify;
    requires transitive io.hawser;
    requires transitive io.hawser.http;

    exports io.hawser.websocket;
}
