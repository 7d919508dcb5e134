// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.buffer.Reader;
import io.hawser.log.Log;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Flushable;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.DatagramPort;
import io.hawser.transport.DatagramQueue;
import io.hawser.transport.DatagramSink;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.PeerAddress;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An endpoint over a transport's port. The loop's thread, but for what {@link DatagramEndpoint} allows to any. */
final class PortEndpoint implements DatagramEndpoint, DatagramSink, Flushable {
    private static final PeerAddress CONNECTED = new PeerAddress();

    private final Engine engine;
    private final EventLoop loop;
    private final DatagramOptions options;
    private final DatagramHandler handler;
    private final DatagramQueue outbound;
    private final Buffer inbound;
    /** Where the bytes of arrays become blocks. */
    private final Buffer copies;

    private final Datagram datagram;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private @Nullable DatagramPort port;
    private volatile @Nullable InetSocketAddress local;
    private volatile @Nullable InetSocketAddress remote;
    private volatile boolean open;
    private boolean ipv4;
    /** Whether the handler wants to receive. */
    private boolean wanted = true;
    /** Another process receives what comes to this socket. */
    private boolean held;

    private boolean flushing;
    private boolean refusedSince;
    private boolean closing;
    /** The handler knows of it: of one that was never open it hears nothing. */
    private boolean announced;

    private CloseCause cause = CloseCause.of(CloseCause.Kind.LOCAL);
    private long received;
    private long receivedBytes;
    private long truncatedCount;
    private long refused;
    private DatagramStats finalStats = DatagramStats.NONE;

    PortEndpoint(Engine engine, EventLoop loop, DatagramOptions options, DatagramHandler handler) {
        this.engine = engine;
        this.loop = loop;
        this.options = options;
        this.handler = handler;
        this.outbound = new DatagramQueue(options.maxQueuedDatagrams(), options.maxQueuedBytes());
        this.inbound = new Buffer(loop.blocks());
        this.copies = new Buffer(loop.blocks());
        this.datagram = new Datagram(this, inbound);
    }

    // ---- the beginning

    /** Binds; the address that is really bound. */
    InetSocketAddress bind(InetSocketAddress address) throws IOException {
        return open(loop.transport().bindDatagram(address, options, this));
    }

    /** Takes a socket over, and receives nothing before it is told to by {@link #hold}. */
    InetSocketAddress adopt(PassedSocket passed) throws IOException {
        held = true;
        return open(loop.transport().bindDatagram(passed, options, this));
    }

    void connect(InetSocketAddress address) throws IOException {
        remote = address;
        open(loop.transport().connectDatagram(address, options, this));
    }

    private InetSocketAddress open(DatagramPort made) throws IOException {
        final InetSocketAddress bound = made.localAddress();
        port = made;
        local = bound;
        ipv4 = bound.getAddress() instanceof Inet4Address;
        open = true;
        engine.opened(this);
        if (closing) {
            throw new IOException("The engine is closed");
        }
        announced = true;
        try {
            handler.onOpen(this);
        } catch (Throwable t) {
            close(CloseCause.of(CloseCause.Kind.ERROR, t));
            throw t instanceof IOException e ? e : new IOException("The handler failed: " + t.getMessage(), t);
        }
        applyReceiving();
        return bound;
    }

    // ---- receiving

    @Override
    public void received(Block payload, PeerAddress sender, boolean truncated) {
        final int length = payload.readableBytes();
        received++;
        receivedBytes += length;
        truncatedCount += truncated ? 1 : 0;
        inbound.appendBlock(payload);
        datagram.set(length, sender, truncated);
        try {
            handler.onDatagram(this, datagram);
        } catch (Throwable t) {
            report(t);
        } finally {
            inbound.skip(inbound.readableBytes());
            inbound.trim();
        }
    }

    @Override
    public void failed(IOException error) {
        if (!closing) {
            report(error);
        }
    }

