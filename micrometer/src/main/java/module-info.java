// SPDX-License-Identifier: Apache-2.0
/** Meters for Micrometer. */
// Micrometer has no module descriptor, but a name that it keeps; who uses this module uses its registries.
@SuppressWarnings("requires-transitive-automatic")
module io.hawser.micrometer {
    requires static org.jspecify;
    requires transitive io.hawser;
    requires transitive micrometer.core;

    exports io.hawser.micrometer;
}
