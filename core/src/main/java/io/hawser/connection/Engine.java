// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BlockPool;
import io.hawser.log.Log;
import io.hawser.loop.Clock;
import io.hawser.loop.EventLoop;
import io.hawser.loop.IdleStrategy;
import io.hawser.loop.LoadBalancer;
import io.hawser.loop.LoopConfig;
import io.hawser.loop.LoopDriver;
import io.hawser.loop.LoopGroup;
import io.hawser.tls.Tls;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.TransportProvider;
import io.hawser.transport.TransportUnavailableException;
import io.hawser.transport.Transports;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

    /** How long what was told to end at once may take to be gone: so many times so long. */
    private static final int ABORT_WAITS = 50;

    private static final Duration ABORT_WAIT = Duration.ofMillis(100);

    private final Limits limits;
    private final Clock clock;
    private final LoopDriver driver;
    private final BlockPool pool;
    private final LoopGroup loops;
    private final List<LoopConnections> workers;
    private final List<LoopConnections> acceptorLoops;
    private final VirtualThreads virtualThreads;
    private final LoadBalancer dialBalancer = LoadBalancer.roundRobin();
    /** In the order in which they came. */
    private final List<Server> servers = new CopyOnWriteArrayList<>();

    private final List<DatagramServer> datagramServers = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable HotRestart> hotRestart = new AtomicReference<>();
    private final TransportProvider provider;
    private final String name;

    /** In the order in which they came, so that simulations repeat themselves. */
    private final Set<PortEndpoint> datagramEndpoints = Collections.synchronizedSet(new LinkedHashSet<>());

    private final Set<Runnable> closeActions = ConcurrentHashMap.newKeySet();
    private final List<Supplier<ServiceSnapshot>> services = new CopyOnWriteArrayList<>();
    private final AtomicLong connectionIds = new AtomicLong();
    private final long startedNs;
    private final LimitCounters limitCounters;
    private final SourceCounts sources;
    private final HandshakeSlots handshakes;
    private final Detachments detachments = new Detachments();
    private final ServingThreads servingThreads = new ServingThreads();
    private final EngineListener listener;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile EngineState state = EngineState.RUNNING;

    private Engine(Builder builder, TransportProvider provider) throws IOException {
        this.provider = provider;
        name = builder.name;
        limits = builder.limits;
        clock = builder.loop.clock();
        startedNs = clock.nanoTime();
        driver = builder.driver;
        virtualThreads = builder.virtualThreads;
        listener = builder.listener;
        pool = new BlockPool(limits.bufferMemoryBytes());
        limitCounters = new LimitCounters(pool);
        sources = new SourceCounts(limits.connectionsPerSource());
        handshakes = new HandshakeSlots(limits.handshakes(), limitCounters.handshakes);
        final LoopConfig config = builder.loop.withTaskCapacity(limits.tasksPerLoop());
        final TransportProvider opener = provider;
        final int count = builder.loops + (builder.dedicatedAcceptor ? 1 : 0);
        loops = new LoopGroup(
                count,
                i -> new EventLoop(
                        builder.name + (i < builder.loops ? "-loop-" + i : "-acceptor"),
                        driver,
                        opener,
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
            driver.await(loops.ended());
            pool.close();
            throw e;
        }
        // Whoever logs first, loads the logger; when descriptors have run out it is too late for that.
        Log.log(System.Logger.Level.DEBUG, "Engine " + builder.name + ": " + count + " loops over " + transport());
    }

    private void boot(Builder builder) throws IOException {
        try {
            pin(builder.cpus);
            listener.onBoot(this);
        } catch (Throwable t) {
            driver.await(closeAsync(Duration.ZERO));
            switch (t) {
                case IOException e -> throw e;
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> throw new IOException("onBoot: " + t.getMessage(), t);
            }
        }
        loops.loop(0).executeAlways(this::tick);
    }

    /** Loop {@code i} runs on CPU {@code cpus[i]}, from the start again where there are more loops. */
    private void pin(int[] cpus) throws IOException {
        for (int i = 0; i < loops.size() && cpus.length > 0; i++) {
            final int cpu = cpus[i % cpus.length];
            final EventLoop loop = loops.loop(i);
            Server.onLoop(this, loop, () -> {
                loop.transport().pin(cpu);
                return cpu;
            });
        }
    }

    private void tick() {
        try {
            final Duration delay = listener.onTick(this);
            if (delay.isPositive() && state == EngineState.RUNNING) {
                loops.loop(0).schedule(this::tick, delay);
            }
        } catch (RuntimeException e) {
            Log.log(System.Logger.Level.ERROR, "onTick failed and is not called again", e);
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
     * Listens; with TLS if {@code options} say so, as they have to of a {@code tls} address. When this returns, connections are accepted; if the socket is one of {@link #hotRestart}, from
     * {@link HotRestart#ready()} on. Not to be called on a loop.
     *
     * @throws java.net.BindException if the address is taken, not of this machine, or forbidden
     * @throws IOException for any other failure
     */
    public Server listen(Address address, ServerOptions options, ConnectionHandler handler) throws IOException {
        requireNoLoop("listen()");
        requireOpen();
        if (address.isUdp()) {
            throw new IllegalArgumentException(address + " is for datagrams: bind() it");
        }
        requireTlsFor(address, options.connections());
        final List<PassedSocket> inherited = inherited(address);
        final Server server = inherited.isEmpty()
                ? Server.listen(this, address, options, handler, acceptorLoops, workers)
                : Server.adopt(this, address, options, handler, acceptorLoops, workers, inherited);
        servers.add(server);
        if (!inherited.isEmpty()) {
            adopted(server.passing(), inherited.size());
        }
        if (closing.get()) {
            final var unused = server.stopListening();
        }
        return server;
    }

    private static void requireTlsFor(Address address, ConnectionOptions options) {
        if (options.tls().isPresent() ? options.tls().get().isClient() : address.isTls()) {
            throw new IllegalArgumentException(
                    address + " needs TLS of a server, which says who it is: ConnectionOptions.withTls(Tls.server()…)");
        }
    }

    /**
     * Listens on many addresses with one handler: on all of them, or on none.
     *
     * @return the servers, in the order of the addresses
     * @throws IOException as {@link #listen(Address, ServerOptions, ConnectionHandler)}, for the first address that fails
     */
    public List<Server> listen(List<Address> addresses, ServerOptions options, ConnectionHandler handler)
            throws IOException {
        final List<Server> listening = new ArrayList<>();
        try {
            for (Address address : addresses) {
                listening.add(listen(address, options, handler));
            }
            return List.copyOf(listening);
        } catch (IOException | RuntimeException e) {
            listening.forEach(Server::close);
            throw e;
        }
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
     * <p>One thread at a time reads and writes. While it waits for bytes or room, another one may call {@link Connection#close()} or
     * {@link Connection#abort()}: the wait ends with a {@link ConnectionClosedException}.
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
     * Connects; with TLS if {@code options} say so, or the address does, then with {@link Tls#defaultClient()}. Every address that a name
     * stands for is tried in turn. {@link ConnectionHandler#onOpen} is called before the result is
     * there; of a dial that fails the handler hears nothing.
     *
     * @return completes on the connection's loop; with an {@link IOException} if no address could be reached in time, of which it names
     *     the first failure, the others are suppressed ones. To cancel it gives the dial up: the socket is closed soon
     */
    public CompletableFuture<Connection> dial(Address address, ConnectionOptions options, ConnectionHandler handler) {
        final LoopConnections home = workers.get(
                dialBalancer.select(workers.size(), i -> workers.get(i).count(), 0));
        return dial(address, options, handler, home);
    }

    /**
     * As {@link #dial(Address, ConnectionOptions, ConnectionHandler)}, onto a loop of the caller's choice: connections of one loop hand bytes to
     * each other without a copy and without waiting.
     *
     * @param loop one of {@link #loops()}
     * @throws IllegalArgumentException if it is another engine's
     */
    public CompletableFuture<Connection> dial(
            Address address, ConnectionOptions options, ConnectionHandler handler, EventLoop loop) {
        for (LoopConnections worker : workers) {
            if (worker.loop() == loop) {
                return dial(address, options, handler, worker);
            }
        }
        throw new IllegalArgumentException("The loop " + loop + " is not one that serves connections of this engine");
    }

    private CompletableFuture<Connection> dial(
            Address address, ConnectionOptions options, ConnectionHandler handler, LoopConnections home) {
        if (address.isUdp()) {
            throw new IllegalArgumentException(address + " is for datagrams: connectDatagram() to it");
        }
        if (options.tls().isPresent() && !options.tls().get().isClient()) {
            throw new IllegalArgumentException("To dial " + address + " takes TLS of a client: Tls.client()");
        }
        final CompletableFuture<Connection> result = new CompletableFuture<>();
        final long deadlineNs = clock.nanoTime() + options.dialTimeout().toNanos();
        final boolean byDefault = address.isTls() && options.tls().isEmpty();
        if (address.needsResolver() || byDefault) {
            // The resolver blocks, and so do files; a loop must not wait for them.
            driver.execute("hawser-resolve", () -> {
                try {
                    final Endpoint endpoint =
                            new Endpoint(this, handler, byDefault ? options.withTls(Tls.defaultClient()) : options);
                    dial(address, endpoint, home, deadlineNs, result);
                } catch (IOException | RuntimeException e) {
                    result.completeExceptionally(e);
                }
            });
        } else {
            dial(address, new Endpoint(this, handler, options), home, deadlineNs, result);
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

    // ---- files

    /**
     * Opens a regular file for {@link Connection#sendFile}, as this engine's transport can send it best. It is not the engine's: whoever opens it closes
     * it.
     *
     * @param options {@link LinkOption#NOFOLLOW_LINKS} refuses a symbolic link, as the last name of the path
     * @throws java.nio.file.NoSuchFileException if there is none
     * @throws IOException for any other failure: no permission, no descriptor left, no regular file
     */
    public FileSource openFile(Path path, LinkOption... options) throws IOException {
        return new FileSource(path, provider.openFile(path, options));
    }

    // ---- sockets from elsewhere

    /**
     * Takes in what {@link Connection#detach} took out of this engine or another one: io_uring and epoll take each other's, NIO that of
     * NIO. The connection gets a loop as one that is dialled does, and counts towards {@link Limits}, also those of its source address
     * unless it was dialled. {@link ConnectionHandler#onOpen} is called before the result is there, and the first bytes that the handler
     * gets are {@link DetachedConnection#unread()}.
     *
     * @param detached has ended with this call, whatever the outcome: if it fails, the socket is closed
     * @param options sets what it says for the socket; what it leaves to the system stays as it is
     * @return completes on the connection's loop; with an {@link IOException} if a limit is reached, the engine closes, the handler refuses
     *     it, or the operating system does; with {@link UnsupportedOperationException} if the socket is none for this engine's transport
     * @throws IllegalStateException if {@code detached} had ended before
     */
    public CompletableFuture<Connection> adopt(
            DetachedConnection detached, ConnectionOptions options, ConnectionHandler handler) {
        return Adoption.of(detached, new Endpoint(this, handler, options), nextHome())
                .start();
    }

    /**
     * As {@link #adopt(DetachedConnection, ConnectionOptions, ConnectionHandler)}, of a channel of the JDK. Only over NIO: the other
     * transports need the descriptor, which the JDK does not tell.
     *
     * @param channel connected, TCP or unix, in whatever mode, registered with no selector; the engine's from now on unless this throws,
     *     so no longer to be used
     * @throws UnsupportedOperationException if the transport is not NIO
     * @throws IllegalArgumentException if it is closed, not connected, or registered
     */
    public CompletableFuture<Connection> adopt(
            SocketChannel channel, ConnectionOptions options, ConnectionHandler handler) {
        return Adoption.of(provider.adopt(channel), new Endpoint(this, handler, options), nextHome())
                .start();
    }

    /**
     * As {@link #adopt(DetachedConnection, ConnectionOptions, ConnectionHandler)}, of a file descriptor: one that the process has inherited,
     * or that other native code has made. Only over io_uring and epoll.
     *
     * @param descriptor of a connected stream socket, TCP or unix, which nobody else in the process uses; the engine's from now on unless
     *     this throws
     * @throws UnsupportedOperationException if the transport is neither io_uring nor epoll
     * @throws IllegalArgumentException if it is no such descriptor
     */
    public CompletableFuture<Connection> adopt(int descriptor, ConnectionOptions options, ConnectionHandler handler) {
        return Adoption.of(provider.adopt(descriptor), new Endpoint(this, handler, options), nextHome())
                .start();
    }

    /**
     * As {@link #adopt(DetachedConnection, ConnectionOptions, ConnectionHandler)}, in the blocking style: the handler runs on virtual
     * threads.
     */
    public CompletableFuture<Connection> serve(
            DetachedConnection detached, ConnectionOptions options, BlockingHandler handler) {
        return adopt(detached, options, new BlockingEndpoint(handler, virtualThreads))
                .thenApply(BlockingEndpoint::of);
    }

    /**
     * As {@link #adopt(DetachedConnection, ConnectionOptions, ConnectionHandler)}, for use in blocking code, as
     * {@link #dial(Address, ConnectionOptions)} gives it. It is the caller's to close. Not to be called on a loop.
     *
     * @throws IOException as the result of {@code adopt} says
     */
    public Connection adopt(DetachedConnection detached, ConnectionOptions options) throws IOException {
        requireNoLoop("adopt()");
        return BlockingEndpoint.connect(adopt(detached, options, new BlockingEndpoint(null, virtualThreads)));
    }

    // ---- datagrams

    /** As {@link #bind(Address, DatagramOptions, DatagramHandler)}, with the defaults. */
    public DatagramServer bind(String address, DatagramHandler handler) throws IOException {
        return bind(Address.parse(address), DatagramOptions.DEFAULT, handler);
    }

    /**
     * Binds a UDP address. When this returns, datagrams are received: on one loop, or with {@link DatagramOptions#reusePort()} on each, by
     * a socket of its own; if the socket is one of {@link #hotRestart}, from {@link HotRestart#ready()} on. Not to be called on a loop.
     *
     * @throws IllegalArgumentException if it is no {@code udp} address
     * @throws java.net.BindException if the address is taken, not of this machine, or forbidden
     * @throws IOException for any other failure
     */
    public DatagramServer bind(Address address, DatagramOptions options, DatagramHandler handler) throws IOException {
        requireOpen();
        requireUdp(address);
        final List<LoopConnections> homes = options.reusePort() ? workers : List.of(nextHome());
        final List<PassedSocket> inherited = inherited(address);
        final DatagramServer server = inherited.isEmpty()
                ? DatagramServer.bind(this, address, options, handler, homes)
                : DatagramServer.adopt(this, address, options, handler, homes, inherited);
        datagramServers.add(server);
        final var unused = server.closed().whenComplete((_, _) -> datagramServers.remove(server));
        if (!inherited.isEmpty()) {
            adopted(server.passing(), inherited.size());
        }
        return server;
    }

    /** As {@link #connectDatagram(Address, DatagramOptions, DatagramHandler)}, with the defaults. */
    public CompletableFuture<DatagramEndpoint> connectDatagram(String address, DatagramHandler handler) {
        return connectDatagram(Address.parse(address), DatagramOptions.DEFAULT, handler);
    }

    /**
     * A UDP socket that talks with one peer: datagrams of others are not received, and errors that the peer's side reports are told to
     * {@link DatagramHandler#onError}. Nothing is sent by connecting, so it succeeds whether anybody is there or not.
     *
     * @return completes on the endpoint's loop, after {@link DatagramHandler#onOpen}; with an {@link IOException} if the name is not known
     *     or there is no route
     * @throws IllegalArgumentException if it is no {@code udp} address
     */
    public CompletableFuture<DatagramEndpoint> connectDatagram(
            Address address, DatagramOptions options, DatagramHandler handler) {
        requireUdp(address);
        final CompletableFuture<DatagramEndpoint> result = new CompletableFuture<>();
        final PortEndpoint endpoint = new PortEndpoint(this, nextHome().loop(), options, handler);
        if (address.needsResolver()) {
            driver.execute("hawser-resolve", () -> connect(endpoint, address, result));
        } else {
            connect(endpoint, address, result);
        }
        return result;
    }

    private static void connect(PortEndpoint endpoint, Address address, CompletableFuture<DatagramEndpoint> result) {
        final InetSocketAddress remote;
        try {
            remote = (InetSocketAddress) address.resolve().getFirst();
        } catch (IOException | RuntimeException e) {
            result.completeExceptionally(e);
            return;
        }
        final boolean accepted = endpoint.loop().executeAlways(() -> {
            try {
                endpoint.connect(remote);
                result.complete(endpoint);
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        });
        if (!accepted) {
            result.completeExceptionally(new IOException("The engine is closed"));
        }
    }

    private LoopConnections nextHome() {
        return workers.get(
                dialBalancer.select(workers.size(), i -> workers.get(i).count(), 0));
    }

    private static void requireUdp(Address address) {
        if (!address.isUdp()) {
            throw new IllegalArgumentException(address + " is not for datagrams, as udp://127.0.0.1:7000 is");
        }
    }

    /** An endpoint has opened; the loop's thread. */
    void opened(PortEndpoint endpoint) {
        datagramEndpoints.add(endpoint);
        if (closing.get()) {
            endpoint.shutdown();
        }
    }

    /** An endpoint has closed; the loop's thread. */
    void closed(PortEndpoint endpoint) {
        datagramEndpoints.remove(endpoint);
    }

    private void closeDatagrams() {
        final PortEndpoint[] open = datagramEndpoints.toArray(PortEndpoint[]::new);
        for (PortEndpoint endpoint : open) {
            endpoint.shutdown();
        }
        final CompletableFuture<Void> all = CompletableFuture.allOf(
                Arrays.stream(open).map(PortEndpoint::closeFuture).toArray(CompletableFuture[]::new));
        if (!awaitAborted(all)) {
            Log.log(System.Logger.Level.ERROR, "UDP sockets could not be closed");
        }
    }

    // ---- restarts

    /**
     * Begins a restart without downtime: takes over the sockets of the process that serves at {@code path}, its predecessor, if there is
     * one, and else serves there itself. What is listened on or bound from now on uses the predecessor's socket of that address, if it
     * had one. Then {@link HotRestart#ready()} has the predecessor stop accepting, and offers this process's sockets to the next one.
     * Waits for the predecessor, so it is not to be called on a loop.
     *
     * @param path a unix socket, best in a directory that only this user may write to; only processes of the same user are talked to
     * @throws IOException if the path is taken by something else, if the process there belongs to another user, does not answer, or is not
     *     understood; if this transport cannot pass sockets, as {@code nio} cannot
     * @throws IllegalStateException if it was called before
     */
    public HotRestart hotRestart(Path path) throws IOException {
        return hotRestart(path, RestartTimes.DEFAULT);
    }

    HotRestart hotRestart(Path path, RestartTimes times) throws IOException {
        requireNoLoop("hotRestart()");
        requireOpen();
        if (hotRestart.get() != null) {
            throw new IllegalStateException("An engine has one restart");
        }
        final HotRestart made = HotRestart.begin(this, path, provider.passing(), times);
        if (!hotRestart.compareAndSet(null, made)) {
            made.close();
            throw new IllegalStateException("An engine has one restart");
        }
        if (closing.get()) {
            made.close();
            requireOpen();
        }
        return made;
    }

    /** The sockets of the predecessor for {@code address}, which are the caller's; empty if there are none. */
    private List<PassedSocket> inherited(Address address) throws IOException {
        final HotRestart restart = hotRestart.get();
        return restart == null ? List.of() : restart.claim(address);
    }

    private void adopted(Passing passing, int sockets) throws IOException {
        final HotRestart restart = hotRestart.get();
        if (restart != null) {
            restart.adopted(passing, sockets);
        }
    }

    /** All that a successor can take over now. */
    List<Passing> passings() {
        return Stream.concat(
                        servers.stream().map(Server::passing),
                        datagramServers.stream().map(DatagramServer::passing))
                .toList();
    }

    /** A successor serves in this engine's place, also for what it was not offered. */
    void stopListening() {
        for (Server server : servers) {
            final var unused = server.stopListening();
        }
        for (DatagramServer server : datagramServers) {
            server.endpoints().forEach(DatagramEndpoint::close);
        }
    }

    /** Runs {@code task} on another thread than a loop's, where it may take its time. Any thread. */
    void executeElsewhere(Runnable task) {
        driver.execute("hawser-task", task);
    }

    /** The start of its threads' names. */
    public String name() {
        return name;
    }

    // ---- the end

    /**
     * Lets connections end by themselves. They are served on as before; what is accepted meanwhile counts too, so it makes sense after
     * listening has ended.
     *
     * @return completes when no loop has a connection any more, on a loop or on the caller's thread; never if they do not end
     */
    public CompletableFuture<Void> drained() {
        return CompletableFuture.allOf(workers.stream()
                .map(worker -> {
                    final CompletableFuture<Void> none = new CompletableFuture<>();
                    if (!worker.loop().executeAlways(() -> worker.whenNone(none))) {
                        none.complete(null);
                    }
                    return none;
                })
                .toArray(CompletableFuture[]::new));
    }

    /**
     * Stops in the steps of {@link EngineState}: listening ends; connections send what is pending and close, as {@link Connection#close()}
     * does, those that are busy when they have finished; a peer that was sent all and keeps its side open is waited for for half a second;
     * what is left after {@code grace} is reset; UDP sockets close; the loops end; memory is given
     * back. A
     * handler may call it.
     *
     * @return completes when all is done; on a thread of its own
     */
    public CompletableFuture<Void> closeAsync(Duration grace) {
        if (closing.compareAndSet(false, true)) {
            driver.execute("hawser-close", () -> {
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

    /** One for each loop. */
    List<LoopConnections> workers() {
        return workers;
    }

    /** Closes those of a server that does not accept any more, in the steps of {@link #closeAsync}. Any thread; does not wait. */
    CompletableFuture<Void> closeConnections(ServerConnections server, Duration grace) {
        server.closing();
        final CompletableFuture<Void> gone = CompletableFuture.allOf(workers.stream()
                .map(worker -> {
                    final CompletableFuture<Void> here = new CompletableFuture<>();
                    if (!worker.loop().executeAlways(() -> worker.closeAll(server, here))) {
                        here.complete(null);
                    }
                    return here;
                })
                .toArray(CompletableFuture[]::new));
        if (gone.isDone()) {
            return gone;
        }
        final CompletableFuture<Void> done = new CompletableFuture<>();
        driver.execute("hawser-close", () -> {
            if (!await(gone, grace)) {
                workers.forEach(worker -> worker.loop().executeAlways(() -> worker.abortAll(server)));
                if (!awaitAborted(gone)) {
                    Log.log(System.Logger.Level.ERROR, "Connections of a server could not be closed");
                }
            }
            done.complete(null);
        });
        return done;
    }

    private void shutDown(Duration grace) {
        closeActions.forEach(Engine::tell);
        final HotRestart restart = hotRestart.get();
        if (restart != null) {
            driver.await(restart.closeAsync());
        }
        servers.forEach(server -> driver.await(server.stopListening()));
        enter(EngineState.NOT_ACCEPTING);
        workers.forEach(worker -> worker.loop().executeAlways(worker::closeAll));
        enter(EngineState.DRAINING);
        if (!await(emptied(), grace)) {
            enter(EngineState.FORCING);
            workers.forEach(worker -> worker.loop().executeAlways(worker::abortAll));
            if (!awaitAborted(emptied())) {
                Log.log(
                        System.Logger.Level.ERROR,
                        connectionCount() + " connections could not be closed, or their handlers do not end");
            }
        }
        closeDatagrams();
        loops.stop();
        driver.await(loops.ended());
        workers.forEach(worker -> worker.waker().end());
        try (pool) {
            detachments.closeAll();
        } finally {
            enter(EngineState.CLOSED);
            tell(() -> listener.onShutdown(this));
        }
    }

    private void enter(EngineState next) {
        state = next;
        tell(() -> listener.onState(this, next));
    }

    private static void tell(Runnable callback) {
        try {
            callback.run();
        } catch (RuntimeException e) {
            Log.log(System.Logger.Level.WARNING, "The listener of an engine failed", e);
        }
    }

    /** Completes when no connection is left, nor a handler that has closed its own and goes on. */
    private CompletableFuture<Void> emptied() {
        return CompletableFuture.allOf(
                        workers.stream().map(LoopConnections::emptied).toArray(CompletableFuture[]::new))
                .thenCompose(_ -> servingThreads.none());
    }

    /** Waits for what was told to end at once; whether it has. */
    private boolean awaitAborted(CompletableFuture<?> end) {
        // In pieces: when the clock jumps, as it does on a machine that was suspended, that ends one of them only.
        for (int i = 0; i < ABORT_WAITS; i++) {
            if (await(end, ABORT_WAIT)) {
                return true;
            }
        }
        return false;
    }

    private boolean await(CompletableFuture<?> end, Duration time) {
        try {
            return driver.await(end, time.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * Has {@code action} run when the engine begins to close, before it closes anything: for what would otherwise dial again whenever one of its
     * connections is closed. On the thread that closes the engine; it must not wait for the end of the engine.
     *
     * @return false if the engine is being closed already; {@code action} has run then, or is not run
     */
    public boolean addCloseAction(Runnable action) {
        closeActions.add(action);
        return !closing.get();
    }

    /** Takes back {@link #addCloseAction}. */
    public void removeCloseAction(Runnable action) {
        closeActions.remove(action);
    }

    /** As {@link #closeAsync} with {@link #DEFAULT_CLOSE_TIME}, and waits. Not to be called on a loop. */
    @Override
    public void close() {
        requireNoLoop("close()");
        await(closeAsync(DEFAULT_CLOSE_TIME));
    }

    /**
     * Waits until {@code future} is completed, in whichever way, as the engine's {@link LoopDriver} does. Not to be called on a loop.
     *
     * @return whether it is; false if the time has passed, or the thread was interrupted, which stays so
     */
    public boolean awaitDone(CompletableFuture<?> future, Duration timeout) {
        requireNoLoop("awaitDone()");
        return await(future, timeout);
    }

    /** Waits for {@code future}, as {@link CompletableFuture#join()} does, by the engine's {@link LoopDriver}. Not to be called on a loop. */
    public <T> T await(CompletableFuture<T> future) {
        driver.await(future);
        return future.join();
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
        return provider.name();
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

    /** How many connections have ended in one way. */
    public long connectionsClosed(CloseCause.Kind kind) {
        return workers.stream().mapToLong(worker -> worker.closes().count(kind)).sum();
    }

    /** How many connections loop {@code index} has. */
    public int connectionCount(int index) {
        return workers.get(index).count();
    }

    /** What it is at. */
    public EngineState state() {
        return state;
    }

    /** How often its limits were hit. */
    public LimitCounters limitCounters() {
        return limitCounters;
    }

    /** How many connections were closed at once since there were too many: {@link LimitCounters#connections()}. */
    public long refusedConnections() {
        return limitCounters.connections();
    }

    ServingThreads servingThreads() {
        return servingThreads;
    }

    SourceCounts sources() {
        return sources;
    }

    HandshakeSlots handshakes() {
        return handshakes;
    }

    /** Whether it is being closed, or is closed. */
    boolean isClosing() {
        return closing.get();
    }

    Detachments detachments() {
        return detachments;
    }

    /** The addresses on which it listens. */
    public List<Address> addresses() {
        return servers.stream().map(Server::address).toList();
    }

    // ---- seeing inside

    /**
     * How it stands. Reads counters and waits for nobody, so that it tells even of a loop that is held up. Any thread.
     */
    public EngineSnapshot snapshot() {
        final List<LoopSnapshot> seen = new ArrayList<>();
        for (LoopConnections worker : workers) {
            seen.add(LoopSnapshot.of(worker.loop(), worker.count()));
        }
        if (acceptorLoops != workers) {
            seen.add(LoopSnapshot.of(acceptorLoops.getFirst().loop(), 0));
        }
        final Map<CloseCause.Kind, Long> closes = new EnumMap<>(CloseCause.Kind.class);
        for (CloseCause.Kind kind : CloseCause.Kind.values()) {
            closes.put(kind, connectionsClosed(kind));
        }
        return new EngineSnapshot(
                name,
                transport(),
                state,
                Duration.ofNanos(Math.max(0, clock.nanoTime() - startedNs)),
                connectionCount(),
                limits.connections(),
                Stream.concat(
                                servers.stream().map(Server::address),
                                datagramServers.stream().map(DatagramServer::address))
                        .toList(),
                seen,
                pool.snapshot(),
                limitCounters.all(),
                closes,
                services.stream().map(Supplier::get).toList());
    }

    /**
     * A page of its connections. Each loop looks at its own, some in each turn, so that nothing is held up; what comes or goes meanwhile may
     * be missed. What it costs grows with their number. Any thread.
     *
     * @return completes on a loop, or on the caller's thread if the engine is closed
     */
    public CompletableFuture<ConnectionPage> connections(ConnectionQuery query) {
        return ofLoops(worker -> new ConnectionScan(worker, query).start())
                .thenApply(found -> ConnectionScan.page(query, found));
    }

    /**
     * The connection with a number, as {@link Connection#id()} told it: to close it, say. Any thread.
     *
     * @return completes on a loop, or on the caller's thread if the engine is closed; empty if there is none any more
     */
    public CompletableFuture<Optional<Connection>> connection(long id) {
        return ofLoops(worker -> new ConnectionSearch(worker, id).start())
                .thenApply(found -> found.stream().flatMap(Optional::stream).findFirst());
    }

    /**
     * The connections that were closed last, the latest first: up to 64 of each loop. Dials that failed are not among them. Any thread.
     *
     * @return completes on a loop, or on the caller's thread if the engine is closed, and is empty then
     */
    public CompletableFuture<List<ClosedConnection>> recentCloses() {
        return ofLoops(Engine::recentCloses)
                .thenApply(found -> found.stream()
                        .flatMap(List::stream)
                        .sorted(Comparator.comparing(ClosedConnection::ago))
                        .toList());
    }

    private static CompletableFuture<List<ClosedConnection>> recentCloses(LoopConnections worker) {
        final CompletableFuture<List<ClosedConnection>> closes = new CompletableFuture<>();
        final EventLoop loop = worker.loop();
        final boolean asked =
                loop.executeAlways(() -> closes.complete(worker.closes().entries(loop.name(), loop.clockNs())));
        if (!asked) {
            closes.complete(List.of());
        }
        return closes;
    }

    /** What each loop answers, in their order. */
    private <T> CompletableFuture<List<T>> ofLoops(Function<LoopConnections, CompletableFuture<T>> question) {
        final List<CompletableFuture<T>> answers =
                workers.stream().map(question).toList();
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .thenApply(_ -> answers.stream().map(CompletableFuture::join).toList());
    }

    /**
     * Has {@code service} seen in {@link #snapshot()}, until {@link #removeService}. Any thread.
     *
     * @param service asked for each snapshot, on whatever thread; it must not wait, nor throw
     */
    public void addService(Supplier<ServiceSnapshot> service) {
        services.add(service);
    }

    /** Takes back {@link #addService}. Any thread. */
    public void removeService(Supplier<ServiceSnapshot> service) {
        services.remove(service);
    }

    /** Its UDP servers, which count for themselves. */
    public List<DatagramServer> datagramServers() {
        return List.copyOf(datagramServers);
    }

    /** The memory of its buffers. */
    public BlockPool pool() {
        return pool;
    }

    /** A number that no other connection or session of this engine has or had. */
    public long nextConnectionId() {
        return connectionIds.incrementAndGet();
    }

    /**
     * Assigns one more connection to {@code target}, unless there are too many; one that was assigned is unassigned later. Any thread.
     * Of several that ask for the last place at once, it may be that none gets it.
     */
    boolean admit(LoopConnections target) {
        // Counted first, then looked at: else all who look at once would find the same last place.
        target.assigned();
        if (connectionCount() <= limits.connections()) {
            return true;
        }
        target.unassigned();
        limitCounters.connections.increment();
        return false;
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
        private LoopDriver driver = LoopDriver.threads();
        private UnaryOperator<TransportConfig> transportConfig = UnaryOperator.identity();
        private @Nullable TransportProvider provider;
        private EngineListener listener = EngineListener.NONE;
        private int[] cpus = {};

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

        /** Who is told what happens to the engine. */
        public Builder listener(EngineListener value) {
            listener = value;
            return this;
        }

        /**
         * Pins the thread of each loop to a CPU: that of loop {@code i} to {@code cpus[i]}, from the start again where there are more loops.
         * Default is none: the operating system places them. For io_uring and epoll; with another transport, and for a CPU that this
         * process may not use, the start fails.
         *
         * @param numbers from 0
         */
        public Builder cpus(int... numbers) {
            for (int cpu : numbers) {
                if (cpu < 0) {
                    throw new IllegalArgumentException("The number of a CPU must not be negative: " + cpu);
                }
            }
            cpus = numbers.clone();
            return this;
        }

        /**
         * Who runs the loops, and where they read the time; default {@link LoopDriver#threads()} and {@link Clock#system()}. For
         * simulations.
         */
        public Builder driver(LoopDriver value, Clock clock) {
            driver = value;
            loop = loop.withClock(clock);
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
         * @throws RuntimeException what {@link EngineListener#onBoot} throws
         */
        public Engine start() throws IOException {
            final Engine engine = open();
            engine.boot(this);
            return engine;
        }

        private Engine open() throws IOException {
            TransportProvider chosen = provider();
            while (true) {
                try {
                    return new Engine(this, chosen);
                } catch (TransportUnavailableException e) {
                    // Where the limit of locked memory has room for one small ring, it may not have it for those of all
                    // loops.
                    if (provider != null || !transportName.equals(Transports.AUTO)) {
                        throw e;
                    }
                    chosen = Transports.instead(chosen, e);
                }
            }
        }

        private TransportProvider provider() throws IOException {
            final TransportProvider own = provider;
            return own != null ? own : Transports.choose(transportName);
        }
    }
}
