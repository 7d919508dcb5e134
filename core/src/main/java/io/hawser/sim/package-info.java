// SPDX-License-Identifier: Apache-2.0
/**
 * Whole engines in one thread, on a simulated network: {@link io.hawser.sim.Simulation} gives loops their turns one at a time, in an
 * order that a seed determines, and moves the virtual time on when there is nothing to do. Handlers and all layers run unchanged.
 *
 * <p>Not exported, see {@code io.hawser.transport.sim}.
 */
@NullMarked
package io.hawser.sim;

import org.jspecify.annotations.NullMarked;
