// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

/** How a proxy chooses an upstream. */
enum Balance {
    /** One after another. */
    ROUND_ROBIN,
    /** The one with the fewest connections. */
    LEAST,
    /** By the client's address, so that a client stays with its upstream while that is healthy. */
    SOURCE
}
