// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.BufferQueue;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.buffer.WriterHook;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Flushable;
import io.hawser.loop.Timer;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.ConnectionResetException;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A connection over a stream socket, whatever the transport.
 *
 * <pre>
 *  CONNECTING ──► OPEN ──► FLUSHING ──► LINGERING ──► CLOSED
 *                      close()     all sent,     peer's FIN,
 *                                  FIN sent      or the timeout
 * </pre>
 *
 * Every state goes to CLOSED on failure. In FLUSHING and LINGERING what is received is thrown away: unread bytes in the kernel at the
 * close would make it send RST, and the peer could lose the end of what it was sent.
 *
 * <p><b>Thread:</b> the loop's, but for what hops there.
 */
final class StreamConnection implements Connection, StreamSink, Flushable, WriterHook {
    static final System.Logger LOGGER = System.getLogger("io.hawser.connection");

    private enum State {
        CONNECTING,
        OPEN,
        FLUSHING,
        LINGERING,
        CLOSED
    }

    /** The place in {@link LoopConnections}. */
    int index;

    private final long id;
    private final Endpoint endpoint;
    private final LoopConnections home;
    private final Buffer inbound;
    private final Buffer outbound;
    private @Nullable StreamSocket socket;
    /** Who waits for the connect. */
    private @Nullable Dial dial;

    private volatile State state = State.CONNECTING;
    private @Nullable CloseCause cause;
    private volatile @Nullable Object attachment;
    private @Nullable Timer closeTimer;

    private boolean paused;
    /** More was pending than the high watermark since the handler was last told that it is writable. */
    private boolean filled;
    /** Too much is pending: nothing is received until the peer has taken some. */
    private boolean congested;
    /** There is received data that the handler has not been called with, since it was paused or congested. */
    private boolean undelivered;

    private volatile boolean inputEnded;
    private boolean endDelivered;
    /** FIN is to be sent after what is pending. */
    private boolean outputEnding;

    private boolean outputEnded;
    private boolean sendPending;
    private boolean flushQueued;
    /** A callback is on the stack: buffers must not be given back under it. */
    private boolean inHandler;

    private boolean closedWhileInHandler;

    StreamConnection(Endpoint endpoint, LoopConnections home) {
        this.id = endpoint.engine().nextConnectionId();
        this.endpoint = endpoint;
        this.home = home;
        this.inbound = new Buffer(home.loop().blocks());
        this.outbound = new Buffer(home.loop().blocks());
        outbound.setWriterHook(this);
        outbound.setBound(endpoint.limits().outboundBytes());
    }

    // ---- the beginning

    /**
     * Takes over an accepted socket.
     *
     * @throws IOException if the operating system refuses; the socket is closed, the handler has not been called
     */
    void accept(AcceptedSocket accepted) throws IOException {
        socket = home.loop().transport().attach(accepted, endpoint.options().socket(), this);
        home.add(this);
        open();
    }

    /**
     * Starts to connect; {@code waiting} is told how it ends.
     *
     * @throws IOException if the operating system refuses; {@code waiting} is not told
     */
    void connect(SocketAddress remote, Dial waiting) throws IOException {
        socket = home.loop().transport().connect(remote, endpoint.options().socket(), this);
        dial = waiting;
        // Last: where all is being closed, this is closed from within.
        home.add(this);
    }

    @Override
    public void connected() {
        final Dial waiting = dial;
        if (state != State.CONNECTING || waiting == null) {
            return;
        }
        // On loopback a dial of an ephemeral port can meet itself (RFC 9293, 3.5, simultaneous open) and would echo for
        // ever.
        final Optional<SocketAddress> local = socket().localAddress();
        if (local.isPresent() && local.equals(socket().remoteAddress()) && local.get() instanceof InetSocketAddress) {
            failed(new ConnectException("connected to itself at " + local.get()));
            return;
        }
        dial = null;
        open();
        waiting.connected(this);
    }

    private void open() {
        if (state != State.CONNECTING) {
            return;
        }
        state = State.OPEN;
        home.loop().stats().connectionOpened();
        inHandler = true;
        try {
            endpoint.handler().onOpen(this);
        } catch (Throwable t) {
            onHandlerFailure(t);
        }
        leaveHandler();
        updateReceiving();
    }

    // ---- receiving

    @Override
    public void received(Block block) {
        home.loop().stats().received(block.readableBytes());
        if (state != State.OPEN) {
            block.release();
            return;
        }
        inbound.appendBlock(block);
        deliver();
    }

