// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.uring;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.linux.CqeDescriptor;
import io.hawser.linux.Descriptors;
import io.hawser.linux.Errno;
import io.hawser.linux.IoUring;
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

/**
 * A stream socket with a multishot receive. The loop's thread only.
 *
 * <p>The descriptor is closed only when no operation is in flight: one that is could otherwise touch blocks that have new
 * owners.
 */
final class UringStream extends UringHandle implements StreamSocket {
    private final UringTransport transport;
    private final int fd;
    private final boolean tcp;
    /** The peer's address if it is of IPv4, or 0: an object for each of a million connections is much. */
    private final long peerInet;
    /** The peer's address if it is not of IPv4. */
    private final byte @Nullable [] peerOther;

    private final StreamSink sink;

    private boolean receiving;
    private boolean inputEnded;
    /** A multishot receive is in the ring. */
    private boolean receiveArmed;
    /** Its cancel is in the ring as well. */
    private boolean receiveCancelling;
    /** It waits in the transport's list for blocks. */
    private boolean rearmQueued;

    private boolean sending;
    /** What is in the ring is no send but a poll: a file is to be sent when there is room. */
    private boolean filePending;

    private boolean connecting;
    private boolean failed;
    private boolean detaching;
    private boolean closing;
    private boolean closed;

    UringStream(UringTransport transport, int fd, boolean tcp, byte[] peer, StreamSink sink) {
        this.transport = transport;
        this.fd = fd;
        this.tcp = tcp;
        this.peerInet = SockAddrDescriptor.packed(peer);
        this.peerOther = peerInet == 0 ? peer : null;
        this.sink = sink;
    }

    void connect(SocketAddress remote, SockAddrDescriptor encoded) {
        connecting = true;
        transport
                .ringWithRoom()
                .prepareConnect(fd, encoded.address(), encoded.length(), UserData.of(slot, UserData.CONNECT));
        // The address lies in memory that the next socket uses: it must be read now.
        transport.submit();
    }

    // ---- completions

    @Override
    void onCompletion(int operation, int result, int flags) {
        switch (operation) {
            case UserData.RECEIVE -> onReceive(result, flags);
            case UserData.SEND -> onSend(result);
            case UserData.CONNECT -> onConnect(result);
            default -> throw new IllegalStateException("Operation " + operation);
        }
        if (closing) {
            finishClose();
        } else if (detaching) {
            finishDetach();
        }
    }

    private void onReceive(int result, int flags) {
        final boolean ended = !CqeDescriptor.hasMore(flags);
        if (ended) {
            receiveArmed = false;
            receiveCancelling = false;
        }
        if (CqeDescriptor.hasBuffer(flags)) {
            final Block block = transport.blocks.take(CqeDescriptor.bufferId(flags));
            if (result > 0 && !closing && !failed) {
                block.received(result);
                sink.received(block);
            } else {
                block.release();
            }
        }
        if (closing || failed) {
            return;
        }
        if (result == 0) {
            inputEnded = true;
            sink.inputEnded();
        } else if (result < 0 && isFatal(-result)) {
            fail(SocketErrors.transfer("recv", -result));
        } else if (ended && receiving && !receiveArmed) {
            // It ended by itself (no block left, the completion ring full) or was cancelled by a pause that is over by
            // now.
            rearmLater();
        }
    }

    private static boolean isFatal(int errno) {
        return errno != Errno.ENOBUFS && errno != Errno.ECANCELED && errno != Errno.EINTR && errno != Errno.EAGAIN;
    }

    private void onSend(int result) {
        final boolean ofFile = filePending;
        sending = false;
        filePending = false;
        if (closing || failed) {
            return;
        }
        if (ofFile && result >= 0) {
            sink.sent(0);
        } else if (result > 0) {
            sink.sent(result);
        } else {
            fail(SocketErrors.transfer("send", result == 0 ? Errno.EPIPE : -result));
        }
    }

    private void onConnect(int result) {
        connecting = false;
        if (closing) {
            return;
        }
        if (result < 0) {
            fail(SocketErrors.connect(remoteAddress().map(Object::toString).orElse("peer"), -result));
        } else {
            sink.connected();
        }
    }