    private void report(Throwable error) {
        try {
            handler.onError(this, error);
        } catch (Throwable t) {
            Log.log(System.Logger.Level.WARNING, "onError of " + this + " failed", t);
        }
    }

    // ---- sending

    @Override
    public boolean send(Reader payload) {
        requireConnected(true);
        return enqueue(payload, CONNECTED);
    }

    @Override
    public boolean send(byte[] payload) {
        requireConnected(true);
        return enqueue(payload, CONNECTED);
    }

    @Override
    public boolean send(Reader payload, PeerAddress to) {
        requireConnected(false);
        return enqueue(payload, to);
    }

    @Override
    public boolean send(byte[] payload, PeerAddress to) {
        requireConnected(false);
        return enqueue(payload, to);
    }

    boolean reply(Reader payload, PeerAddress to) {
        return enqueue(payload, to);
    }

    boolean reply(byte[] payload, PeerAddress to) {
        return enqueue(payload, to);
    }

    private void requireConnected(boolean wanted) {
        if (wanted != (remote != null)) {
            throw new IllegalStateException(
                    wanted
                            ? this + " is not connected: say to whom"
                            : this + " is connected, and talks with its peer only");
        }
    }

    private boolean enqueue(Reader payload, PeerAddress to) {
        final int length = (int) Math.min(Integer.MAX_VALUE, payload.readableBytes());
        if (!admits(length, to)) {
            return false;
        }
        if (!(payload instanceof Buffer buffer)) {
            throw new IllegalArgumentException("Not a reader of Hawser: " + payload.getClass());
        }
        return add(buffer, length, to);
    }

    private boolean enqueue(byte[] payload, PeerAddress to) {
        if (!admits(payload.length, to)) {
            return false;
        }
        try {
            copies.writeBytes(payload);
        } catch (PoolExhaustedException _) {
            return refuse();
        }
        try {
            return add(copies, payload.length, to);
        } finally {
            copies.skip(copies.readableBytes());
            copies.trim();
        }
    }

    private boolean admits(int length, PeerAddress to) {
        if (!loop.inLoop()) {
            throw new IllegalStateException("Datagrams are sent on the loop's thread only; go through execute()");
        }
        final boolean toIpv4 = remote == null ? to.isIpv4() : ipv4;
        if (remote == null && ipv4 && !toIpv4) {
            throw new IllegalArgumentException("An IPv4 socket, " + local + ", cannot send to " + to);
        }
        final int max = toIpv4 ? DatagramOptions.MAX_IPV4_PAYLOAD_BYTES : DatagramOptions.MAX_IPV6_PAYLOAD_BYTES;
        if (length > max) {
            throw new IllegalArgumentException(
                    "A datagram has at most " + max + " bytes, not " + (length == Integer.MAX_VALUE ? "more" : length));
        }
        return !closing && open && (outbound.hasRoom(length) || refuse());
    }

    private boolean refuse() {
        refused++;
        refusedSince = true;
        flushLater();
        return false;
    }

    private boolean add(Buffer payload, int length, PeerAddress to) {
        final Block block;
        try {
            block = payload.nextBlock(length);
        } catch (PoolExhaustedException _) {
            return refuse();
        }
        outbound.add(block, to);
        flushLater();
        return true;
    }

    private void flushLater() {
        if (!flushing) {
            flushing = true;
            loop.flushLater(this);
        }
    }

    @Override
    public void flush() {
        flushing = false;
        if (port != null && !closing && port.send(outbound)) {
            drained();
        }
    }

    @Override
    public void drained() {
        if (refusedSince && !closing && !outbound.isHalfFull()) {
            refusedSince = false;
            try {
                handler.onWritable(this);
            } catch (Throwable t) {
                report(t);
            }
        }
    }

    // ---- what a port does

    @Override
    public void join(InetAddress group, NetworkInterface networkInterface) throws IOException {
        requirePort().join(group, networkInterface);
    }

    @Override
    public void leave(InetAddress group, NetworkInterface networkInterface) throws IOException {
        requirePort().leave(group, networkInterface);
    }

