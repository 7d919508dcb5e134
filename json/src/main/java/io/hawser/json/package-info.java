// SPDX-License-Identifier: Apache-2.0
/** Messages as JSON, one a line: {@link io.hawser.json.JsonLines}. */
@NullMarked
package io.hawser.json;

import org.jspecify.annotations.NullMarked;
