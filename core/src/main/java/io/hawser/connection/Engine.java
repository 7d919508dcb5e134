// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BlockPool;
import io.hawser.loop.EventLoop;
import io.hawser.loop.IdleStrategy;
import io.hawser.loop.LoadBalancer;
import io.hawser.loop.LoopConfig;
import io.hawser.loop.LoopGroup;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.TransportProvider;
import io.hawser.transport.Transports;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Loops, their memory, and what they serve. Any thread, unless a method says otherwise.
 *
 * <pre>{@code
 * try (Engine engine = Engine.builder().loops(2).start();
 *         Server server = engine.listen("tcp://127.0.0.1:0", c -> c.writer().append(c.reader()))) {
 *     System.out.println(server.address());
 *     server.join();
 * }
 * }</pre>
 */
public final class Engine implements AutoCloseable {
    /** How long {@link #close()} lets connections finish. */
    public static final Duration DEFAULT_CLOSE_TIME = Duration.ofSeconds(5);

    private static final Duration ABORT_TIME = Duration.ofSeconds(5);

    private final Limits limits;
    private final BlockPool pool;
    private final LoopGroup loops;
    private final List<LoopConnections> workers;
    private final List<LoopConnections> acceptorLoops;
    private final String transport;
    private final VirtualThreads virtualThreads;
    private final LoadBalancer dialBalancer = LoadBalancer.roundRobin();
    private final Set<Server> servers = ConcurrentHashMap.newKeySet();
    private final AtomicLong connectionIds = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    private Engine(Builder builder) throws IOException {
        final TransportProvider provider = builder.provider();
        limits = builder.limits;
        transport = provider.name();
        virtualThreads = builder.virtualThreads;
        pool = new BlockPool(limits.bufferMemoryBytes());
        final LoopConfig config = builder.loop.withTaskCapacity(limits.tasksPerLoop());
        final int count = builder.loops + (builder.dedicatedAcceptor ? 1 : 0);
        loops = new LoopGroup(
                count,
                i -> new EventLoop(
                        builder.name + (i < builder.loops ? "-loop-" + i : "-acceptor"),
                        provider,
                        builder.transportConfig,
                        config,
                        pool));
        workers = IntStream.range(0, builder.loops)
                .mapToObj(i -> new LoopConnections(loops.loop(i)))
                .toList();
        acceptorLoops = builder.dedicatedAcceptor ? List.of(new LoopConnections(loops.loop(builder.loops))) : workers;
        try {
            loops.start();
        } catch (IOException e) {
            loops.ended().join();
            pool.close();
            throw e;
        }
    }

    /** An engine to be set up and started. */
    public static Builder builder() {
        return new Builder();
    }

    // ---- what it serves

    /** As {@link #listen(Address, ServerOptions, ConnectionHandler)}, with the defaults. */
    public Server listen(String address, ConnectionHandler handler) throws IOException {
        return listen(Address.parse(address), ServerOptions.DEFAULT, handler);
    }

    /**
     * Listens. When this returns, connections are accepted. Not to be called on a loop.
     *
     * @throws java.net.BindException if the address is taken, not of this machine, or forbidden
     * @throws IOException for any other failure
     */
    public Server listen(Address address, ServerOptions options, ConnectionHandler handler) throws IOException {
        requireOpen();
        final Server server = Server.listen(this, address, options, handler, acceptorLoops, workers);
        servers.add(server);
        if (closing.get()) {
            final var unused = server.stopListening();
        }
        return server;
    }

    /** As {@link #serve(Address, ServerOptions, BlockingHandler)}, with the defaults. */
    public Server serve(String address, BlockingHandler handler) throws IOException {
        return serve(Address.parse(address), ServerOptions.DEFAULT, handler);
    }

    /**
     * As {@link #listen(Address, ServerOptions, ConnectionHandler)}, in the blocking style: the handler runs on virtual threads.
     *
     * @throws IOException as {@code listen}
     */
    public Server serve(Address address, ServerOptions options, BlockingHandler handler) throws IOException {
        return listen(address, options, new BlockingEndpoint(handler, virtualThreads));
    }

