// SPDX-License-Identifier: Apache-2.0
/** Small whole programs, each of which shows one thing. Each starts by its own {@code main}. */
@NullMarked
package io.hawser.examples;

import org.jspecify.annotations.NullMarked;
