// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Chooses the loop that a newly accepted connection shall belong to for life.
 *
 * <p>Thread: called on the acceptor's loop, once per connection, and must neither block nor allocate. An instance belongs
 * to one listener. If that listener has several acceptors, their loops call it at the same time; the balancers made
 * here are safe for that, except {@link #random(RandomGenerator)} when its generator is not. Listeners that share their
 * port by {@code SO_REUSEPORT} need no balancer, as the kernel is theirs.
 *
 * <p>One's own strategy is a lambda. The caller checks the result: out of range, or with an exception, it is a failure of
 * the strategy and the connection is refused.
 */
@FunctionalInterface
public interface LoadBalancer {

    /** What a balancer may know of the loops' load. Valid during the call of {@link LoadBalancer#select} only. */
    @FunctionalInterface
    interface LoadView {
        /**
         * Returns how many connections a loop has. A connection counts from the moment that a loop was selected for it,
         * not only when that loop has taken it; otherwise all of a burst would be sent to the same loop.
         *
         * @param loop the loop's index, from 0
         * @return the number of open connections
         */
        int connections(int loop);
    }

    /**
     * Selects a loop.
     *
     * @param loops the number of loops, at least 1
     * @param load the load of each
     * @param sourceHash a number that depends on nothing but the peer's address (without its port), such as an IPv4
     *     address as an integer; it need not be well mixed. Where there is no such address, as for unix sockets, a number
     *     that differs from connection to connection
     * @return the loop's index, 0 to {@code loops - 1}
     */
    int select(int loops, LoadView load, long sourceHash);

    /**
     * One after the other. The default: even, and the cheapest.
     *
     * @return a new balancer; thread-safe
     */
    static LoadBalancer roundRobin() {
        var turn = new AtomicLong();
        return (loops, load, sourceHash) -> nextTurn(turn, loops);
    }

    /**
     * The loop with the fewest connections, and of equals one after the other. For connections of very different
     * lifetimes. Looks at every loop.
     *
     * @return a new balancer; thread-safe
     */
    static LoadBalancer leastConnections() {
        var turn = new AtomicLong();
        return (loops, load, sourceHash) -> {
            int first = nextTurn(turn, loops);
            int least = first;
            int leastConnections = load.connections(first);
            for (int i = 1; i < loops; i++) {
                int loop = first + i < loops ? first + i : first + i - loops;
                int connections = load.connections(loop);
                if (connections < leastConnections) {
                    least = loop;
                    leastConnections = connections;
                }
            }
            return least;
        };
    }

    /**
     * The same loop for the same source address, as long as the number of loops is the same, in every run of every
     * process. Uneven if few addresses make many connections, as behind a NAT or a proxy.
     *
     * @return a balancer; thread-safe
     */
    static LoadBalancer sourceHash() {
        return (loops, load, sourceHash) -> Mixing.toRange(Mixing.mix(sourceHash), loops);
    }

    /**
     * Each loop with equal probability, from a reproducible sequence. Unlike round-robin it is not in step with any
     * pattern in which connections arrive.
     *
     * @param seed determines the sequence
     * @return a new balancer; thread-safe
     */
    static LoadBalancer random(long seed) {
        var state = new AtomicLong(seed);
        return (loops, load, sourceHash) -> Mixing.toRange(Mixing.mix(state.addAndGet(Mixing.GOLDEN_GAMMA)), loops);
    }

    /**
     * Each loop with equal probability, from a generator of the caller's.
     *
     * @param generator the source of randomness
     * @return a new balancer; as thread-safe as the generator
     */
    static LoadBalancer random(RandomGenerator generator) {
        Objects.requireNonNull(generator, "generator");
        return (loops, load, sourceHash) -> generator.nextInt(loops);
    }

    private static int nextTurn(AtomicLong turn, int loops) {
        return (int) (turn.getAndIncrement() % loops);
    }
}
