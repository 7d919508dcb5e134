// SPDX-License-Identifier: Apache-2.0
/** The console: a page that shows a running engine. */
@NullMarked
package io.hawser.console;

import org.jspecify.annotations.NullMarked;
