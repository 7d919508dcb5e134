// SPDX-License-Identifier: Apache-2.0
/** The servers that Hawser is measured against, and a reader of what a JVM has allocated. */
@NullMarked
package io.hawser.bench.peers;

import org.jspecify.annotations.NullMarked;