    /** Calls the handler with what is in the inbound buffer. */
    private void deliver() {
        if (paused || congested || inHandler) {
            undelivered = true;
            return;
        }
        undelivered = false;
        inHandler = true;
        try {
            endpoint.handler().onData(this);
            inbound.trim();
            if (inbound.readableBytes() > 0) {
                onUnread();
            }
        } catch (Throwable t) {
            onHandlerFailure(t);
        }
        leaveHandler();
    }

    private void onUnread() {
        final long limit = endpoint.limits().inboundBytes();
        if (inbound.readableBytes() > limit && !paused && state == State.OPEN) {
            terminate(CloseCause.of(
                    CloseCause.Kind.LIMIT,
                    new IOException(
                            "The handler left " + inbound.readableBytes() + " bytes unread; the limit is " + limit)));
        } else {
            inbound.compact();
        }
    }

    @Override
    public void inputEnded() {
        inputEnded = true;
        if (state == State.OPEN) {
            deliverEnd();
        } else if (state == State.LINGERING) {
            terminate(causeOfClose());
        }
    }

    /** Tells the handler of the peer's FIN, after all data. */
    private void deliverEnd() {
        if (!inputEnded || endDelivered || undelivered || inHandler || state != State.OPEN) {
            return;
        }
        endDelivered = true;
        inHandler = true;
        try {
            endpoint.handler().onEnd(this);
        } catch (Throwable t) {
            onHandlerFailure(t);
        }
        leaveHandler();
        if (outputEnded) {
            terminate(causeOfClose());
        }
    }

    /** Delivers what was held back by a pause or by congestion. */
    private void deliverHeldBack() {
        if (undelivered && state == State.OPEN) {
            deliver();
        }
        deliverEnd();
    }

    private void updateReceiving() {
        if (state == State.OPEN) {
            socket().receive(!paused && !congested);
        } else if (state == State.FLUSHING || state == State.LINGERING) {
            socket().receive(true);
        }
    }

    @Override
    public void pause() {
        if (hop(this::pause)) {
            return;
        }
        paused = true;
        updateReceiving();
    }

    @Override
    public void resume() {
        if (hop(this::resume) || !paused) {
            return;
        }
        paused = false;
        updateReceiving();
        if (undelivered || inputEnded) {
            // Not from here: the caller may be the handler itself.
            queueFlush();
        }
    }

    // ---- sending

    @Override
    public void dirty() {
        queueFlush();
    }

    private void queueFlush() {
        if (!flushQueued) {
            flushQueued = true;
            home.loop().flushLater(this);
        }
    }

    @Override
    public void full(Buffer buffer, long bytes) {
        if (state != State.OPEN || outputEnding) {
            throw new ConnectionClosedException("A write to " + this + ", whose sending side is closed");
        }
        final var failure = new BufferFullException(bytes, buffer.pendingBytes(), buffer.bound());
        if (endpoint.options().overflow() == OverflowPolicy.CLOSE) {
            terminate(CloseCause.of(CloseCause.Kind.LIMIT, failure));
        }
        throw failure;
    }

    @Override
    public void flush() {
        flushQueued = false;
        outbound.clean();
        deliverHeldBack();
        send();
    }

    @Override
    public void sent(long bytes) {
        sendPending = false;
        onSent(bytes);
        send();
    }

    /** Offers the transport what is pending until it has all of it, or has to wait for the kernel. */
    private void send() {
        while (!sendPending && state != State.CLOSED && outbound.readableBytes() > 0) {
            final long taken;
            try {
                taken = socket().send(outbound);
            } catch (IOException e) {
                failed(e);
                return;
            }
            if (taken == StreamSocket.PENDING) {
                sendPending = true;
            } else {
                onSent(taken);
            }
        }
        afterSend();
    }

    private void onSent(long bytes) {
        home.loop().stats().sent(bytes);
        // A handler that has seen so many waits for onWritable, even if the kernel takes all of them at once.
        filled |= outbound.pendingBytes() > endpoint.limits().outboundHighBytes();
        outbound.skip(bytes);
        if (outbound.readableBytes() == 0) {
            outbound.trim();
        }
    }

