// SPDX-License-Identifier: Apache-2.0
/** Meters for Micrometer. */
module io.hawser.micrometer {
    requires static org.jspecify;
    requires transitive io.hawser;

    exports io.hawser.micrometer;
}
