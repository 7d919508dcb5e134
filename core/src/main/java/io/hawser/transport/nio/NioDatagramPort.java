// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.buffer.Block;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.DatagramPort;
import io.hawser.transport.DatagramQueue;
import io.hawser.transport.DatagramSink;
import io.hawser.transport.PeerAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.nio.channels.SelectionKey;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A datagram channel: does what the selector says is possible and reports it as completed. The loop's thread only.
 *
 * <p>Each call of the sink may close this port or pause it, so the state is looked at again after each.
 */
final class NioDatagramPort implements DatagramPort, Selectable {
    /** Datagrams received in one turn, so that a flood does not starve the others. */
    private static final int DATAGRAMS_PER_TURN = 128;

    /** What was joined, by which it can be left. */
    private record Membership(InetAddress group, NetworkInterface networkInterface) {}

    private final NioTransport transport;
    private final DatagramChannel channel;
    private final SelectionKey key;
    private final InetSocketAddress local;
    private final boolean connected;
    /** On a socket of both families that is to have one: IPv4 senders are not heard. */
    private final boolean ipv6Only;

    private final int maxDatagramBytes;
    private final DatagramSink sink;
    private final Map<Membership, MembershipKey> memberships = new HashMap<>();
    private final ByteBuffer nothing = ByteBuffer.allocateDirect(0);
    private final PeerAddress peer = new PeerAddress();

    private boolean receiving;
    private @Nullable DatagramQueue pending;
    private boolean queued;
    private int readyOps;
    private int interestOps;
    private long dropped;
    private boolean closed;

    NioDatagramPort(
            NioTransport transport,
            DatagramChannel channel,
            SelectionKey key,
            InetSocketAddress local,
            boolean ipv6Only,
            DatagramOptions options,
            DatagramSink sink) {
        this.transport = transport;
        this.channel = channel;
        this.key = key;
        this.local = local;
        this.connected = channel.isConnected();
        this.ipv6Only = ipv6Only;
        this.maxDatagramBytes = options.maxDatagramBytes();
        this.sink = sink;
    }

    @Override
    public boolean mark(int ops) {
        readyOps |= ops;
        final boolean fresh = !queued;
        queued = true;
        return fresh;
    }

    @Override
    public int dispatch() {
        final int ops = readyOps;
        queued = false;
        readyOps = 0;
        int taken = 0;
        if ((ops & SelectionKey.OP_WRITE) != 0) {
            resumeSend();
            taken++;
        }
        if ((ops & SelectionKey.OP_READ) != 0) {
            taken += receiveSome();
        }
        return taken;
    }

    private void updateInterest() {
        final int wanted = (receiving ? SelectionKey.OP_READ : 0) | (pending != null ? SelectionKey.OP_WRITE : 0);
        if (wanted != interestOps && !closed) {
            interestOps = wanted;
            key.interestOps(wanted);
        }
    }

    // ---- receiving

    @Override
    public void receive(boolean on) {
        receiving = on;
        updateInterest();
    }

    private int receiveSome() {
        int taken = 0;
        while (receiving && !closed && taken < DATAGRAMS_PER_TURN) {
            // One byte more than may come, which tells a longer datagram from one that just fits.
            final Block block = transport.takeBlock(maxDatagramBytes + 1);
            try {
                if (block == null ? !discardOne() : !receiveOne(block)) {
                    return taken;
                }
            } catch (IOException e) {
                sink.failed(e);
            }
            taken++;
        }
        return taken;
    }

    private boolean receiveOne(Block block) throws IOException {
        final SocketAddress sender;
        final int length;
        try {
            final ByteBuffer buffer = block.byteBuffer(0, maxDatagramBytes + 1);
            sender = channel.receive(buffer);
            length = buffer.position();
        } catch (IOException e) {
            block.release();
            throw e;
        }
        if (!(sender instanceof InetSocketAddress inet)) {
            block.release();
            return false;
        }
        peer.set(inet);
        if (ipv6Only && peer.isIpv4()) {
            block.release();
        } else {
            block.received(Math.min(length, maxDatagramBytes));
            sink.received(block, peer, length > maxDatagramBytes);
        }
        return true;
    }

    /** There is no memory, and the JDK cannot tell what the kernel drops: so it is done and counted here. */
    private boolean discardOne() throws IOException {
        if (channel.receive(nothing) == null) {
            return false;
        }
        dropped++;
        return true;
    }

    // ---- sending

    @Override
    public boolean send(DatagramQueue outbound) {
        if (closed || pending != null) {
            return false;
        }
        if (sendAll(outbound)) {
            return true;
        }
        if (!closed) {
            pending = outbound;
            updateInterest();
        }
        return false;
    }

    private boolean sendAll(DatagramQueue queue) {
        int left = queue.size();
        boolean repeated = false;
        while (left > 0 && !closed) {
            try {
                if (!sendFirst(queue)) {
                    return false;
                }
                queue.sent(1);
                left--;
                repeated = false;
            } catch (IOException e) {
                // The answer to an earlier datagram; then this one has not been tried.
                if (e instanceof PortUnreachableException && !repeated) {
                    repeated = true;
                } else {
                    queue.failed();
                    left--;
                    repeated = false;
                }
                sink.failed(e);
            }
        }
        return true;
    }

    private boolean sendFirst(DatagramQueue queue) throws IOException {
        final Block payload = queue.payload(0);
        final ByteBuffer buffer = payload.byteBuffer(payload.start(), payload.end());
        if (connected) {
            // An empty write sends an empty datagram, and its result tells nothing.
            return channel.write(buffer) > 0 || payload.readableBytes() == 0;
        }
        final PeerAddress destination = queue.destination(0);
        try {
            return channel.send(buffer, destination.toSocketAddress()) > 0 || payload.readableBytes() == 0;
        } catch (IllegalArgumentException | UnsupportedOperationException e) {
            throw new IOException("send to " + destination + ": " + e.getMessage(), e);
        } catch (IOException e) {
            final SocketException named = new SocketException("send to " + destination + ": " + e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    private void resumeSend() {
        final DatagramQueue queue = pending;
        if (queue != null && sendAll(queue) && !closed) {
            pending = null;
            updateInterest();
            sink.drained();
        }
    }

    // ---- the rest

    @Override
    public void join(InetAddress group, NetworkInterface networkInterface) throws IOException {
        final Membership membership = new Membership(group, networkInterface);
        if (memberships.containsKey(membership)) {
            throw new SocketException("Joined before: " + group + " on " + networkInterface.getName());
        }
        try {
            memberships.put(membership, channel.join(group, networkInterface));
        } catch (IllegalArgumentException | IllegalStateException | UnsupportedOperationException e) {
            throw new IOException(
                    "join " + group.getHostAddress() + " on " + networkInterface.getName() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void leave(InetAddress group, NetworkInterface networkInterface) throws IOException {
        final MembershipKey membership = memberships.remove(new Membership(group, networkInterface));
        if (membership == null) {
            throw new SocketException("Not joined: " + group + " on " + networkInterface.getName());
        }
        membership.drop();
    }

    @Override
    public long dropped() {
        return dropped;
    }

    @Override
    public InetSocketAddress localAddress() {
        return local;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        pending = null;
        key.cancel();
        NioChannels.closeQuietly(channel);
        // The JDK keeps the descriptor, and with it the port, until the key has left the selector.
        transport.deregisterCancelled();
        sink.closed();
    }
}