    private void afterSend() {
        if (state == State.OPEN) {
            final long pending = outbound.pendingBytes();
            if (pending > endpoint.limits().outboundHighBytes()) {
                congested = !endpoint.options().receiveWhileCongested();
                updateReceiving();
            } else if (filled && pending <= endpoint.limits().outboundLowBytes()) {
                onDrained();
            }
        }
        // Asked now: the handler may have written before it closed.
        if (outputEnding && !outputEnded && outbound.pendingBytes() == 0 && state != State.CLOSED) {
            endOutput();
        }
    }

    private void onDrained() {
        filled = false;
        congested = false;
        inHandler = true;
        try {
            endpoint.handler().onWritable(this);
        } catch (Throwable t) {
            onHandlerFailure(t);
        }
        leaveHandler();
        updateReceiving();
        if (undelivered || inputEnded) {
            queueFlush();
        }
    }

    private void endOutput() {
        outputEnded = true;
        try {
            socket().shutdownOutput();
        } catch (IOException e) {
            failed(e);
            return;
        }
        if (inputEnded && (state != State.OPEN || endDelivered)) {
            terminate(causeOfClose());
        } else if (state == State.FLUSHING) {
            state = State.LINGERING;
        }
    }

    @Override
    public void shutdownOutput() {
        if (hop(this::shutdownOutput) || state != State.OPEN || outputEnding) {
            return;
        }
        outputEnding = true;
        outbound.setBound(0);
        queueFlush();
    }

    // ---- the end

    @Override
    public void close() {
        if (!hop(this::close)) {
            close(CloseCause.of(inputEnded ? CloseCause.Kind.PEER_CLOSED : CloseCause.Kind.LOCAL));
        }
    }

    /** The engine shuts down. The loop's thread. */
    void shutdown() {
        close(CloseCause.of(CloseCause.Kind.SHUTDOWN));
    }

    /** The time for closing in the ordinary way is over. The loop's thread. */
    void shutdownNow() {
        reset(CloseCause.of(CloseCause.Kind.SHUTDOWN));
    }

    private void close(CloseCause why) {
        if (state == State.CONNECTING) {
            failed(new ConnectException("closed while connecting"));
            return;
        }
        if (state != State.OPEN) {
            return;
        }
        cause = why;
        state = State.FLUSHING;
        outputEnding = true;
        outbound.setBound(0);
        final Timer timer = new Timer(this::onCloseTimeout);
        closeTimer = timer;
        home.loop()
                .wheel()
                .schedule(
                        timer,
                        home.loop().nowNs() + endpoint.options().closeTimeout().toNanos());
        updateReceiving();
        queueFlush();
    }

    private void onCloseTimeout() {
        if (state == State.LINGERING) {
            // All is sent; a peer that does not close its side has no claim to more of ours.
            reset(causeOfClose());
        } else {
            reset(CloseCause.of(
                    CloseCause.Kind.TIMED_OUT,
                    new SocketTimeoutException(
                            outbound.pendingBytes() + " bytes were not taken within the close timeout")));
        }
    }

    private CloseCause causeOfClose() {
        final CloseCause known = cause;
        return known != null ? known : CloseCause.of(CloseCause.Kind.PEER_CLOSED);
    }

    @Override
    public void abort() {
        if (!hop(this::abort)) {
            reset(CloseCause.of(CloseCause.Kind.LOCAL));
        }
    }

    @Override
    public void failed(IOException error) {
        switch (state) {
            case CONNECTING -> {
                final Dial waiting = dial;
                dial = null;
                terminate(CloseCause.of(CloseCause.Kind.ERROR, error));
                if (waiting != null) {
                    waiting.failed(error);
                }
            }
            // Everything was sent and FIN too: how the peer takes its leave does not matter.
            case LINGERING -> terminate(causeOfClose());
            case OPEN, FLUSHING -> terminate(CloseCause.of(kindOf(error), error));
            case CLOSED -> {
                // It is known already.
            }
        }
    }

    private static CloseCause.Kind kindOf(IOException error) {
        return switch (error) {
            case ConnectionResetException _ -> CloseCause.Kind.RESET;
            case SocketTimeoutException _ -> CloseCause.Kind.TIMED_OUT;
            default -> CloseCause.Kind.ERROR;
        };
    }

    private void onHandlerFailure(Throwable error) {
        // A write after the end is no news when the end has come from elsewhere meanwhile.
        if (state == State.CLOSED || (state != State.OPEN && error instanceof ConnectionClosedException)) {
            return;
        }
        try {
            endpoint.handler().onError(this, error);
        } catch (Throwable t) {
            error.addSuppressed(t);
            LOGGER.log(System.Logger.Level.WARNING, "onError of the handler of " + this + " failed", error);
        }
        terminate(CloseCause.of(CloseCause.Kind.ERROR, error));
    }

