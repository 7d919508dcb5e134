// SPDX-License-Identifier: Apache-2.0
/** Meters for Micrometer. */
@NullMarked
package io.hawser.micrometer;

import org.jspecify.annotations.NullMarked;
