// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.transport.AcceptSink;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.DatagramPort;
import io.hawser.transport.DatagramSink;
import io.hawser.transport.ListenSocket;
import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import io.hawser.transport.Transport;
import io.hawser.transport.TransportConfig;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One loop's way to a simulated network.
 *
 * <p>{@link #await} notes for how long the loop would wait, and returns at once; who drives the loop asks {@link #isReady()} when it is
 * time for the next turn.
 */
public final class SimTransport implements Transport {
    /** When, at the latest, a stream looks again for a block, whose release nobody announces. */
    private static final long STARVING_WAIT_NS = 10_000_000;

    private final SimHost host;
    private final SimNetwork network;
    private final BlockCache blocks;
    private final int readBlockBytes;
    private final String name;
    private final Set<SimReady> ready = new LinkedHashSet<>();
    private final ArrayDeque<SimReady> dispatching = new ArrayDeque<>();
    private int streams;
    private int listeners;
    private int ports;
    private boolean woken;
    private boolean closed;
    private long waitUntilNs;
    private boolean waiting;

    SimTransport(SimHost host, TransportConfig config) {
        this.host = host;
        this.network = host.network();
        this.blocks = config.blocks();
        this.readBlockBytes = config.readBlockBytes();
        this.name = host.nextTransportName();
    }

    @Override
    public String name() {
        return SimTransportProvider.NAME;
    }

    // ---- turns

    @Override
    public int dispatch() {
        woken = false;
        dispatching.addAll(ready);
        ready.clear();
        int taken = 0;
        for (SimReady next = dispatching.poll(); next != null; next = dispatching.poll()) {
            if (next.isDue() && network.strikes(SimFault.LATE_COMPLETION, next.toString())) {
                enqueue(next);
                continue;
            }
            taken += next.dispatch();
            if (next.isDue()) {
                enqueue(next);
            }
        }
        return taken;
    }

    @Override
    public void await(long timeoutNs) {
        long boundNs = timeoutNs;
        if (boundNs > 0 && network.strikes(SimFault.SPURIOUS_WAKEUP, name)) {
            boundNs = Math.min(boundNs, 1);
        }
        waiting = boundNs > 0;
        waitUntilNs = boundNs == Long.MAX_VALUE ? Long.MAX_VALUE : network.nowNs() + boundNs;
    }

    @Override
    public void wakeup() {
        if (!closed) {
            woken = true;
        }
    }

    /** Whether the wait of {@link #await} would be over by now. */
    public boolean isReady() {
        return woken || !ready.isEmpty() || waitUntilNs <= network.nowNs();
    }

    /** Until when the loop would wait if nothing happened; {@link Long#MAX_VALUE} for ever. */
    public long waitUntilNs() {
        return waitUntilNs;
    }

    /** Whether the last {@link #await} was a wait and not only a look. */
    public boolean isWaiting() {
        return waiting;
    }

    /** The name of the host and a number. */
    @Override
    public String toString() {
        return name;
    }

    // ---- sockets

    @Override
    public ListenSocket listen(SocketAddress address, SocketOptions options, AcceptSink sink) throws IOException {
        network.checkTurn(this, name);
        final InetSocketAddress local = host.bindable(address, options);
        listeners++;
        return new SimListener(this, host, local, options, sink);
    }

    /**
     * {@inheritDoc}
     *
     * @throws UnsupportedOperationException if it comes from a transport of another kind; it is closed then
     * @throws IllegalStateException if it was attached or closed before
     */
    @Override
    public StreamSocket attach(AcceptedSocket accepted, SocketOptions options, StreamSink sink) throws IOException {
        network.checkTurn(this, name);
        if (!(accepted instanceof SimAccepted own)) {
            accepted.close();
            throw new UnsupportedOperationException(
                    "The sim transport attaches simulated sockets, and this is none: " + accepted);
        }
        final SimSocket socket = own.take()
                .orElseThrow(() -> new IllegalStateException("The accepted socket was attached or closed before"));
        if (network.strikes(SimFault.ATTACH_FAILS, socket.toString())) {
            socket.close();
            throw new SocketException("epoll_ctl: No space left on device");
        }
        return stream(socket, sink, false);
    }

    @Override
    public StreamSocket connect(SocketAddress remote, SocketOptions options, StreamSink sink) throws IOException {
        network.checkTurn(this, name);
        if (!(remote instanceof InetSocketAddress inet)) {
            throw new ConnectException("connect to " + remote + ": only internet addresses are simulated");
        }
        if (network.strikes(SimFault.NO_DESCRIPTOR, name)) {
            throw new SocketException("socket: Too many open files");
        }
        final SimSocket socket = network.connect(host)
                .start(
                        inet,
                        network.bufferBytes(options.sendBufferBytes()),
                        network.bufferBytes(options.receiveBufferBytes()));
        return stream(socket, sink, true);
    }

    private SimStream stream(SimSocket socket, StreamSink sink, boolean connecting) {
        streams++;
        return new SimStream(this, socket, sink, connecting);
    }

    @Override
    public DatagramPort bindDatagram(InetSocketAddress local, DatagramOptions options, DatagramSink sink)
            throws IOException {
        return port(host.bindable(local, options), Optional.empty(), options, sink);
    }

    @Override
    public DatagramPort connectDatagram(InetSocketAddress remote, DatagramOptions options, DatagramSink sink)
            throws IOException {
        return port(host.nextEphemeral(), Optional.of(remote), options, sink);
    }

    private DatagramPort port(
            InetSocketAddress local, Optional<InetSocketAddress> remote, DatagramOptions options, DatagramSink sink)
            throws IOException {
        network.checkTurn(this, name);
        if (network.strikes(SimFault.NO_DESCRIPTOR, name)) {
            throw new SocketException("socket: Too many open files");
        }
        ports++;
        return new SimDatagramPort(this, host, local, remote, options, sink);
    }

    /** {@inheritDoc} Sockets that are open still are a violation of the contract. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ready.clear();
            if (streams > 0 || listeners > 0 || ports > 0) {
                network.violated(
                        name,
                        streams + " streams, " + listeners + " listeners and " + ports + " ports open at the close");
            }
        }
    }

    // ---- for sockets

    SimNetwork network() {
        return network;
    }

    void enqueue(SimReady socket) {
        if (!closed) {
            ready.add(socket);
        }
    }

    void streamClosed() {
        streams--;
    }

    void listenerClosed() {
        listeners--;
    }

    void portClosed() {
        ports--;
    }

    /** A block to receive into; null while there is none, and then the stream is to be enqueued again by {@link #starve}. */
    @Nullable
    Block takeBlock() {
        return takeBlock(readBlockBytes);
    }

    /** As {@link #takeBlock()}, of at least {@code bytes}. */
    @Nullable
    Block takeBlock(int bytes) {
        return network.strikes(SimFault.NO_BUFFER, name) ? null : blocks.tryAcquire(bytes);
    }

    /** Has {@code retry} look again after a while. */
    void starve(Runnable retry) {
        network.after(network.random().between(STARVING_WAIT_NS / 10, STARVING_WAIT_NS), retry);
    }
}
