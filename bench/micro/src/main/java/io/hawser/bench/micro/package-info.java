// SPDX-License-Identifier: Apache-2.0
/** Benchmarks of the parts, each next to those of others. A method {@code xByY} measures operation {@code x} of library {@code Y}. */
@NullMarked
package io.hawser.bench.micro;

import org.jspecify.annotations.NullMarked;
