// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The owner's side of a socket. It does whatever the contract allows, in the manner of readiness (a send takes bytes at once) and of
 * completion (it takes them later, and a close waits for it), as chance has it.
 *
 * <p>Each call of a sink may close this socket or pause it, so the state is looked at again after each.
 */
final class SimStream implements StreamSocket, SimReady {
    /** Blocks received in one turn, so that one fast peer cannot starve the others. */
    private static final int BLOCKS_PER_TURN = 4;

    /** For how long a kernel may go on to take bytes for a receiver that has paused. */
    private static final long LATE_PAUSE_NS = 300_000;

    private enum State {
        CONNECTING,
        OPEN,
        /** Told to the owner, who has not closed the socket yet. */
        FAILED,
        /** By the owner, who has not been told that it is done. */
        CLOSING,
        CLOSED
    }

    private final SimTransport transport;
    private final SimNetwork network;
    private final SimSocket socket;
    private final StreamSink sink;
    private State state;
    private boolean receiving;
    /** How many bytes, or an end behind them, are delivered although there was a pause meanwhile. */
    private int promised;

    private boolean inputEnded;
    /** No block was to be had: not before the retry. */
    private boolean starving;
    /** {@link SimFault#FULL_BUFFER} struck: no room, whatever there is. */
    private boolean full;

    private boolean resetWhilePaused;
    /** By {@link #detach}, which has not been completed. */
    private boolean detaching;

    private @Nullable Buffer pending;
    /** What was in {@link #pending} when it was given. */
    private byte[] promisedBytes = new byte[0];

    SimStream(SimTransport transport, SimSocket socket, StreamSink sink, boolean connecting) {
        this.transport = transport;
        this.network = transport.network();
        this.socket = socket;
        this.sink = sink;
        this.state = connecting ? State.CONNECTING : State.OPEN;
        socket.owner(this::changed);
    }

    // ---- readiness

    private void changed() {
        if (socket.error().isPresent() && !resetWhilePaused) {
            resetWhilePaused = network.strikes(SimFault.RESET_WHILE_PAUSED, toString());
        }
        wake();
    }

    private void wake() {
        if (isDue()) {
            transport.enqueue(this);
        }
    }

    private void retry() {
        starving = false;
        wake();
    }

    @Override
    public boolean isDue() {
        return switch (state) {
            case CONNECTING -> socket.isEstablished() || socket.error().isPresent();
            case OPEN -> canReceive() || canResume() || canFail() || detaching;
            case FAILED, CLOSED -> false;
            case CLOSING -> true;
        };
    }

    private boolean canReceive() {
        if (inputEnded || starving) {
            return false;
        }
        return wantsBytes() && (socket.available() > 0 || socket.isInputEnded());
    }

    private boolean wantsBytes() {
        return receiving || promised > 0;
    }

    private boolean canResume() {
        return pending != null && !full && socket.room() > 0;
    }

    private boolean canFail() {
        if (starving && socket.available() > 0) {
            // First what came before.
            return false;
        }
        return socket.error().isPresent() && (receiving || pending != null || resetWhilePaused);
    }

    @Override
    public int dispatch() {
        return switch (state) {
            case CONNECTING -> finishConnect();
            case OPEN -> detaching ? transfer() + finishDetach() : transfer();
            case FAILED, CLOSED -> 0;
            case CLOSING -> finishClose();
        };
    }

    private int finishConnect() {
        final Optional<IOException> refusal = socket.error();
        if (refusal.isPresent()) {
            return fail(refusal.get());
        }
        if (!socket.isEstablished()) {
            return 0;
        }
        state = State.OPEN;
        network.trace(toString(), "connected", 0);
        sink.connected();
        return 1;
    }

