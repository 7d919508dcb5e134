// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.util.Objects;

/**
 * How a loop runs.
 *
 * @param idle what it does when there is nothing to do
 * @param taskCapacity how many tasks may wait in its queue; more are rejected
 * @param tasksPerTurn how many of them it runs before it looks at the network again
 * @param timersPerTurn how many due timers it fires before it looks at the network again
 * @param clock where it reads the time
 */
public record LoopConfig(IdleStrategy idle, int taskCapacity, int tasksPerTurn, int timersPerTurn, Clock clock) {
    /** Blocks when idle; 65,536 tasks may wait; 256 tasks and 1,024 timers a turn; the system's clock. */
    public static final LoopConfig DEFAULT = new LoopConfig(IdleStrategy.block(), 65_536, 256, 1024, Clock.system());

    /** Checks the ranges: all numbers are at least 1. */
    public LoopConfig {
        Objects.requireNonNull(idle, "idle");
        Objects.requireNonNull(clock, "clock");
        if (taskCapacity < 1 || tasksPerTurn < 1 || timersPerTurn < 1) {
            throw new IllegalArgumentException("Must be at least 1: taskCapacity " + taskCapacity + ", tasksPerTurn "
                    + tasksPerTurn + ", timersPerTurn " + timersPerTurn);
        }
    }

    /** As this, with another idle strategy. */
    public LoopConfig withIdle(IdleStrategy strategy) {
        return new LoopConfig(strategy, taskCapacity, tasksPerTurn, timersPerTurn, clock);
    }

    /** As this, with another bound on waiting tasks, at least 1. */
    public LoopConfig withTaskCapacity(int tasks) {
        return new LoopConfig(idle, tasks, tasksPerTurn, timersPerTurn, clock);
    }

    /** As this, with another source of time. */
    public LoopConfig withClock(Clock source) {
        return new LoopConfig(idle, taskCapacity, tasksPerTurn, timersPerTurn, source);
    }
}
