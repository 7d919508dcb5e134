// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import io.hawser.buffer.Block;
import io.hawser.log.Log;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Timer;
import io.hawser.stage.Stage;
import io.hawser.transport.FileHandle;
import io.hawser.transport.StreamSink;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Takes the header from the beginning of what is received; then it lets all through. Of what has come it holds no block, but a copy of the part
 * of the header: a peer that sends byte by byte would have a block for each.
 *
 * <p><b>Thread:</b> the loop's, but for what {@link Stage} says.
 */
final class ProxyReceiverStage extends Stage {
    private enum State {
        WAITING,
        OPEN,
        FAILED,
        CLOSED
    }

    private final ProxyReceiver receiver;
    private final EventLoop loop;
    private State state = State.WAITING;
    /** While the header is waited for. */
    private @Nullable ProxyDecoder decoder;

    private @Nullable Timer timer;
    private volatile @Nullable ProxyHeader header;

    ProxyReceiverStage(ProxyReceiver receiver, EventLoop loop, StreamSink above) {
        super(above);
        this.receiver = receiver;
        this.loop = loop;
    }

    // ---- before the header

    @Override
    public void connected() {
        try {
            if (!receiver.expectsHeader(below().remoteAddress())) {
                open();
                return;
            }
        } catch (ProxyProtocolException e) {
            fail(e);
            return;
        }
        decoder = new ProxyDecoder(receiver.maxBytes());
        final Timer armed = new Timer(this::onTimeout);
        timer = armed;
        loop.wheel().schedule(armed, loop.nowNs() + receiver.timeoutNs());
        below().receive(true);
    }

    @Override
    public void received(Block block) {
        final ProxyDecoder waiting = decoder;
        if (state == State.OPEN) {
            above().received(block);
        } else if (state != State.WAITING || waiting == null) {
            block.release();
        } else {
            decode(waiting, block);
        }
    }

    private void decode(ProxyDecoder waiting, Block block) {
        final int start = block.start();
        final int end = block.end();
        final int taken;
        try {
            taken = waiting.take(block.byteBuffer(start, end));
        } catch (ProxyProtocolException e) {
            block.release();
            receiver.countMalformed();
            fail(e);
            return;
        }
        final Optional<ProxyHeader> found = waiting.header();
        if (found.isEmpty()) {
            block.release();
            return;
        }
        receiver.countHeader();
        header = found.get();
        decoder = null;
        cancelTimer();
        open();
        if (start + taken == end || state != State.OPEN) {
            block.release();
        } else {
            block.received(start + taken, end);
            above().received(block);
        }
    }

    private void open() {
        state = State.OPEN;
        above().connected();
    }

    private void onTimeout() {
        if (state == State.WAITING) {
            receiver.countLate();
            fail(new ProxyProtocolException("No PROXY header has come in time"));
        }
    }

    private void fail(IOException cause) {
        state = State.FAILED;
        cancelTimer();
        Log.log(System.Logger.Level.DEBUG, "A connection was not opened", cause);
        above().failed(cause);
    }

    private void cancelTimer() {
        final Timer armed = timer;
        timer = null;
        if (armed != null) {
            loop.wheel().cancel(armed);
        }
    }

    @Override
    public void inputEnded() {
        if (state == State.OPEN) {
            above().inputEnded();
        } else if (state == State.WAITING) {
            receiver.countMalformed();
            fail(new ProxyProtocolException("The connection has ended before its PROXY header"));
        }
    }

    @Override
    public void failed(IOException cause) {
        if (state != State.FAILED) {
            fail(cause);
        }
    }

    @Override
    public void closed() {
        state = State.CLOSED;
        cancelTimer();
        above().closed();
    }

    // ---- from then on

    @Override
    public long sendFile(FileHandle file, long position, long count) throws IOException {
        return below().sendFile(file, position, count);
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        final ProxyHeader known = header;
        return known == null || known.source().isEmpty() ? below().remoteAddress() : known.source();
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        final ProxyHeader known = header;
        return known == null || known.destination().isEmpty() || state == State.CLOSED
                ? below().localAddress()
                : known.destination();
    }

    @Override
    public <T> Optional<T> find(Class<T> kind) {
        return kind == ProxyHeader.class ? Optional.ofNullable(header).map(kind::cast) : super.find(kind);
    }
}
