// SPDX-License-Identifier: Apache-2.0
/** Messages as JSON. */
module io.hawser.json {
    requires static org.jspecify;
    requires transitive io.hawser;
    requires transitive tools.jackson.databind;

    exports io.hawser.json;
}
