// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.buffer.Block;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.DatagramPort;
import io.hawser.transport.DatagramQueue;
import io.hawser.transport.DatagramSink;
import io.hawser.transport.PeerAddress;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket: a receive buffer that throws away what does not fit, and a send buffer that is full now and then. What is sent is the
 * network's at once; it may be lost, come twice, and overtake what was sent before.
 *
 * <p>Each call of the sink may close this port or pause it, so the state is looked at again after each.
 */
final class SimDatagramPort implements DatagramPort, SimReady {
    /** Datagrams received in one turn. */
    private static final int RECEIVES_PER_TURN = 16;

    private enum State {
        OPEN,
        CLOSING,
        CLOSED
    }

    private static final class Arrived {
        final InetSocketAddress from;
        final byte[] payload;

        Arrived(InetSocketAddress from, byte[] payload) {
            this.from = from;
            this.payload = payload;
        }
    }

    private final SimTransport transport;
    private final SimNetwork network;
    private final SimHost host;
    private final InetSocketAddress local;
    private final Optional<InetSocketAddress> remote;
    private final DatagramOptions options;
    private final DatagramSink sink;
    private final int capacityBytes;
    private final ArrayDeque<Arrived> arrived = new ArrayDeque<>();
    private final Set<InetAddress> groups = new HashSet<>();
    private final PeerAddress sender = new PeerAddress();
    private State state = State.OPEN;
    private int arrivedBytes;
    private long dropped;
    private boolean receiving;
    /** How many datagrams had been taken before a pause, and are delivered all the same. */
    private int promised;
    /** No block was to be had: not before the retry. */
    private boolean starving;
    /** No room to send, until the network says so. */
    private boolean full;
    /** The sink is to be told when all is sent. */
    private boolean blocked;

    private @Nullable DatagramQueue outbound;
    private @Nullable IOException error;

    SimDatagramPort(
            SimTransport transport,
            SimHost host,
            InetSocketAddress local,
            Optional<InetSocketAddress> remote,
            DatagramOptions options,
            DatagramSink sink) {
        this.transport = transport;
        this.network = transport.network();
        this.host = host;
        this.local = local;
        this.remote = remote;
        this.options = options;
        this.sink = sink;
        this.capacityBytes = network.bufferBytes(options.receiveBufferBytes());
        network.socketOpened();
        host.add(this);
    }

    // ---- for the network

    int port() {
        return local.getPort();
    }

    boolean sharesPort() {
        return options.reusePort();
    }

    boolean isConnected() {
        return remote.isPresent();
    }

    /** Whether it takes what {@code from} sends. */
    boolean hears(InetSocketAddress from) {
        return remote.isEmpty() || remote.get().equals(from);
    }

    boolean isMember(InetAddress group) {
        return groups.contains(group);
    }

    void arrives(InetSocketAddress from, byte[] payload) {
        if (!arrived.isEmpty() && arrivedBytes + payload.length > capacityBytes) {
            dropped++;
            network.trace(toString(), "datagram dropped", payload.length);
            return;
        }
        arrived.add(new Arrived(from, payload));
        arrivedBytes += payload.length;
        network.trace(toString(), "datagram arrives", payload.length);
        wake();
    }

    /** ICMP: what was sent found nobody. Only a connected socket is told. */
    void unreachable() {
        if (isConnected()) {
            error = new PortUnreachableException("Connection refused");
            wake();
        }
    }

    // ---- readiness

    private void wake() {
        if (isDue()) {
            transport.enqueue(this);
        }
    }

    @Override
    public boolean isDue() {
        return switch (state) {
            case OPEN -> error != null || canReceive() || (blocked && !full);
            case CLOSING -> true;
            case CLOSED -> false;
        };
    }

    private boolean canReceive() {
        return (receiving || promised > 0) && !starving && !arrived.isEmpty();
    }

    @Override
    public int dispatch() {
        return switch (state) {
            case OPEN -> reportError() + exchange();
            case CLOSING -> finishClose();
            case CLOSED -> 0;
        };
    }

    private int reportError() {
        final IOException reported = error;
        if (reported == null) {
            return 0;
        }
        error = null;
        sink.failed(reported);
        return 1;
    }

    private int exchange() {
        return network.random().chance(0.5) ? receiveSome() + sendOn() : sendOn() + receiveSome();
    }

    // ---- receiving