    /**
     * Connects, for use in blocking code: reads of the connection wait for bytes, writes for room. It is the caller's to close. Not to be
     * called on a loop.
     *
     * @throws IOException if no address could be reached in time, as {@link #dial(Address, ConnectionOptions, ConnectionHandler)} says
     */
    public Connection dial(Address address, ConnectionOptions options) throws IOException {
        requireNoLoop("dial()");
        return BlockingEndpoint.connect(dial(address, options, new BlockingEndpoint(null, virtualThreads)));
    }

    /** As {@link #dial(Address, ConnectionOptions, ConnectionHandler)}, with the defaults. */
    public CompletableFuture<Connection> dial(String address, ConnectionHandler handler) {
        return dial(Address.parse(address), ConnectionOptions.DEFAULT, handler);
    }

    /**
     * Connects. Every address that a name stands for is tried in turn. {@link ConnectionHandler#onOpen} is called before the result is
     * there; of a dial that fails the handler hears nothing.
     *
     * @return completes on the connection's loop; with an {@link IOException} if no address could be reached in time, of which it names
     *     the first failure, the others are suppressed ones
     */
    public CompletableFuture<Connection> dial(Address address, ConnectionOptions options, ConnectionHandler handler) {
        final LoopConnections home = workers.get(
                dialBalancer.select(workers.size(), i -> workers.get(i).count(), 0));
        return dial(address, options, handler, home);
    }

    private CompletableFuture<Connection> dial(
            Address address, ConnectionOptions options, ConnectionHandler handler, LoopConnections home) {
        final CompletableFuture<Connection> result = new CompletableFuture<>();
        final Endpoint endpoint = new Endpoint(this, handler, options);
        final long deadlineNs = System.nanoTime() + options.dialTimeout().toNanos();
        if (address.needsResolver()) {
            // The resolver blocks; a loop must not wait for it.
            Thread.ofVirtual().name("hawser-resolve").start(() -> dial(address, endpoint, home, deadlineNs, result));
        } else {
            dial(address, endpoint, home, deadlineNs, result);
        }
        return result;
    }

    private void dial(
            Address address,
            Endpoint endpoint,
            LoopConnections home,
            long deadlineNs,
            CompletableFuture<Connection> result) {
        final List<SocketAddress> resolved;
        try {
            if (connectionCount() >= limits.connections()) {
                throw new IOException("dial " + address + ": the engine has " + connectionCount()
                        + " connections, and the limit is " + limits.connections());
            }
            resolved = address.resolve();
        } catch (IOException | RuntimeException e) {
            result.completeExceptionally(e);
            return;
        }
        final Dial dial = new Dial(address, endpoint, home, resolved, deadlineNs, result);
        if (!home.loop().executeAlways(dial::start)) {
            result.completeExceptionally(new IOException("The engine is closed"));
        }
    }

    // ---- the end

    /**
     * Stops in steps: listening ends; connections send what is pending and close, as {@link Connection#close()} does; what is left after
     * {@code grace} is reset; the loops end; memory is given back.
     *
     * @return completes when all is done; on a thread of its own
     */
    public CompletableFuture<Void> closeAsync(Duration grace) {
        if (closing.compareAndSet(false, true)) {
            Thread.ofVirtual().name("hawser-close").start(() -> {
                try {
                    shutDown(grace);
                    closed.complete(null);
                } catch (Throwable t) {
                    closed.completeExceptionally(t);
                }
            });
        }
        return closed;
    }

    private void shutDown(Duration grace) {
        servers.forEach(server -> server.stopListening().join());
        workers.forEach(worker -> worker.loop().executeAlways(worker::closeAll));
        if (!emptied(grace)) {
            workers.forEach(worker -> worker.loop().executeAlways(worker::abortAll));
            if (!emptied(ABORT_TIME)) {
                StreamConnection.LOGGER.log(
                        System.Logger.Level.ERROR, connectionCount() + " connections could not be closed");
            }
        }
        loops.stop();
        loops.ended().join();
        pool.close();
    }

