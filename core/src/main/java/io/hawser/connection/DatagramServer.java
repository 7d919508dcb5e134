// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.DatagramOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A bound UDP address, with one socket or one for each loop. Any thread. */
public final class DatagramServer implements AutoCloseable {
    private final Engine engine;
    private final Address address;
    private final List<PortEndpoint> endpoints;
    private final CompletableFuture<Void> closed;
    private volatile boolean closesEngine;

    private DatagramServer(Engine engine, Address address, List<PortEndpoint> endpoints) {
        this.engine = engine;
        this.address = address;
        this.endpoints = List.copyOf(endpoints);
        this.closed = CompletableFuture.allOf(
                endpoints.stream().map(PortEndpoint::closeFuture).toArray(CompletableFuture[]::new));
    }

    static DatagramServer bind(
            Engine engine,
            Address address,
            DatagramOptions options,
            DatagramHandler handler,
            List<LoopConnections> homes)
            throws IOException {
        final DatagramOptions own = options.toBuilder()
                .v6Only(options.v6Only() || address.isV6Only())
                .build();
        InetSocketAddress local = (InetSocketAddress) address.resolve().getFirst();
        final List<PortEndpoint> endpoints = new ArrayList<>();
        try {
            for (LoopConnections home : homes) {
                final PortEndpoint endpoint = new PortEndpoint(engine, home.loop(), own, handler);
                final InetSocketAddress wanted = local;
                // With port 0 the first loop finds out the port that the others bind, too.
                local = Server.onLoop(engine, home.loop(), () -> endpoint.bind(wanted));
                endpoints.add(endpoint);
            }
        } catch (IOException | RuntimeException e) {
            endpoints.forEach(PortEndpoint::close);
            throw e;
        }
        final Address bound = new Address(address.scheme(), local.getAddress().getHostAddress(), local.getPort(), "");
        return new DatagramServer(engine, bound, endpoints);
    }

    /** The address that is really bound, with the port that the system picked. */
    public Address address() {
        return address;
    }

    /** Its sockets. */
    public List<DatagramEndpoint> endpoints() {
        return List.copyOf(endpoints);
    }

    /** The engine that runs it. */
    public Engine engine() {
        return engine;
    }

    /** What its sockets have done so far. */
    public CompletableFuture<DatagramStats> stats() {
        CompletableFuture<DatagramStats> sum = CompletableFuture.completedFuture(DatagramStats.NONE);
        for (PortEndpoint endpoint : endpoints) {
            sum = sum.thenCombine(endpoint.stats(), DatagramStats::plus);
        }
        return sum;
    }

    /** Makes the engine end with this server, for an engine that was started for it alone. */
    public void closesEngine() {
        closesEngine = true;
    }

    /** Waits until it is closed. */
    public void join() {
        engine.await(closed);
    }

    /** Closes its sockets; completes when the address is free again. */
    public CompletableFuture<Void> closeAsync() {
        endpoints.forEach(PortEndpoint::close);
        return closesEngine ? closed.thenCompose(_ -> engine.closeAsync(Engine.DEFAULT_CLOSE_TIME)) : closed;
    }

    /** As {@link #closeAsync()}, and waits. Not to be called on a loop. */
    @Override
    public void close() {
        engine.requireNoLoop("close()");
        engine.await(closeAsync());
    }
}
