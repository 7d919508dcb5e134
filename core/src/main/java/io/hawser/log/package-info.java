// SPDX-License-Identifier: Apache-2.0
/** How the layers above the loop log. Not exported. */
@NullMarked
package io.hawser.log;

import org.jspecify.annotations.NullMarked;