    private int transfer() {
        final Optional<IOException> error = socket.error();
        if (error.isEmpty()) {
            // Which of them a kernel reports first is its own affair.
            return network.random().chance(0.5) ? receiveSome() + resume() : resume() + receiveSome();
        }
        if (canReceive() && !network.strikes(SimFault.RESET_OVERTAKES, toString())) {
            return receiveSome();
        }
        return canFail() ? fail(error.get()) : 0;
    }

    private int fail(IOException cause) {
        state = State.FAILED;
        pending = null;
        network.trace(toString(), "fails", 0);
        sink.failed(cause);
        return 1;
    }

    // ---- receiving

    @Override
    public void receive(boolean on) {
        network.checkTurn(transport, toString());
        if (receiving && !on && network.strikes(SimFault.LATE_PAUSE, toString())) {
            promised = network.random().between(1, socket.available() + network.segmentBytes());
            network.after(network.random().between(0L, LATE_PAUSE_NS), this::paused);
        }
        receiving = on;
        wake();
    }

    /** The pause has come to the kernel: no more is taken there. */
    private void paused() {
        promised = Math.min(promised, socket.available());
    }

    private int receiveSome() {
        int taken = 0;
        while (state == State.OPEN && canReceive() && taken < BLOCKS_PER_TURN) {
            if (socket.available() == 0) {
                inputEnded = true;
                network.trace(toString(), "end received", 0);
                sink.inputEnded();
                return taken + 1;
            }
            final Block block = transport.takeBlock();
            if (block == null) {
                starving = true;
                transport.starve(this::retry);
                return taken;
            }
            receive(block);
            taken++;
        }
        return taken;
    }

    private void receive(Block block) {
        int bytes = Math.min(socket.available(), block.capacity());
        if (!receiving) {
            bytes = Math.min(bytes, promised);
        }
        if (network.strikes(SimFault.SHORT_READ, toString())) {
            bytes = network.random().skewed(1, bytes);
        }
        promised = Math.max(0, promised - bytes);
        socket.read(block, bytes);
        network.trace(toString(), "received", bytes);
        sink.received(block);
    }

    // ---- sending

    @Override
    public long send(Buffer outbound) throws IOException {
        requireOpen("send");
        if (pending != null) {
            network.violated(toString(), "sent while a send was pending");
            throw new IllegalStateException("A send is pending");
        }
        final long readable = outbound.readableBytes();
        if (readable == 0) {
            return 0;
        }
        final Optional<IOException> error = socket.error();
        if (error.isPresent()) {
            state = State.FAILED;
            throw error.get();
        }
        if (network.strikes(SimFault.FULL_BUFFER, toString())) {
            full = true;
            network.after(network.random().between(1_000L, 2_000_000L), this::room);
        } else if (!network.strikes(SimFault.PENDING_SEND, toString())) {
            final int sent = write(outbound, readable);
            if (sent > 0) {
                return sent;
            }
        }
        pending = outbound;
        promisedBytes = copy(outbound, (int) readable);
        network.trace(toString(), "send pending", readable);
        wake();
        return PENDING;
    }

    private void room() {
        full = false;
        wake();
    }

    private int write(Buffer outbound, long most) {
        int bytes = (int) Math.min(most, socket.room());
        if (bytes > 0) {
            if (network.strikes(SimFault.SHORT_WRITE, toString())) {
                bytes = network.random().skewed(1, bytes);
            }
            network.trace(toString(), "sent", bytes);
            socket.write(outbound, bytes);
        }
        return bytes;
    }

    private int resume() {
        final Buffer outbound = pending;
        if (state != State.OPEN || outbound == null || full || socket.error().isPresent()) {
            return 0;
        }
        checkPromise(outbound);
        // More may have been written behind what was given; a kernel that looks now takes that, too.
        final long most = network.random().chance(0.5) ? promisedBytes.length : outbound.readableBytes();
        final int sent = write(outbound, most);
        if (sent == 0) {
            return 0;
        }
        pending = null;
        sink.sent(sent);
        return 1;
    }

