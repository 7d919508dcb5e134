// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/**
 * Where listeners run, as a recipe: each endpoint that is given one starts a {@link TaskPool} of its own, which ends with it; {@link #start()} makes one
 * for several. Immutable.
 *
 * <table>
 * <caption>Which one</caption>
 * <tr><th>recipe</th><th>a listener may block</th><th>messages of one session</th></tr>
 * <tr><td>{@link #inline()}</td><td>no</td><td>in order</td></tr>
 * <tr><td>{@link #ordered()}, {@link #ordered(int)}</td><td>yes</td><td>in order; sessions run in parallel</td></tr>
 * <tr><td>{@link #virtualThreads()}</td><td>yes</td><td>in parallel</td></tr>
 * <tr><td>{@link #pool(int)}</td><td>yes, while workers are left</td><td>in parallel</td></tr>
 * </table>
 *
 * @param kind what kind of pool
 * @param workers how many threads; 0 for virtual ones
 * @param queues from how many queues they take tasks; 1 to {@code workers}
 * @param capacity how many tasks may wait, or with virtual threads be under way, in all; default 65,536
 * @param sessionCapacity how many of them may be one session's, in an ordered pool; default 1,024
 * @param policy what happens when there is no room; default {@link RejectionPolicy#BLOCK}
 * @param name the start of the threads' names; default {@code hawser-tasks}
 */
public record Tasks(
        Kind kind, int workers, int queues, int capacity, int sessionCapacity, RejectionPolicy policy, String name) {
    /** Kinds of pools. */
    public enum Kind {
        /** No pool: the session's loop. */
        INLINE,
        /** Workers that take any task. */
        POOL,
        /** A virtual thread for each task. */
        VIRTUAL,
        /** The tasks of one session one after another. */
        ORDERED
    }

    /** Checks the ranges. */
    public Tasks {
        if (workers < 0 || capacity < 1 || sessionCapacity < 1) {
            throw new IllegalArgumentException("Workers must not be negative, capacities must be positive");
        }
        if (queues < 0 || queues > workers) {
            throw new IllegalArgumentException("There must be 1 to " + workers + " queues: " + queues);
        }
    }

    private static Tasks of(Kind kind, int workers, int queues) {
        return new Tasks(kind, workers, queues, 65_536, 1024, RejectionPolicy.BLOCK, "hawser-tasks");
    }

    private static int requireWorkers(int workers) {
        if (workers < 1) {
            throw new IllegalArgumentException("There must be 1 worker at least: " + workers);
        }
        return workers;
    }

    /** Listeners run on the session's loop and must not block: the cheapest, and the default. */
    public static Tasks inline() {
        return of(Kind.INLINE, 0, 0);
    }

    /**
     * Each session's messages are handled one after another, in their order, on a virtual thread that lives while there are any: the listener may block,
     * and needs no locks for what belongs to its session.
     */
    public static Tasks ordered() {
        return of(Kind.ORDERED, 0, 0);
    }

    /**
     * As {@link #ordered()}, on a fixed number of threads, for listeners that compute more than they wait.
     *
     * @param workers how many; positive
     */
    public static Tasks ordered(int workers) {
        return of(Kind.ORDERED, requireWorkers(workers), 1);
    }

    /** Each message is handled on a virtual thread of its own; those of one session overtake each other. */
    public static Tasks virtualThreads() {
        return of(Kind.VIRTUAL, 0, 0);
    }

    /**
     * A fixed number of threads handle any message; those of one session overtake each other. They take their tasks from one queue;
     * {@link #withQueues} says otherwise.
     *
     * @param workers how many; positive
     */
    public static Tasks pool(int workers) {
        return of(Kind.POOL, requireWorkers(workers), 1);
    }

    /**
     * As this, with another number of queues, filled in turn: as many as workers give each its own, which is the least contention, and one slow task
     * holds up those behind it.
     *
     * @throws IllegalArgumentException unless it is 1 to {@link #workers()}, of a {@link #pool}
     */
    public Tasks withQueues(int count) {
        if (kind != Kind.POOL || count < 1) {
            throw new IllegalArgumentException("Only a pool has queues, at least 1: " + count);
        }
        return new Tasks(kind, workers, count, capacity, sessionCapacity, policy, name);
    }

    /** As this, with another bound on all tasks. */
    public Tasks withCapacity(int tasks) {
        return new Tasks(kind, workers, queues, tasks, Math.min(sessionCapacity, tasks), policy, name);
    }

    /** As this, with another bound on the tasks of one session. */
    public Tasks withSessionCapacity(int tasks) {
        return new Tasks(kind, workers, queues, capacity, tasks, policy, name);
    }

    /** As this, with another policy. */
    public Tasks withPolicy(RejectionPolicy value) {
        return new Tasks(kind, workers, queues, capacity, sessionCapacity, value, name);
    }

    /** As this, with other names of threads. */
    public Tasks withName(String value) {
        return new Tasks(kind, workers, queues, capacity, sessionCapacity, policy, value);
    }

    /** Starts a pool, for several endpoints; whoever starts it closes it. */
    public TaskPool start() {
        return switch (kind) {
            case INLINE -> InlineTasks.INSTANCE;
            case POOL -> new WorkerPool(this);
            case VIRTUAL -> new VirtualPool(this);
            case ORDERED -> new OrderedPool(this);
        };
    }
}
