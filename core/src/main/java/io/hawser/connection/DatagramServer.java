// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.DatagramOptions;
import io.hawser.transport.PassedSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** A bound UDP address, with one socket or one for each loop. Any thread. */
public final class DatagramServer implements AutoCloseable {
    private final Engine engine;
    private final Address asked;
    private final Address address;
    private final List<PortEndpoint> endpoints;
    private final Passing passing = new DatagramPassing();
    private final CompletableFuture<Void> closed;
    private volatile boolean closesEngine;

    private DatagramServer(Engine engine, Address asked, Address address, List<PortEndpoint> endpoints) {
        this.engine = engine;
        this.asked = asked;
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
        final DatagramOptions own = own(address, options);
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
        return new DatagramServer(engine, address, bound(address, local), endpoints);
    }

    /** One that uses sockets of another process, which are this one's now; it receives from {@link Passing#start()} on. */
    static DatagramServer adopt(
            Engine engine,
            Address address,
            DatagramOptions options,
            DatagramHandler handler,
            List<LoopConnections> homes,
            List<PassedSocket> sockets)
            throws IOException {
        final DatagramOptions own = own(address, options);
        final List<PortEndpoint> endpoints = new ArrayList<>();
        InetSocketAddress local = null;
        try {
            for (PassedSocket socket : sockets) {
                final LoopConnections home = homes.get(endpoints.size() % homes.size());
                final PortEndpoint endpoint = new PortEndpoint(engine, home.loop(), own, handler);
                local = Server.onLoop(engine, home.loop(), () -> endpoint.adopt(socket));
                endpoints.add(endpoint);
            }
        } catch (IOException | RuntimeException e) {
            endpoints.forEach(PortEndpoint::close);
            sockets.forEach(PassedSocket::close);
            throw e;
        }
        return new DatagramServer(engine, address, bound(address, Objects.requireNonNull(local)), endpoints);
    }

    private static DatagramOptions own(Address address, DatagramOptions options) {
        return options.toBuilder()
                .v6Only(options.v6Only() || address.isV6Only())
                .build();
    }

    private static Address bound(Address address, InetSocketAddress local) {
        return new Address(address.scheme(), local.getAddress().getHostAddress(), local.getPort(), "");
    }

    /** The address that is really bound, with the port that the system picked. */
    public Address address() {
        return address;
    }

    /** How it goes from process to process. */
    Passing passing() {
        return passing;
    }

    CompletableFuture<Void> closed() {
        return closed;
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

    private final class DatagramPassing implements Passing {
        @Override
        public Address asked() {
            return asked;
        }

        @Override
        public Address address() {
            return address;
        }

        @Override
        public List<PassedSocket> duplicate() throws IOException {
            final List<PassedSocket> duplicates = new ArrayList<>();
            try {
                for (PortEndpoint endpoint : endpoints) {
                    Server.onLoop(engine, endpoint.loop(), endpoint::duplicate).ifPresent(duplicates::add);
                }
                return duplicates;
            } catch (IOException | RuntimeException e) {
                duplicates.forEach(PassedSocket::close);
                throw e;
            }
        }

        @Override
        public CompletableFuture<Void> hold() {
            return onLoops(true);
        }

        @Override
        public CompletableFuture<Void> start() {
            return onLoops(false);
        }

        private CompletableFuture<Void> onLoops(boolean held) {
            return CompletableFuture.allOf(endpoints.stream()
                    .map(endpoint -> Passing.onLoop(endpoint.loop(), () -> endpoint.hold(held)))
                    .toArray(CompletableFuture[]::new));
        }

        @Override
        public void keep() {
            // A UDP socket leaves nothing behind.
        }

        @Override
        public CompletableFuture<Void> release() {
            endpoints.forEach(PortEndpoint::close);
            return closed;
        }
    }
}