    private void reset(CloseCause why) {
        if (state == State.CONNECTING) {
            failed(new ConnectException("closed while connecting"));
        } else if (state != State.CLOSED) {
            final StreamSocket open = socket();
            enterClosed(why);
            open.abort();
        }
    }

    private void terminate(CloseCause why) {
        if (state != State.CLOSED) {
            final StreamSocket open = socket();
            enterClosed(why);
            open.close();
        }
    }

    private void enterClosed(CloseCause why) {
        // Of a dial that failed the handler never heard.
        cause = state == State.CONNECTING ? null : why;
        state = State.CLOSED;
        outbound.setBound(0);
        final Timer timer = closeTimer;
        if (timer != null) {
            home.loop().wheel().cancel(timer);
        }
    }

    @Override
    public void closed() {
        if (inHandler) {
            closedWhileInHandler = true;
            return;
        }
        inbound.close();
        outbound.close();
        home.remove(this);
        final CloseCause why = cause;
        if (why == null) {
            return;
        }
        home.loop().stats().connectionClosed();
        try {
            endpoint.handler().onClose(this, why);
        } catch (Throwable t) {
            LOGGER.log(System.Logger.Level.WARNING, "onClose of the handler of " + this + " failed", t);
        }
    }

    private void leaveHandler() {
        inHandler = false;
        if (closedWhileInHandler) {
            closedWhileInHandler = false;
            closed();
        }
    }

    // ---- accessors

    /** Runs {@code call} on the loop's thread if this is not it; whether that was so. */
    private boolean hop(Runnable call) {
        if (home.loop().inLoop()) {
            return false;
        }
        // A loop that has ended has closed its connections: nothing is left to do.
        home.loop().executeAlways(call);
        return true;
    }

    private StreamSocket socket() {
        final StreamSocket open = socket;
        if (open == null) {
            throw new IllegalStateException("The connection has no socket yet");
        }
        return open;
    }

    /** What blocking writers have handed over; thrown away where the sending side is closed. The loop's thread. */
    long takeOver(BufferQueue handover) {
        if (state != State.OPEN || outputEnding) {
            try (Buffer lost = new Buffer(home.loop().blocks())) {
                return handover.drainTo(lost);
            }
        }
        final long bytes = handover.drainTo(outbound);
        if (outbound.pendingBytes() > endpoint.limits().outboundHighBytes()) {
            // Told before the first try to send, so that a writer that goes on at once cannot get far ahead.
            congested = true;
            updateReceiving();
        }
        return bytes;
    }

    /** Whether {@link ConnectionHandler#onWritable} is to come. The loop's thread. */
    boolean isCongested() {
        return congested;
    }

    /** Closes for a failure of whoever serves it elsewhere. Any thread. */
    void fail(Throwable error) {
        if (!hop(() -> fail(error))) {
            terminate(CloseCause.of(CloseCause.Kind.ERROR, error));
        }
    }

    private void requireLoop() {
        if (!home.loop().inLoop()) {
            throw new IllegalStateException("A connection is read and written on its loop's thread (" + home.loop()
                    + "), not on " + Thread.currentThread() + "; use connection.execute(...)");
        }
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public Reader reader() {
        requireLoop();
        return inbound;
    }

    @Override
    public Writer writer() {
        requireLoop();
        if (state == State.CLOSED) {
            throw new ConnectionClosedException("A write to " + this + ", which is closed");
        }
        return outbound;
    }

    @Override
    public boolean isOpen() {
        return state == State.OPEN && !inputEnded;
    }

    @Override
    public long pendingBytes() {
        return outbound.pendingBytes();
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        requireLoop();
        return socket().localAddress();
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return socket().remoteAddress();
    }

    @Override
    public void attach(Object value) {
        attachment = value;
    }

    @Override
    public Optional<Object> attachment() {
        return Optional.ofNullable(attachment);
    }

    @Override
    public void execute(Runnable task) {
        home.loop().execute(task);
    }

    @Override
    public EventLoop loop() {
        return home.loop();
    }

    @Override
    public Engine engine() {
        return endpoint.engine();
    }

    @Override
    public String toString() {
        final StreamSocket open = socket;
        return "connection " + id
                + (open == null
                        ? ""
                        : open.remoteAddress().map(peer -> " with " + peer).orElse(""));
    }
}