    private DatagramPort requirePort() throws IOException {
        final DatagramPort open = port;
        if (!loop.inLoop()) {
            throw new IllegalStateException("This is for the loop's thread only; go through execute()");
        }
        if (open == null || closing) {
            throw new IOException("The endpoint is closed");
        }
        return open;
    }

    @Override
    public void pause() {
        receive(false);
    }

    @Override
    public void resume() {
        receive(true);
    }

    private void receive(boolean on) {
        if (!loop.inLoop()) {
            throw new IllegalStateException("This is for the loop's thread only; go through execute()");
        }
        wanted = on;
        applyReceiving();
    }

    /** Receives nothing, whatever is wanted, while another process has the socket. The loop's thread. */
    void hold(boolean on) {
        held = on;
        applyReceiving();
    }

    private void applyReceiving() {
        if (port != null && !closing) {
            port.receive(wanted && !held);
        }
    }

    /** A duplicate of its socket; none if it is closed. The loop's thread. */
    Optional<PassedSocket> duplicate() throws IOException {
        final DatagramPort bound = port;
        return bound == null || closing ? Optional.empty() : Optional.of(bound.duplicate());
    }

    // ---- the end

    @Override
    public void close() {
        closeOnLoop(CloseCause.Kind.LOCAL);
    }

    /** The engine is being closed. Any thread. */
    void shutdown() {
        closeOnLoop(CloseCause.Kind.SHUTDOWN);
    }

    private void closeOnLoop(CloseCause.Kind kind) {
        if (loop.inLoop()) {
            close(CloseCause.of(kind));
        } else if (open && !loop.executeAlways(() -> close(CloseCause.of(kind)))) {
            closed.complete(null);
        }
    }

    private void close(CloseCause why) {
        final DatagramPort bound = port;
        if (closing || bound == null) {
            return;
        }
        cause = why;
        // What a handler sent before it closed should go; errors of that concern nobody any more.
        closing = true;
        bound.send(outbound);
        outbound.clear();
        finalStats = currentStats();
        open = false;
        bound.close();
    }

    @Override
    public void closed() {
        // Not from within a callback that has just called close().
        if (!loop.executeAlways(this::finish)) {
            finish();
        }
    }

    private void finish() {
        engine.closed(this);
        inbound.close();
        copies.close();
        if (announced) {
            try {
                handler.onClose(this, cause);
            } catch (Throwable t) {
                Log.log(System.Logger.Level.WARNING, "onClose of " + this + " failed", t);
            }
        }
        closed.complete(null);
    }

    @Override
    public CompletableFuture<Void> closeFuture() {
        return closed;
    }

    // ---- what there is to know

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public InetSocketAddress localAddress() {
        final InetSocketAddress bound = local;
        if (bound == null) {
            throw new IllegalStateException("Not bound yet");
        }
        return bound;
    }

    @Override
    public Optional<InetSocketAddress> remoteAddress() {
        return Optional.ofNullable(remote);
    }

    @Override
    public CompletableFuture<DatagramStats> stats() {
        final CompletableFuture<DatagramStats> result = new CompletableFuture<>();
        if (loop.inLoop()) {
            result.complete(currentStats());
        } else if (!loop.executeAlways(() -> result.complete(currentStats()))) {
            // The loop has ended, which happens after all that it did.
            result.complete(finalStats);
        }
        return result;
    }

    private DatagramStats currentStats() {
        final DatagramPort bound = port;
        if (bound == null || !open) {
            return finalStats;
        }
        return new DatagramStats(
                received,
                receivedBytes,
                truncatedCount,
                bound.dropped(),
                outbound.sentCount(),
                outbound.sentBytes(),
                refused,
                outbound.failedCount());
    }

    @Override
    public DatagramOptions options() {
        return options;
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(task);
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public Engine engine() {
        return engine;
    }

    @Override
    public String toString() {
        return "udp " + local + (remote == null ? "" : " to " + remote);
    }
}
