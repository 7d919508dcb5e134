// SPDX-License-Identifier: Apache-2.0
/** The entry to Hawser: the one class that a first program needs. */
@NullMarked
package io.hawser;

import org.jspecify.annotations.NullMarked;
