// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

/** Holds the place. */
final class Version {
    private Version() {}
}
