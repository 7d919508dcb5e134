// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.uring;

import io.hawser.buffer.Block;
import io.hawser.linux.CqeDescriptor;
import io.hawser.linux.Errno;
import io.hawser.linux.RecvMsgOutDescriptor;
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
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket with a multishot recvmsg: one operation receives for as long as there are blocks, and a wait brings all that came. The
 * loop's thread only.
 *
 * <p>Sends go out by sendmmsg, see {@link DatagramSender}; the ring is only asked when a full socket is writable again.
 */
final class UringDatagramPort extends UringHandle implements DatagramPort {
    private static final int POLLOUT = 4;

    private final UringTransport transport;
    private final int fd;
    private final InetSocketAddress local;
    private final DatagramBlocks blocks;
    private final DatagramSink sink;
    private final DatagramDelivery delivery;
    private final DatagramSender sender;
    private final PeerAddress peer = new PeerAddress();

    private boolean receiving;
    /** A multishot receive is in the ring. */
    private boolean receiveArmed;
    /** Its cancel is in the ring as well. */
    private boolean receiveCancelling;
    /** It waits in the transport's list for blocks. */
    private boolean rearmQueued;

    /** What waits for the socket to be writable; the poll for that is in the ring. */
    private @Nullable DatagramQueue pending;

    private boolean polling;
    private boolean closing;
    private boolean closed;

    UringDatagramPort(
            UringTransport transport,
            int fd,
            InetSocketAddress local,
            boolean connected,
            DatagramBlocks blocks,
            DatagramOptions options,
            DatagramSink sink) {
        this.transport = transport;
        this.fd = fd;
        this.local = local;
        this.blocks = blocks;
        this.sink = sink;
        this.delivery = new DatagramDelivery(sink, options.maxDatagramBytes());
        this.sender = transport.datagrams().sender(fd, local, connected, options, sink);
    }

    // ---- completions

    @Override
    void onCompletion(int operation, int result, int flags) {
        switch (operation) {
            case UserData.RECEIVE -> onReceive(result, flags);
            case UserData.WRITABLE -> onWritable();
            default -> throw new IllegalStateException("Operation " + operation);
        }
        if (closing) {
            finishClose();
        }
    }

    private void onReceive(int result, int flags) {
        if (!CqeDescriptor.hasMore(flags)) {
            receiveArmed = false;
            receiveCancelling = false;
        }
        if (CqeDescriptor.hasBuffer(flags)) {
            final Block block = blocks.provided().take(CqeDescriptor.bufferId(flags));
            if (result >= blocks.payloadOffset() && !closing) {
                deliver(block);
            } else {
                block.release();
            }
        }
        if (result < 0 && !closing && isReportable(-result)) {
            sink.failed(DatagramSender.failure(-result));
        }
        if (receiving && !receiveArmed && !closing) {
            // It ended by itself (an error, no block left, the completion ring full) or by a pause that is over by now.
            rearmLater();
        }
    }

    private void deliver(Block block) {
        final MemorySegment memory = block.memory();
        PeerAddresses.read(memory, blocks.nameOffset(), peer);
        final boolean truncated = (RecvMsgOutDescriptor.flags(memory) & Sockets.MSG_TRUNC) != 0;
        final int length = RecvMsgOutDescriptor.payloadLength(memory);
        delivery.deliver(block, blocks.payloadOffset(), length, blocks.segmentBytes(block), peer, truncated);
    }

    private static boolean isReportable(int errno) {
        return errno != Errno.ENOBUFS && errno != Errno.ECANCELED && errno != Errno.EINTR && errno != Errno.EAGAIN;
    }

    // ---- receiving

    @Override
    public void receive(boolean on) {
        if (receiving == on || closing) {
            return;
        }
        receiving = on;
        if (on) {
            armReceive();
        } else {
            cancelReceive();
        }
    }

    private void armReceive() {
        // With a cancel on its way the receive will end, and is armed again then.
        if (!receiveArmed && !rearmQueued) {
            receiveArmed = true;
            transport
                    .ringWithRoom()
                    .prepareReceiveMessage(
                            fd,
                            blocks.message().address(),
                            blocks.provided().group(),
                            UserData.of(slot, UserData.RECEIVE));
        }
    }

    private void cancelReceive() {
        if (receiveArmed && !receiveCancelling) {
            receiveCancelling = true;
            transport.cancel(this, UserData.RECEIVE);
        }
    }

    private void rearmLater() {
        if (!rearmQueued) {
            rearmQueued = true;
            transport.rearm(this);
        }
    }

    @Override
    boolean canRearm() {
        return closing || !blocks.provided().isEmpty();
    }

    @Override
    void onRearm() {
        rearmQueued = false;
        if (receiving && !closing) {
            armReceive();
        }
    }

    // ---- sending

    @Override
    public boolean send(DatagramQueue outbound) {
        if (closing || pending != null) {
            return false;
        }
        if (sender.send(outbound)) {
            return true;
        }
        if (!closing) {
            pending = outbound;
            poll();
        }
        return false;
    }

    private void poll() {
        polling = true;
        transport.ringWithRoom().preparePollOnce(fd, POLLOUT, UserData.of(slot, UserData.WRITABLE));
    }

    private void onWritable() {
        polling = false;
        final DatagramQueue queue = pending;
        if (queue == null || closing) {
            return;
        }
        final boolean done = sender.send(queue);
        if (closing) {
            return;
        }
        if (done) {
            pending = null;
            sink.drained();
        } else {
            poll();
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
        if (closing) {
            return;
        }
        closing = true;
        pending = null;
        delivery.close();
        sender.close();
        cancelReceive();
        if (polling) {
            transport.cancel(this, UserData.WRITABLE);
        }
        finishClose();
    }

    private void finishClose() {
        if (!closed && !receiveArmed && !polling) {
            closed = true;
            transport.closeDescriptor(this, fd);
            sink.closed();
        }
    }
}
