// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.epoll;

import io.hawser.buffer.Block;
import io.hawser.linux.Epoll;
import io.hawser.linux.Errno;
import io.hawser.linux.MessageVector;
import io.hawser.linux.Sockets;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.DatagramPort;
import io.hawser.transport.DatagramQueue;
import io.hawser.transport.DatagramSink;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.PeerAddress;
import io.hawser.transport.posix.DatagramDelivery;
import io.hawser.transport.posix.DatagramSender;
import io.hawser.transport.posix.PassedDescriptor;
import io.hawser.transport.posix.PeerAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket. The loop's thread only.
 *
 * <p>Level-triggered always: an error in the middle of a batch ends it early, so that a short batch is no sign that all has been read.
 */
final class EpollDatagramPort extends EpollHandle implements DatagramPort {
    /** Batches received in one turn, so that a flood does not starve the others. */
    private static final int BATCHES_PER_TURN = 4;
    /** Room for a message that is several datagrams. */
    private static final int COALESCED_BYTES = 65_536;

    private final EpollTransport transport;
    private final int fd;
    private final InetSocketAddress local;
    private final DatagramSink sink;
    private final DatagramDelivery delivery;
    private final DatagramSender sender;
    private final boolean coalescing;
    private final int receiveBytes;
    private final PeerAddress peer = new PeerAddress();

    private boolean receiving;
    /** There was no memory to receive into: the kernel is not asked before the next turn. */
    private boolean starving;

    private @Nullable DatagramQueue pending;
    private boolean closed;
    private int interest;

    EpollDatagramPort(
            EpollTransport transport,
            int fd,
            InetSocketAddress local,
            boolean connected,
            DatagramOptions options,
            DatagramSink sink) {
        this.transport = transport;
        this.fd = fd;
        this.local = local;
        this.sink = sink;
        this.delivery = new DatagramDelivery(sink, options.maxDatagramBytes());
        this.sender = transport.datagrams().sender(fd, local, connected, options, sink);
        this.coalescing = options.coalescing();
        this.receiveBytes = coalescing ? COALESCED_BYTES : options.maxDatagramBytes();
    }

    private void updateInterest() {
        final int wanted = (receiving && !starving ? Epoll.EPOLLIN : 0) | (pending != null ? Epoll.EPOLLOUT : 0);
        if (wanted != interest && !closed) {
            interest = wanted;
            transport.interest(this, fd, wanted);
        }
    }

    @Override
    void onEvents(int mask) {
        if ((mask & Epoll.EPOLLOUT) != 0) {
            resumeSend();
        }
        if (closed) {
            return;
        }
        if (receiving && !starving && (mask & (Epoll.EPOLLIN | Epoll.EPOLLERR)) != 0) {
            receiveSome();
        } else if ((mask & Epoll.EPOLLERR) != 0) {
            // It is reported although nobody asked, until it is fetched.
            fail(transport.sockets.pendingError(fd));
        }
    }

    @Override
    void onReady() {
        if (starving && !closed) {
            starving = false;
            receiveSome();
            updateInterest();
        }
    }

    // ---- receiving

    @Override
    public void receive(boolean on) {
        receiving = on;
        updateInterest();
    }

    private void receiveSome() {
        final DatagramReceiver receiver = transport.datagramReceiver();
        for (int i = 0; i < BATCHES_PER_TURN && receiving && !closed; i++) {
            final int count = receiver.receive(fd, receiveBytes, coalescing);
            if (count > 0) {
                deliver(receiver, count);
            } else if (count == DatagramReceiver.NO_BLOCK) {
                starving = true;
                updateInterest();
                transport.starve(this);
                return;
            } else if (count == -Errno.EAGAIN) {
                return;
            } else if (count != -Errno.EINTR) {
                fail(-count);
            }
        }
    }

    private void deliver(DatagramReceiver receiver, int count) {
        final MessageVector vector = receiver.vector();
        for (int i = 0; i < count; i++) {
            final Block block = receiver.take(i);
            PeerAddresses.read(vector.names(), vector.nameOffset(i), peer);
            final boolean truncated = (vector.flags(i) & Sockets.MSG_TRUNC) != 0;
            delivery.deliver(block, 0, vector.length(i), receiver.segmentBytes(i), peer, truncated);
        }
    }

    private void fail(int errno) {
        if (errno != 0) {
            sink.failed(DatagramSender.failure(errno));
        }
    }

    // ---- sending

    @Override
    public boolean send(DatagramQueue outbound) {
        if (closed || pending != null) {
            return false;
        }
        if (sender.send(outbound)) {
            return true;
        }
        pending = outbound;
        updateInterest();
        return false;
    }

    private void resumeSend() {
        final DatagramQueue queue = pending;
        if (queue != null && sender.send(queue) && !closed) {
            pending = null;
            updateInterest();
            sink.drained();
        }
    }

    // ---- the rest

    @Override
    public void join(InetAddress group, NetworkInterface networkInterface) throws IOException {
        transport.datagrams().setMembership(fd, true, group, networkInterface);
    }

    @Override
    public void leave(InetAddress group, NetworkInterface networkInterface) throws IOException {
        transport.datagrams().setMembership(fd, false, group, networkInterface);
    }

    @Override
    public long dropped() {
        return transport.datagrams().drops(fd);
    }

    @Override
    public PassedSocket duplicate() throws IOException {
        return PassedDescriptor.duplicate(transport.calls, fd);
    }

    @Override
    public InetSocketAddress localAddress() {
        return local;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            pending = null;
            delivery.close();
            sender.close();
            transport.closeDescriptor(this, fd);
            sink.closed();
        }
    }
}
