// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

/** One value, which writes itself. */
@FunctionalInterface
interface JsonPart {
    void write(JsonWriter json);
}
