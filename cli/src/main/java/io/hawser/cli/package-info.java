// SPDX-License-Identifier: Apache-2.0
/**
 * The command {@code hawser}. Every subcommand is one class; {@link io.hawser.cli.Main} knows them all and sees to it
 * that they fail alike: one line on standard error, exit code 2 for wrong usage and 1 for anything else.
 */
@NullMarked
package io.hawser.cli;

import org.jspecify.annotations.NullMarked;
