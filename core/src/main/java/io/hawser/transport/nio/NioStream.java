// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.transport.ChannelFile;
import io.hawser.transport.FileHandle;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A stream channel: does what the selector says is possible and reports it as completed. The loop's thread only.
 *
 * <p>Each call of a sink may close this socket or pause it, so the state is looked at again after each.
 */
final class NioStream implements StreamSocket, Selectable {
    /** Blocks received in one turn, so that one fast peer cannot starve the others. */
    static final int BLOCKS_PER_TURN = 4;

    /** The most that one call sends of a file: what it has to read from the disk holds the loop up. */
    private static final int MAX_FILE_BYTES = 1 << 20;

    private enum State {
        CONNECTING,
        OPEN,
        /** Told to the sink, which has not closed the socket yet. */
        FAILED,
        CLOSED
    }

    private final NioTransport transport;
    private final SocketChannel channel;
    private final SelectionKey key;
    private final @Nullable SocketAddress remote;
    private final StreamSink sink;
    private State state = State.CONNECTING;
    private @Nullable SocketAddress local;

    /** Why connecting failed at once, until it is time to say so. */
    private @Nullable IOException refusal;

    /** What was sent with {@link #PENDING} as the answer. */
    private @Nullable Buffer pending;
    /** A file is to be sent when there is room. */
    private boolean filePending;

    /** What {@link #isPeerPresent()} found. */
    private @Nullable Block ahead;

    private boolean aheadEnded;
    private @Nullable IOException aheadFailure;

    private boolean receiving;
    private boolean inputEnded;
    /** Whether this waits in the transport's queue for a block. */
    private boolean starving;
    /** Whether the last write was short: no other is tried before the selector has said that there is room. */
    private boolean full;

    private boolean queued;
    private int readyOps;
    private int interestOps;

    NioStream(
            NioTransport transport,
            SocketChannel channel,
            SelectionKey key,
            @Nullable SocketAddress remote,
            StreamSink sink) {
        this.transport = transport;
        this.channel = channel;
        this.key = key;
        this.remote = remote;
        this.sink = sink;
    }

    /** The channel is connected, and nobody needs to be told. */
    void startConnected() {
        local = NioChannels.local(channel);
        state = State.OPEN;
    }

    /** Starts to connect; however soon the outcome is known, it is told from the next dispatch. */
    void startConnecting(SocketAddress address) {
        try {
            if (channel.connect(address)) {
                transport.enqueue(this, SelectionKey.OP_CONNECT);
            }
        } catch (IOException e) {
            refusal = e;
            transport.enqueue(this, SelectionKey.OP_CONNECT);
        }
        updateInterest();
    }

