// SPDX-License-Identifier: Apache-2.0
/**
 * The event loop: one thread that owns its connections, its timers and its queue of tasks.
 *
 * <p>A loop turn is a duty cycle: take completions from the transport, run due timers ({@link
 * io.hawser.loop.TimingWheel}), run a bounded number of tasks ({@link io.hawser.loop.LoopTask}), flush what was marked,
 * wait ({@link io.hawser.loop.IdleStrategy}). What is thread-confined in this package is confined to that thread; only
 * the task queue and its wake-up gate are touched from elsewhere. Time comes from a {@link io.hawser.loop.Clock}, so
 * that a simulation can own it.
 */
@NullMarked
package io.hawser.loop;

import org.jspecify.annotations.NullMarked;
