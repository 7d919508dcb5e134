// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

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
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One loop's selector, and the queues of sockets that have something to do. The loop's thread only, but for
 * {@link #wakeup()}.
 *
 * <p>An interrupt of the loop's thread ends a wait, as {@code wakeup} does, and is cleared: kept, it would end every later
 * wait too, and the loop would spin.
 */
final class NioTransport implements Transport {
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** How long to wait at most while streams are waiting for a block, whose release nobody announces. */
    private static final long STARVING_WAIT_NS = NANOS_PER_MILLI;

    private final Selector selector;
    private final BlockCache blocks;
    private final int readBlockBytes;
    private final Consumer<SelectionKey> collector = this::collect;
    private final GatheringWriter writer = new GatheringWriter();
    private final ArrayDeque<Selectable> ready = new ArrayDeque<>();
    private final ArrayDeque<NioStream> starving = new ArrayDeque<>();
    private @Nullable Block spare;
    private boolean wakeupConsumed;

    /** Takes over {@code selector}. */
    NioTransport(Selector selector, TransportConfig config) {
        this.selector = selector;
        this.blocks = config.blocks();
        this.readBlockBytes = config.readBlockBytes();
        NioErrors.load();
    }

    @Override
    public String name() {
        return NioTransportProvider.NAME;
    }

    @Override
    public int dispatch() {
        int taken = feedStarving();
        // What sinks add meanwhile waits for the next turn.
        for (int count = ready.size(); count > 0; count--) {
            taken += ready.remove().dispatch();
        }
        return taken;
    }

    @Override
    public void await(long timeoutNs) {
        long boundNs = timeoutNs;
        if (wakeupConsumed || !ready.isEmpty()) {
            boundNs = 0;
        } else if (!starving.isEmpty()) {
            boundNs = Math.min(timeoutNs, STARVING_WAIT_NS);
        }
        wakeupConsumed = false;
        try {
            // Even without a wait the selector is called: it closes the descriptors of the sockets that were closed.
            if (boundNs <= 0) {
                selector.selectNow(collector);
            } else if (boundNs == Long.MAX_VALUE) {
                selector.select(collector);
            } else {
                selector.select(collector, roundUpToMillis(boundNs));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The selector failed", e);
        } finally {
            Thread.interrupted();
        }
    }

    @Override
    public void wakeup() {
        selector.wakeup();
    }

    @Override
    public ListenSocket listen(SocketAddress address, SocketOptions options, AcceptSink sink) throws IOException {
        ServerSocketChannel channel = NioChannels.server(address, options);
        try {
            SelectionKey key = channel.register(selector, 0);
            boolean ipv6Only = options.v6Only() && NioChannels.isDualStack(address);
            NioListener listener = new NioListener(this, channel, key, channel.getLocalAddress(), ipv6Only, sink);
            key.attach(listener);
            return listener;
        } catch (IOException | RuntimeException e) {
            NioChannels.closeQuietly(channel);
            throw e;
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws UnsupportedOperationException if it comes from a transport of another kind; it is closed then
     * @throws IllegalStateException if it was attached, taken or closed before
     */
    @Override
    public StreamSocket attach(AcceptedSocket accepted, SocketOptions options, StreamSink sink) throws IOException {
        if (!(accepted instanceof NioAccepted own)) {
            accepted.close();
            throw new UnsupportedOperationException(
                    "The nio transport attaches channels of the JDK, and this is none: " + accepted);
        }
        @Nullable SocketChannel channel = own.take();
        if (channel == null) {
            throw new IllegalStateException("The accepted socket was attached or closed before");
        }
        try {
            NioChannels.configure(channel, options);
            NioStream stream = register(channel, own.remoteAddress().orElse(null), sink);
            stream.startConnected();
            return stream;
        } catch (IOException | RuntimeException e) {
            NioChannels.closeQuietly(channel);
            throw e;
        }
    }

    @Override
    public StreamSocket connect(SocketAddress remote, SocketOptions options, StreamSink sink) throws IOException {
        SocketChannel channel = NioChannels.client(remote, options);
        try {
            NioStream stream = register(channel, remote, sink);
            stream.startConnecting(remote);
            return stream;
        } catch (IOException | RuntimeException e) {
            NioChannels.closeQuietly(channel);
            throw e;
        }
    }

    @Override
    public DatagramPort bindDatagram(InetSocketAddress local, DatagramOptions options, DatagramSink sink)
            throws IOException {
        final boolean ipv6Only = options.v6Only() && NioChannels.isDualStack(local);
        return datagramPort(NioChannels.datagram(local, options), ipv6Only, options, sink);
    }

    @Override
    public DatagramPort connectDatagram(InetSocketAddress remote, DatagramOptions options, DatagramSink sink)
            throws IOException {
        return datagramPort(NioChannels.datagramTo(remote, options), false, options, sink);
    }

    private DatagramPort datagramPort(
            DatagramChannel channel, boolean ipv6Only, DatagramOptions options, DatagramSink sink) throws IOException {
        try {
            SelectionKey key = channel.register(selector, 0);
            InetSocketAddress local = (InetSocketAddress) channel.getLocalAddress();
            NioDatagramPort port = new NioDatagramPort(this, channel, key, local, ipv6Only, options, sink);
            key.attach(port);
            return port;
        } catch (IOException | RuntimeException e) {
            NioChannels.closeQuietly(channel);
            throw e;
        }
    }

    private NioStream register(SocketChannel channel, @Nullable SocketAddress remote, StreamSink sink)
            throws IOException {
        SelectionKey key = channel.register(selector, 0);
        NioStream stream = new NioStream(this, channel, key, remote, sink);
        key.attach(stream);
        return stream;
    }

    /** {@inheritDoc} Sockets that were not closed lose their descriptors all the same, and their sinks hear nothing of it. */
    @Override
    public void close() {
        if (!selector.isOpen()) {
            return;
        }
        for (SelectionKey key : selector.keys()) {
            NioChannels.closeQuietly(key.channel());
        }
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException("The selector could not be closed", e);
        } finally {
            ready.clear();
            starving.clear();
            if (spare != null) {
                spare.release();
                spare = null;
            }
        }
    }

    /** How many sockets wait to be dispatched. */
    int readyCount() {
        return ready.size();
    }

    /** Has {@code socket} dispatched in the next {@link #dispatch()}. */
    void enqueue(Selectable socket, int ops) {
        if (socket.mark(ops)) {
            ready.add(socket);
        }
    }

    private void collect(SelectionKey key) {
        if (key.attachment() instanceof Selectable socket) {
            enqueue(socket, key.readyOps());
        }
    }

    /** Takes cancelled keys out of the selector now, so that their closed channels give their descriptors back. */
    void deregisterCancelled() {
        try {
            selector.selectNow(collector);
        } catch (IOException e) {
            throw new UncheckedIOException("The selector failed", e);
        }
        // selectNow has cleared a wakeup that came before it, if there was one.
        wakeupConsumed = true;
    }

    GatheringWriter writer() {
        return writer;
    }

    /** A block to receive into, or null while the pool is at its cap. */
    @Nullable
    Block takeBlock() {
        Block block = spare;
        spare = null;
        return block != null ? block : blocks.tryAcquire(readBlockBytes);
    }

    /** A block for {@code bytes}, or null while the pool is at its cap. */
    @Nullable
    Block takeBlock(int bytes) {
        return blocks.tryAcquire(bytes);
    }

    /** Takes a block back into which nothing was received. */
    void keepBlock(Block block) {
        if (spare == null) {
            spare = block;
        } else {
            block.release();
        }
    }

    /** Calls {@link NioStream#feed()} when there is a block again; in the order of the calls. */
    void starve(NioStream stream) {
        starving.add(stream);
    }

    private int feedStarving() {
        int taken = 0;
        for (int count = starving.size(); count > 0; count--) {
            NioStream first = starving.element();
            if (first.isHungry()) {
                Block block = takeBlock();
                if (block == null) {
                    break;
                }
                keepBlock(block);
            }
            starving.remove();
            taken += first.feed();
        }
        return taken;
    }

    private static long roundUpToMillis(long ns) {
        return ns / NANOS_PER_MILLI + (ns % NANOS_PER_MILLI == 0 ? 0 : 1);
    }
}