    @Override
    public void receive(boolean on) {
        receiving = on;
        if (on && (ahead != null || aheadEnded)) {
            transport.enqueue(this, 0);
        }
        updateInterest();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if a send is pending
     */
    @Override
    public long send(Buffer outbound) throws IOException {
        requireUsable();
        if (isSendPending()) {
            throw new IllegalStateException("A send is pending");
        }
        if (outbound.readableBytes() == 0) {
            return 0;
        }
        if (state == State.OPEN && !full) {
            long sent;
            try {
                sent = write(outbound);
            } catch (IOException e) {
                breakOff();
                throw NioErrors.transfer("Could not send", e);
            }
            if (sent > 0) {
                return sent;
            }
        }
        pending = outbound;
        updateInterest();
        return PENDING;
    }

    @Override
    public long sendFile(FileHandle file, long position, long count) throws IOException {
        requireUsable();
        if (!(file instanceof ChannelFile own)) {
            return UNSUPPORTED;
        }
        long sent;
        boolean ended;
        try {
            sent = own.channel().transferTo(position, Math.min(count, MAX_FILE_BYTES), channel);
            ended = sent == 0 && own.channel().size() <= position;
        } catch (IOException e) {
            breakOff();
            throw NioErrors.transfer("Could not send a file", e);
        }
        if (sent > 0 || ended) {
            return sent;
        }
        full = true;
        filePending = true;
        updateInterest();
        return PENDING;
    }

    private long write(Buffer outbound) throws IOException {
        long asked = outbound.readableBytes();
        long written = transport.writer().write(channel, outbound, asked);
        full = written < asked;
        return written;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if a send is pending, or the socket is not connected yet
     */
    @Override
    public void shutdownOutput() throws IOException {
        requireUsable();
        if (isSendPending() || state == State.CONNECTING) {
            throw new IllegalStateException(isSendPending() ? "A send is pending" : "Not connected yet");
        }
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            breakOff();
            throw NioErrors.transfer("Could not shut the output down", e);
        }
    }

    private void requireUsable() throws ClosedChannelException {
        if (state == State.FAILED || state == State.CLOSED) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public void close() {
        if (state == State.CLOSED) {
            return;
        }
        breakOff();
        state = State.CLOSED;
        final Block block = ahead;
        if (block != null) {
            ahead = null;
            block.release();
        }
        NioChannels.closeQuietly(channel);
        sink.closed();
    }

    @Override
    public void abort() {
        if (state != State.CLOSED) {
            NioChannels.resetOnClose(channel);
            close();
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if a send is pending, or the socket is not connected yet
     */
    @Override
    public void detach() {
        if (state == State.FAILED || state == State.CLOSED) {
            return;
        }
        if (isSendPending() || state == State.CONNECTING) {
            throw new IllegalStateException(isSendPending() ? "A send is pending" : "Not connected yet");
        }
        receiving = false;
        final Block block = ahead;
        if (block != null) {
            ahead = null;
            sink.received(block);
        }
        final IOException failure = aheadFailure;
        if (failure != null) {
            fail(NioErrors.transfer("Could not receive", failure));
        } else if (state == State.OPEN) {
            breakOff();
            state = State.CLOSED;
            // Else nobody could register the channel with this selector again before it has looked at its keys.
            transport.deregisterCancelled();
            sink.detached(new NioAccepted(channel, remote));
        }
    }

    /**
     * {@inheritDoc} The JDK cannot peek, so at most one block is received ahead, which is delivered when it is wanted; what comes
     * behind it is not known before that.
     */
    @Override
    public boolean isPeerPresent() {
        if (state == State.OPEN && !inputEnded && ahead == null && !aheadEnded) {
            receiveAhead();
        }
        return state == State.OPEN && !inputEnded && !aheadEnded;
    }

    private void receiveAhead() {
        final Block block = transport.takeBlock();
        if (block == null) {
            return;
        }
        int received;
        try {
            received = channel.read(block.byteBuffer(0, block.capacity()));
        } catch (IOException e) {
            aheadFailure = e;
            received = -1;
        }
        if (received > 0) {
            block.received(received);
            ahead = block;
        } else {
            transport.keepBlock(block);
            aheadEnded = received < 0;
        }
        if (received != 0 && receiving) {
            transport.enqueue(this, 0);
        }
    }

    /** Reports what {@link #receiveAhead} found, unless receiving is paused. */
    private int deliverAhead() {
        int taken = 0;
        if (!receiving) {
            return taken;
        }
        final Block block = ahead;
        if (block != null) {
            ahead = null;
            taken++;
            sink.received(block);
        }
        if (aheadEnded && isHungry()) {
            final IOException failure = aheadFailure;
            taken += failure == null ? endInput() : fail(NioErrors.transfer("Could not receive", failure));
        }
        return taken;
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        return Optional.ofNullable(local);
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return Optional.ofNullable(remote);
    }

    @Override
    public boolean mark(int ops) {
        readyOps |= ops;
        boolean fresh = !queued;
        queued = true;
        return fresh;
    }

    @Override
    public int dispatch() {
        int ops = readyOps;
        readyOps = 0;
        queued = false;
        int taken = 0;
        if (state == State.CONNECTING) {
            taken = finishConnect();
        } else {
            taken += deliverAhead();
            // Reading first: what came before a reset is delivered before a write runs into it.
            if ((ops & SelectionKey.OP_READ) != 0) {
                taken += read();
            }
            if ((ops & SelectionKey.OP_WRITE) != 0) {
                taken += resumeSend();
            }
        }
        updateInterest();
        return taken;
    }

    /** Whether this would read if there was a block. */
    boolean isHungry() {
        return state == State.OPEN && receiving && !inputEnded;
    }

    /** There is a block again: reads, if that is still wanted. Returns how many completions were reported. */
    int feed() {
        starving = false;
        int taken = read();
        updateInterest();
        return taken;
    }

    private int finishConnect() {
        try {
            if (refusal != null) {
                throw refusal;
            }
            if (!channel.finishConnect()) {
                return 0;
            }
        } catch (IOException e) {
            return fail(remote == null ? e : NioErrors.connect(remote, e));
        }
        startConnected();
        sink.connected();
        return 1;
    }

    private int read() {
        int taken = deliverAhead();
        while (isHungry() && !starving && taken < BLOCKS_PER_TURN) {
            Block block = transport.takeBlock();
            if (block == null) {
                starving = true;
                transport.starve(this);
                break;
            }
            int capacity = block.capacity();
            int received;
            try {
                received = channel.read(block.byteBuffer(0, capacity));
            } catch (IOException e) {
                transport.keepBlock(block);
                return taken + fail(NioErrors.transfer("Could not receive", e));
            }
            if (received <= 0) {
                transport.keepBlock(block);
                return received < 0 ? taken + endInput() : taken;
            }
            block.received(received);
            taken++;
            sink.received(block);
            if (received < capacity) {
                break;
            }
        }
        return taken;
    }

    private int endInput() {
        inputEnded = true;
        sink.inputEnded();
        return 1;
    }

    private int resumeSend() {
        if (filePending) {
            filePending = false;
            full = false;
            sink.sent(0);
            return 1;
        }
        Buffer outbound = pending;
        if (outbound == null) {
            return 0;
        }
        long sent;
        try {
            sent = write(outbound);
        } catch (IOException e) {
            return fail(NioErrors.transfer("Could not send", e));
        }
        if (sent == 0) {
            return 0;
        }
        pending = null;
        sink.sent(sent);
        return 1;
    }

    private int fail(IOException cause) {
        breakOff();
        sink.failed(cause);
        return 1;
    }

    /** From now on nothing happens here but the close. */
    private void breakOff() {
        state = State.FAILED;
        pending = null;
        filePending = false;
        key.cancel();
    }

    private boolean isSendPending() {
        return pending != null || filePending;
    }

    private void updateInterest() {
        int wanted = switch (state) {
            case CONNECTING -> channel.isConnectionPending() ? SelectionKey.OP_CONNECT : 0;
            case OPEN ->
                (isHungry() && !starving ? SelectionKey.OP_READ : 0) | (isSendPending() ? SelectionKey.OP_WRITE : 0);
            case FAILED, CLOSED -> interestOps;
        };
        if (wanted != interestOps) {
            interestOps = wanted;
            key.interestOps(wanted);
        }
    }
}
