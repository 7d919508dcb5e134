// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.epoll;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.linux.Epoll;
import io.hawser.linux.Errno;
import io.hawser.linux.MsgHdrDescriptor;
import io.hawser.linux.SockAddrDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.FileHandle;
import io.hawser.transport.PeerAddress;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import io.hawser.transport.posix.AcceptedDescriptor;
import io.hawser.transport.posix.FileSender;
import io.hawser.transport.posix.PeerAddresses;
import io.hawser.transport.posix.PosixFile;
import io.hawser.transport.posix.SocketErrors;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A stream socket. The loop's thread only. */
final class EpollStream extends EpollHandle implements StreamSocket {
    /** Blocks received from one connection in one turn, so that a fast peer does not starve the others; a large one is as many as it holds. */
    private static final int BLOCKS_PER_TURN = 4;

    private static final int INPUT = Epoll.EPOLLIN | Epoll.EPOLLRDHUP | Epoll.EPOLLHUP | Epoll.EPOLLERR;
    private static final int OUTPUT = Epoll.EPOLLOUT | Epoll.EPOLLHUP | Epoll.EPOLLERR;

    private final EpollTransport transport;
    private final int fd;
    private final boolean tcp;
    /** The peer's address if it is of IPv4, or 0: an object for each of a million connections is much. */
    private final long peerInet;
    /** The peer's address if it is not of IPv4. */
    private final byte @Nullable [] peerOther;

    private final StreamSink sink;

    private boolean connecting;
    private boolean receiving;
    /** There may be bytes, or an end, in the kernel: a receive is worth the call. */
    private boolean readable;
    /** The peer has sent FIN or RST: a short read is no sign that all has been read. */
    private boolean hungUp;
    /** The last receive filled a block, so there is likely to be more: a call for a large one costs less than several. */
    private boolean bulk;

    private boolean inputEnded;
    /** The kernel took less than it was offered: no use trying before it says writable. */
    private boolean full;

    private @Nullable Buffer pending;
    /** A file is to be sent when there is room. */
    private boolean filePending;

    private boolean dead;
    private boolean closed;
    /** What epoll was asked to report. */
    private int interest;
    /** Level-triggered: epoll does not know it any more. */
    private boolean left;
    /** There was no memory to receive into; it waits in the list of those to be looked at again. */
    private boolean starving;

    EpollStream(EpollTransport transport, int fd, boolean tcp, byte[] peer, StreamSink sink, boolean connecting) {
        this.transport = transport;
        this.fd = fd;
        this.tcp = tcp;
        this.peerInet = SockAddrDescriptor.packed(peer);
        this.peerOther = peerInet == 0 ? peer : null;
        this.sink = sink;
        this.connecting = connecting;
    }

    void register() throws IOException {
        interest = wanted();
        transport.register(this, fd, interest);
    }

    private int wanted() {
        if (transport.edgeTriggered) {
            return Epoll.EPOLLIN | Epoll.EPOLLOUT | Epoll.EPOLLRDHUP | Epoll.EPOLLET;
        }
        int mask = 0;
        if (receiving && !inputEnded && !starving) {
            mask |= Epoll.EPOLLIN | Epoll.EPOLLRDHUP;
        }
        if (connecting || pending != null || filePending) {
            mask |= Epoll.EPOLLOUT;
        }
        return mask;
    }

    /** Level-triggered: tells the kernel when what it should report has changed. */
    private void updateInterest() {
        final int wanted = wanted();
        if (wanted == interest || closed || dead) {
            return;
        }
        interest = wanted;
        if (left) {
            left = false;
            transport.observe(this, fd, wanted);
        } else {
            transport.interest(this, fd, wanted);
        }
    }

    // ---- events

    @Override
    void onEvents(int mask) {
        if (connecting) {
            finishConnect(mask);
            return;
        }
        if ((mask & OUTPUT) != 0) {
            full = false;
            if (pending != null) {
                resumeSend(pending);
            } else if (filePending) {
                filePending = false;
                sink.sent(0);
                updateInterest();
            }
        }
        if ((mask & INPUT) != 0 && !closed && !dead) {
            readable = true;
            hungUp |= (mask & (Epoll.EPOLLRDHUP | Epoll.EPOLLHUP | Epoll.EPOLLERR)) != 0;
            receiveSome();
            if (interest == 0 && (mask & (Epoll.EPOLLHUP | Epoll.EPOLLERR)) != 0 && !closed && !dead) {
                leave();
            }
        }
    }

    /**
     * Level-triggered epoll goes on reporting a hang-up although nobody asks, which would spin; so out of its sight until somebody
     * reads or writes again, and finds what is left of the data, or the error.
     */
    private void leave() {
        left = true;
        transport.ignore(fd);
    }

    @Override
    void onReady() {
        starving = false;
        receiveSome();
        updateInterest();
    }

    private void finishConnect(int mask) {
        if ((mask & OUTPUT) == 0) {
            return;
        }
        final int errno = transport.sockets.pendingError(fd);
        if (errno != 0) {
            fail(SocketErrors.connect(remoteAddress().map(Object::toString).orElse("peer"), errno));
            return;
        }
        connecting = false;
        updateInterest();
        sink.connected();
        if (!closed && !dead && (mask & INPUT) != 0) {
            onEvents(mask & INPUT);
        }
    }

    // ---- receiving

    @Override
    public void receive(boolean on) {
        if (receiving == on || closed) {
            return;
        }
        receiving = on;
        if (transport.edgeTriggered) {
            // The edge may have come while nobody received.
            if (on && readable) {
                transport.again(this);
            }
        } else {
            updateInterest();
        }
    }

