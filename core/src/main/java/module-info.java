// SPDX-License-Identifier: Apache-2.0
/** The engine. Exported are the API and the transport SPI; what is not stays inside. */
module io.hawser {
    // Not transitive: then users would need it to compile. So javac's lint keeps @Nullable out of the public API.
    requires static org.jspecify;
}
