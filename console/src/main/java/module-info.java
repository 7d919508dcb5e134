// SPDX-License-Identifier: Apache-2.0
/** The console: a page that shows a running engine. */
module io.hawser.console {
    requires static org.jspecify;
    requires transitive io.hawser;
    requires transitive io.hawser.http;
    requires transitive io.hawser.websocket;

    exports io.hawser.console;
}