    private boolean emptied(Duration time) {
        try {
            CompletableFuture.allOf(
                            workers.stream().map(LoopConnections::emptied).toArray(CompletableFuture[]::new))
                    .get(time.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException | TimeoutException _) {
            return false;
        }
    }

    /** As {@link #closeAsync} with {@link #DEFAULT_CLOSE_TIME}, and waits. Not to be called on a loop. */
    @Override
    public void close() {
        requireNoLoop("close()");
        closeAsync(DEFAULT_CLOSE_TIME).join();
    }

    void requireNoLoop(String call) {
        for (EventLoop loop : loops.loops()) {
            if (loop.inLoop()) {
                throw new IllegalStateException(
                        call + " waits for the loops, so it is not to be called on one; use closeAsync()");
            }
        }
    }

    private void requireOpen() throws IOException {
        if (closing.get()) {
            throw new IOException("The engine is closed");
        }
    }

    // ---- what there is to know

    /** The name of the transport that its loops use. */
    public String transport() {
        return transport;
    }

    /** Its limits. */
    public Limits limits() {
        return limits;
    }

    /** Its loops, without a dedicated acceptor. */
    public List<EventLoop> loops() {
        return workers.stream().map(LoopConnections::loop).toList();
    }

    /** How many connections there are. */
    public int connectionCount() {
        int count = 0;
        for (LoopConnections worker : workers) {
            count += worker.count();
        }
        return count;
    }

    /** How many connections loop {@code index} has. */
    public int connectionCount(int index) {
        return workers.get(index).count();
    }

    /** How many connections were closed at once since there were too many. */
    public long refusedConnections() {
        return refused.get();
    }

    /** The addresses on which it listens. */
    public List<Address> addresses() {
        return servers.stream().map(Server::address).toList();
    }

    /** The memory of its buffers. */
    public BlockPool pool() {
        return pool;
    }

    long nextConnectionId() {
        return connectionIds.incrementAndGet();
    }

    void refused() {
        refused.incrementAndGet();
    }

    void serverClosed(Server server) {
        servers.remove(server);
    }

    /** Sets up an engine. Not thread-safe. */
    public static final class Builder {
        private String name = "hawser";
        private String transportName = Transports.AUTO;
        private int loops = Runtime.getRuntime().availableProcessors();
        private boolean dedicatedAcceptor;
        private Limits limits = Limits.DEFAULT;
        private LoopConfig loop = LoopConfig.DEFAULT;
        private VirtualThreads virtualThreads = VirtualThreads.JDK;
        private UnaryOperator<TransportConfig> transportConfig = UnaryOperator.identity();
        private @Nullable TransportProvider provider;

        private Builder() {}

        /** The start of the threads' names; default {@code hawser}. */
        public Builder name(String value) {
            name = value;
            return this;
        }

        /**
         * The transport: {@code io_uring}, {@code epoll}, {@code nio}, or {@code auto}, the default, for the best that works here.
         */
        public Builder transport(String value) {
            transportName = value;
            return this;
        }

        /** A transport of one's own, instead of one by name. */
        public Builder transport(TransportProvider value) {
            provider = value;
            return this;
        }

        /** How many loops; default one for each available processor. */
        public Builder loops(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("There must be at least 1 loop: " + count);
            }
            loops = count;
            return this;
        }

        /** Whether one more loop does nothing but accept; default off: a loop accepts and serves. */
        public Builder dedicatedAcceptor(boolean on) {
            dedicatedAcceptor = on;
            return this;
        }

        /** The bounds. */
        public Builder limits(Limits value) {
            limits = value;
            return this;
        }

        /** What loops do when there is nothing to do; default {@link IdleStrategy#block()}. */
        public Builder idle(IdleStrategy strategy) {
            loop = loop.withIdle(strategy);
            return this;
        }

        /** What carries the virtual threads of blocking handlers; default {@link VirtualThreads#JDK}. */
        public Builder virtualThreads(VirtualThreads value) {
            virtualThreads = value;
            return this;
        }

        /** Changes what transports are opened with, such as the size of the blocks to receive into. */
        public Builder transportConfig(UnaryOperator<TransportConfig> change) {
            transportConfig = change;
            return this;
        }

        /**
         * Starts the loops.
         *
         * @throws io.hawser.transport.TransportUnavailableException if the transport cannot run here
         * @throws IOException if the operating system has no resources left
         * @throws IllegalArgumentException if there is no transport of that name
         */
        public Engine start() throws IOException {
            return new Engine(this);
        }

        private TransportProvider provider() throws IOException {
            final TransportProvider own = provider;
            return own != null ? own : Transports.choose(transportName);
        }
    }
}