    private void checkPromise(Buffer outbound) {
        final boolean kept = outbound.readableBytes() >= promisedBytes.length
                && Arrays.equals(promisedBytes, copy(outbound, promisedBytes.length));
        if (!kept) {
            network.violated(toString(), "bytes of a pending send were changed");
        }
    }

    private static byte[] copy(Buffer buffer, int bytes) {
        final byte[] copy = new byte[bytes];
        int at = 0;
        for (Block block = buffer.head(); block != null && at < bytes; block = block.next()) {
            final int n = Math.min(bytes - at, block.readableBytes());
            MemorySegment.copy(block.memory(), ValueLayout.JAVA_BYTE, block.start(), copy, at, n);
            at += n;
        }
        return copy;
    }

    @Override
    public void shutdownOutput() throws IOException {
        requireOpen("shutdownOutput");
        if (pending != null) {
            network.violated(toString(), "shut down while a send was pending");
        }
        final Optional<IOException> error = socket.error();
        if (error.isPresent()) {
            state = State.FAILED;
            throw error.get();
        }
        network.trace(toString(), "shut down", 0);
        socket.endOutput();
    }

    private void requireOpen(String call) throws IOException {
        network.checkTurn(transport, toString());
        switch (state) {
            case OPEN -> {
                if (socket.isOutputEnded()) {
                    network.violated(toString(), call + " after shutdownOutput");
                    throw new SocketException("Broken pipe");
                }
            }
            case FAILED -> throw new ClosedChannelException();
            case CONNECTING, CLOSING, CLOSED -> {
                network.violated(toString(), call + " while " + state);
                throw new ClosedChannelException();
            }
        }
    }

    // ---- the end

    @Override
    public void close() {
        close(false);
    }

    @Override
    public void abort() {
        close(true);
    }

    private void close(boolean reset) {
        network.checkTurn(transport, toString());
        if (state == State.CLOSING || state == State.CLOSED) {
            return;
        }
        final boolean late = state == State.CONNECTING || network.strikes(SimFault.LATE_CLOSE, toString());
        final Buffer outbound = pending;
        if (state == State.OPEN && outbound != null && !reset && socket.error().isEmpty() && late) {
            // The cancel of the send came too late for some of it.
            checkPromise(outbound);
            write(outbound, network.random().between(0, promisedBytes.length));
        }
        pending = null;
        state = State.CLOSING;
        if (reset) {
            socket.abort();
        } else {
            socket.close();
        }
        if (late) {
            transport.enqueue(this);
        } else {
            finishClose();
        }
    }

    @Override
    public void detach() {
        network.checkTurn(transport, toString());
        if (state != State.OPEN || detaching) {
            if (state == State.CONNECTING) {
                network.violated(toString(), "detached while connecting");
            }
            return;
        }
        if (pending != null) {
            network.violated(toString(), "detached while a send was pending");
        }
        receive(false);
        detaching = true;
        if (network.strikes(SimFault.LATE_CLOSE, toString())) {
            transport.enqueue(this);
        } else {
            finishDetach();
        }
    }

    /** What still comes after a pause is for this owner; then the socket is given up. */
    private int finishDetach() {
        if (state != State.OPEN || (promised > 0 && canReceive())) {
            return 0;
        }
        state = State.CLOSED;
        socket.disown();
        transport.streamClosed();
        network.trace(toString(), "detached", 0);
        sink.detached(new SimAccepted(socket));
        return 1;
    }

    private int finishClose() {
        state = State.CLOSED;
        transport.streamClosed();
        network.trace(toString(), "stream closed", 0);
        sink.closed();
        return 1;
    }

    @Override
    public boolean isPeerPresent() {
        return state == State.OPEN && !socket.hasPeerLeft();
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        return state == State.CLOSED ? Optional.empty() : Optional.of(socket.local());
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return Optional.of(socket.remote());
    }

    @Override
    public String toString() {
        return socket.toString();
    }
}
