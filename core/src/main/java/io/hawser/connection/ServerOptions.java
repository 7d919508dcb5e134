// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.LoadBalancer;
import java.util.function.Supplier;

/**
 * How a server accepts. Immutable; start from {@link #DEFAULT} and change with the {@code with…} methods.
 *
 * @param connections how the accepted connections behave
 * @param balancer makes what chooses a loop for each connection, for this server alone; default round-robin
 * @param reusePort whether every loop listens for itself and the kernel spreads the connections (SO_REUSEPORT); then there is no
 *     hand-over and no balancer. TCP only; a unix server accepts on one loop. Default off
 */
public record ServerOptions(ConnectionOptions connections, Supplier<LoadBalancer> balancer, boolean reusePort) {
    /** The defaults as given above. */
    public static final ServerOptions DEFAULT =
            new ServerOptions(ConnectionOptions.DEFAULT, LoadBalancer::roundRobin, false);

    /** As this, with other options of connections. */
    public ServerOptions withConnections(ConnectionOptions options) {
        return new ServerOptions(options, balancer, reusePort);
    }

    /** As this, with another balancer. */
    public ServerOptions withBalancer(Supplier<LoadBalancer> factory) {
        return new ServerOptions(connections, factory, reusePort);
    }

    /** As this, with a listening socket for each loop, or one for all. */
    public ServerOptions withReusePort(boolean on) {
        return new ServerOptions(connections, balancer, on);
    }
}