    private void fail(IOException cause) {
        if (!failed && !closing) {
            failed = true;
            sink.failed(cause);
        }
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

    private void cancelReceive() {
        if (receiveArmed && !receiveCancelling) {
            receiveCancelling = true;
            transport.cancel(this, UserData.RECEIVE);
        }
    }

    private void armReceive() {
        // With a cancel on its way the receive will end, and is armed again then.
        if (receiveArmed || rearmQueued || inputEnded || failed) {
            return;
        }
        receiveArmed = true;
        transport.ringWithRoom().prepareReceive(fd, ProvidedBlocks.STREAMS, UserData.of(slot, UserData.RECEIVE));
    }

    private void rearmLater() {
        if (!rearmQueued) {
            rearmQueued = true;
            transport.rearm(this);
        }
    }

    @Override
    boolean canRearm() {
        return !transport.blocks.isEmpty();
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
    public long send(Buffer outbound) {
        final Block head = outbound.head();
        if (head == null) {
            return 0;
        }
        sending = true;
        final IoUring ring = transport.ringWithRoom();
        final long userData = UserData.of(slot, UserData.SEND);
        final long readable = outbound.readableBytes();
        if (readable <= head.readableBytes()) {
            ring.prepareSend(fd, head.address() + head.start(), (int) readable, userData);
        } else {
            final MsgHdrDescriptor message = transport.nextMessage();
            gather(message, head, readable);
            ring.prepareSendMessage(fd, message.address(), userData);
        }
        return PENDING;
    }

    /**
     * Ring operations that copy from files run on threads of the kernel, one for each slow reader, so this is sendfile(2). That asks for a
     * non-blocking socket, which this one is for as long as the call takes: whatever is in the ring has taken note of the mode before.
     */
    @Override
    public long sendFile(FileHandle file, long position, long count) throws IOException {
        if (!(file instanceof PosixFile own)) {
            return UNSUPPORTED;
        }
        Descriptors.setBlocking(transport.calls, fd, false);
        final int n = transport.fileSender().send(fd, own, position, count);
        Descriptors.setBlocking(transport.calls, fd, true);
        if (n >= 0) {
            return n;
        }
        if (n == -Errno.EAGAIN) {
            sending = true;
            filePending = true;
            transport.ringWithRoom().preparePollOnce(fd, Sockets.POLLOUT, UserData.of(slot, UserData.SEND));
            return PENDING;
        }
        if (FileSender.isUnsupported(-n)) {
            return UNSUPPORTED;
        }
        throw SocketErrors.transfer("sendfile", -n);
    }

    private static void gather(MsgHdrDescriptor message, Block head, long readable) {
        int count = 0;
        long left = readable;
        for (Block block = head; block != null && count < message.maxIovecs(); block = block.next()) {
            final int length = (int) Math.min(block.readableBytes(), left);
            if (length > 0) {
                message.iovec(count++, block.address() + block.start(), length);
                left -= length;
            }
        }
        message.iovecs(count);
    }

    @Override
    public void shutdownOutput() throws IOException {
        final int result = Sockets.shutdown(transport.calls, fd, Sockets.SHUT_WR);
        if (result < 0) {
            throw SocketErrors.transfer("shutdown", -result);
        }
    }

    // ---- the end

    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        cancelReceive();
        if (sending) {
            transport.cancel(this, UserData.SEND);
        }
        if (connecting) {
            transport.cancel(this, UserData.CONNECT);
        }
        finishClose();
    }

    private void finishClose() {
        if (!closed && !receiveArmed && !sending && !connecting) {
            closed = true;
            transport.closeDescriptor(this, fd);
            sink.closed();
        }
    }

    @Override
    public void abort() {
        if (!closing) {
            transport.sockets.setReset(fd);
            close();
        }
    }

    @Override
    public void detach() {
        if (closing || failed || detaching) {
            return;
        }
        if (sending || connecting) {
            throw new IllegalStateException("Detached while a send or the connect is pending");
        }
        detaching = true;
        receiving = false;
        cancelReceive();
        finishDetach();
    }

    /** What the kernel received before the cancel took effect has come by now. */
    private void finishDetach() {
        if (!receiveArmed && !failed) {
            closing = true;
            closed = true;
            transport.freeSlot(this);
            sink.detached(new AcceptedDescriptor(fd, tcp, transport.sockets.statusFlags()));
        }
    }

    @Override
    public boolean isPeerPresent() {
        return !closing && !failed && transport.sockets.isPeerPresent(fd);
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
