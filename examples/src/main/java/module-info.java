// SPDX-License-Identifier: Apache-2.0
/** Small whole programs. */
module io.hawser.examples {
    requires static org.jspecify;
    requires io.hawser;
    requires io.hawser.http;

    exports io.hawser.examples;
}