    @Override
    public void receive(boolean on) {
        network.checkTurn(transport, toString());
        if (receiving && !on && network.strikes(SimFault.LATE_PAUSE, toString())) {
            promised = network.random().between(0, arrived.size());
        }
        receiving = on;
        wake();
    }

    private int receiveSome() {
        int taken = 0;
        while (state == State.OPEN && canReceive() && taken < RECEIVES_PER_TURN) {
            final Block block = transport.takeBlock(options.maxDatagramBytes());
            if (block == null) {
                starving = true;
                transport.starve(this::retry);
                break;
            }
            final Arrived next = arrived.remove();
            arrivedBytes -= next.payload.length;
            promised = Math.max(0, promised - 1);
            final int length = Math.min(next.payload.length, options.maxDatagramBytes());
            MemorySegment.copy(next.payload, 0, block.memory(), ValueLayout.JAVA_BYTE, 0, length);
            block.received(length);
            sender.set(next.from);
            network.active();
            network.trace(toString(), "datagram received", length);
            taken++;
            sink.received(block, sender, length < next.payload.length);
        }
        return taken;
    }

    private void retry() {
        starving = false;
        wake();
    }

    // ---- sending

    @Override
    public boolean send(DatagramQueue queue) {
        network.checkTurn(transport, toString());
        if (state != State.OPEN) {
            network.violated(toString(), "send while " + state);
            return false;
        }
        if (outbound != null && outbound != queue) {
            network.violated(toString(), "a second queue");
        }
        outbound = queue;
        blocked = full || !sendAll(queue);
        return !blocked;
    }

    /** Whether all is sent. */
    private boolean sendAll(DatagramQueue queue) {
        while (state == State.OPEN && !queue.isEmpty()) {
            if (network.strikes(SimFault.FULL_BUFFER, toString())) {
                full = true;
                network.after(network.random().between(1_000L, 2_000_000L), this::room);
                return false;
            }
            if (network.strikes(SimFault.DATAGRAM_REFUSED, toString())) {
                queue.failed();
                sink.failed(new SocketException("send: Operation not permitted"));
                continue;
            }
            final InetSocketAddress to =
                    remote.orElseGet(() -> queue.destination(0).toSocketAddress());
            final byte[] payload = copy(queue.payload(0));
            network.trace(toString(), "datagram sent", payload.length);
            queue.sent(1);
            network.send(this, source(), to, payload);
        }
        return queue.isEmpty();
    }

    private static byte[] copy(Block block) {
        final byte[] copy = new byte[block.readableBytes()];
        MemorySegment.copy(block.memory(), ValueLayout.JAVA_BYTE, block.start(), copy, 0, copy.length);
        return copy;
    }

    private InetSocketAddress source() {
        return local.getAddress().isAnyLocalAddress() ? new InetSocketAddress(host.address(), local.getPort()) : local;
    }

    SimHost host() {
        return host;
    }

    private void room() {
        full = false;
        wake();
    }

    private int sendOn() {
        final DatagramQueue queue = outbound;
        if (state != State.OPEN || !blocked || full || queue == null) {
            return 0;
        }
        blocked = false;
        final boolean all = sendAll(queue);
        if (state == State.OPEN) {
            blocked |= !all;
            if (all) {
                sink.drained();
            }
        }
        return 1;
    }

    // ---- groups

    @Override
    public void join(InetAddress group, NetworkInterface networkInterface) throws IOException {
        network.checkTurn(transport, toString());
        if (!group.isMulticastAddress() || !groups.add(group)) {
            throw new SocketException("join " + group + ": Invalid argument");
        }
    }

    @Override
    public void leave(InetAddress group, NetworkInterface networkInterface) throws IOException {
        network.checkTurn(transport, toString());
        if (!groups.remove(group)) {
            throw new SocketException("leave " + group + ": Cannot assign requested address");
        }
    }

    // ---- the end

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
        network.checkTurn(transport, toString());
        if (state != State.OPEN) {
            return;
        }
        state = State.CLOSING;
        host.remove(this);
        network.socketClosed();
        network.lost(arrived.size());
        arrived.clear();
        if (network.strikes(SimFault.LATE_CLOSE, toString())) {
            transport.enqueue(this);
        } else {
            finishClose();
        }
    }

    private int finishClose() {
        state = State.CLOSED;
        transport.portClosed();
        sink.closed();
        return 1;
    }

    @Override
    public String toString() {
        return "udp " + host.name() + ":" + local.getPort();
    }
}