    private void receiveSome() {
        final int blockBytes = transport.readBlockBytes();
        int left = BLOCKS_PER_TURN * blockBytes;
        while (left > 0) {
            if (!receiving || !readable || inputEnded || closed || dead) {
                return;
            }
            final Block block = transport.block(bulk);
            if (block == null) {
                starving = true;
                updateInterest();
                break;
            }
            final int n = Sockets.recv(transport.calls, fd, block.address(), block.capacity());
            if (n > 0) {
                // Fewer than asked for means that the kernel has no more (epoll(7), notes on edge-triggered use), which
                // saves the call that would say EAGAIN. Not so after a hang-up, whose end must be read as well.
                if (n < block.capacity() && !hungUp) {
                    readable = false;
                }
                bulk = n >= blockBytes;
                left -= Math.max(n, blockBytes);
                block.received(n);
                transport.blockTaken(block);
                sink.received(block);
                continue;
            }
            bulk = false;
            transport.blockUnused(block);
            if (n == 0) {
                inputEnded = true;
                readable = false;
                updateInterest();
                sink.inputEnded();
            } else if (n == -Errno.EAGAIN) {
                readable = false;
            } else if (n != -Errno.EINTR) {
                fail(SocketErrors.transfer("recv", -n));
            }
        }
        if (receiving && readable && !inputEnded && !closed && !dead) {
            transport.again(this);
        }
    }

    // ---- sending

    @Override
    public long send(Buffer outbound) throws IOException {
        if (full) {
            return pend(outbound);
        }
        final int n = trySend(outbound);
        if (n >= 0) {
            full = n < transport.offered;
            return n;
        }
        if (n == -Errno.EAGAIN || n == -Errno.EINTR) {
            return pend(outbound);
        }
        dead = true;
        throw SocketErrors.transfer("send", -n);
    }

    private long pend(Buffer outbound) {
        pending = outbound;
        updateInterest();
        return PENDING;
    }

    private void resumeSend(Buffer outbound) {
        final int n = trySend(outbound);
        if (n >= 0) {
            full = n < transport.offered;
            pending = null;
            sink.sent(n);
            // The owner usually sends on from within sent(), and then the interest stays as it is.
            updateInterest();
        } else if (n != -Errno.EAGAIN && n != -Errno.EINTR) {
            fail(SocketErrors.transfer("send", -n));
        }
    }

    @Override
    public long sendFile(FileHandle file, long position, long count) throws IOException {
        if (!(file instanceof PosixFile own)) {
            return UNSUPPORTED;
        }
        final int n = transport.fileSender().send(fd, own, position, count);
        if (n >= 0) {
            return n;
        }
        if (n == -Errno.EAGAIN) {
            full = true;
            filePending = true;
            updateInterest();
            return PENDING;
        }
        if (FileSender.isUnsupported(-n)) {
            return UNSUPPORTED;
        }
        dead = true;
        throw SocketErrors.transfer("sendfile", -n);
    }

    /** Tells in {@link EpollTransport#offered} how many bytes it has offered to the kernel. */
    private int trySend(Buffer outbound) {
        final Block head = outbound.head();
        if (head == null) {
            transport.offered = 0;
            return 0;
        }
        final long readable = outbound.readableBytes();
        if (readable <= head.readableBytes()) {
            transport.offered = readable;
            return Sockets.send(transport.calls, fd, head.address() + head.start(), (int) readable);
        }
        final MsgHdrDescriptor message = transport.message;
        long offered = 0;
        int count = 0;
        for (Block block = head; block != null && count < message.maxIovecs(); block = block.next()) {
            final int length = (int) Math.min(block.readableBytes(), readable - offered);
            if (length > 0) {
                message.iovec(count++, block.address() + block.start(), length);
                offered += length;
            }
        }
        message.iovecs(count);
        transport.offered = offered;
        return Sockets.sendmsg(transport.calls, fd, message.address());
    }

    // ---- the end

    private void fail(IOException cause) {
        if (!dead && !closed) {
            dead = true;
            pending = null;
            filePending = false;
            if (!transport.edgeTriggered) {
                // Error and hang-up are reported even with an empty interest, so leave the epoll instance by closing
                // soon; the
                // owner does that from within failed().
                receiving = false;
            }
            sink.failed(cause);
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        final int result = Sockets.shutdown(transport.calls, fd, Sockets.SHUT_WR);
        if (result < 0) {
            throw SocketErrors.transfer("shutdown", -result);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            pending = null;
            filePending = false;
            transport.closeDescriptor(this, fd);
            sink.closed();
        }
    }

    @Override
    public void abort() {
        if (!closed) {
            transport.sockets.setReset(fd);
            close();
        }
    }

    @Override
    public void detach() {
        if (closed || dead) {
            return;
        }
        if (connecting || pending != null || filePending) {
            throw new IllegalStateException("Detached while a send or the connect is pending");
        }
        closed = true;
        receiving = false;
        if (!left) {
            transport.ignore(fd);
        }
        transport.freeSlot(this);
        sink.detached(new AcceptedDescriptor(fd, tcp, transport.sockets.statusFlags()));
    }

    @Override
    public boolean isPeerPresent() {
        return !closed && !dead && transport.sockets.isPeerPresent(fd);
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        return closed ? Optional.empty() : transport.sockets.localAddress(fd);
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return SockAddrDescriptor.decode(peerInet, peerOther);
    }

    @Override
    public boolean copyRemote(PeerAddress into) {
        if (peerOther != null) {
            return StreamSocket.super.copyRemote(into);
        }
        PeerAddresses.unpack(peerInet, into);
        return true;
    }
}
