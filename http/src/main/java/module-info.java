// SPDX-License-Identifier: Apache-2.0
/** HTTP/1.1: server, client, patterns and files. */
module io.hawser.http {
    requires static org.jspecify;
    requires transitive io.hawser;

    exports io.hawser.http;
}
