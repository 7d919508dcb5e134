// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Slice;
import io.hawser.buffer.Writer;
import io.hawser.buffer.WriterHook;
import io.hawser.log.Log;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Flushable;
import io.hawser.loop.LoopTask;
import io.hawser.loop.Timer;
import io.hawser.stage.Stage;
import io.hawser.stage.StageContext;
import io.hawser.stage.StageFactory;
import io.hawser.tls.TlsSession;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.ConnectionResetException;
import io.hawser.transport.PeerAddress;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection over a stream socket, whatever the transport.
 *
 * <pre>
 *  CONNECTING ──► OPEN ──► FLUSHING ──► LINGERING ──► CLOSED
 *                      close()     all sent,     peer's FIN,
 *                                  FIN sent      or the timeout
 *
 *  OPEN ──detach()──► DETACHING ──all sent, socket given up──► CLOSED
 * </pre>
 *
 * OPEN goes to FLUSHING, too, when what the peer sends is cut off ({@link #inputTruncated}): what is pending is sent, and the cause is known.
 *
 * <p>Every state goes to CLOSED on failure. In FLUSHING and LINGERING what is received is thrown away: unread bytes in the kernel at the
 * close would make it send RST, and the peer could lose the end of what it was sent.
 *
 * <p><b>Thread:</b> the loop's, but for what hops there.
 */
final class StreamConnection implements Connection, StreamSink, Flushable, WriterHook, ConnectionTimeouts.Listener {
    private enum State {
        CONNECTING,
        OPEN,
        FLUSHING,
        LINGERING,
        DETACHING,
        CLOSED
    }

    private static final long DRAIN_POLL_NS = 5_000_000;
    /**
     * How long a peer that was sent all may keep its side open while the engine, or the server, shuts down: clients that keep connections look for
     * their end when they next use them.
     */
    private static final long DRAIN_LINGER_NS = 500_000_000;

    private static final byte[] NOTHING = {};
    private static final VarHandle OUTBOX;

    static {
        try {
            OUTBOX = MethodHandles.lookup().findVarHandle(StreamConnection.class, "outbox", Outbox.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** A {@link #detach} under way. */
    private static final class Detachment {
        private final CompletableFuture<DetachedConnection> waiting;
        private final Optional<Throwable> place;
        /** What the transport has given up. */
        private @Nullable AcceptedSocket given;

        Detachment(CompletableFuture<DetachedConnection> waiting, Optional<Throwable> place) {
            this.waiting = waiting;
            this.place = place;
        }
    }

    /** The place in {@link LoopConnections}. */
    int index;

    /** When it came there, in its steps. */
    int since;

    private final long id;
    private Endpoint endpoint;
    private final LoopConnections home;
    private final Buffer inbound;
    private final Buffer outbound;
    // A server may have a million connections that are idle, so what only some need is made when they need it.

    /** Made for the first timeout. */
    private volatile @Nullable ConnectionTimeouts timeouts;
    /** Made for the first message of another thread. */
    @SuppressWarnings("unused") // by OUTBOX
    private volatile @Nullable Outbox outbox;
    /** Made for the first that is sent piece by piece. */
    private volatile @Nullable PartQueue parts;
    /** The last one first. */
    private @Nullable ArrayDeque<Consumer<CloseCause>> closeCallbacks;

    private @Nullable StreamSocket socket;
    /** Who waits for it to open. */
    private @Nullable Opening opening;

    private volatile State state = State.CONNECTING;
    private volatile @Nullable CloseCause cause;
    private volatile @Nullable Object attachment;
    /** While it is open: looks whether it is still busy in an engine that shuts down. After that: the close timeout. */
    private @Nullable Timer timer;

    private @Nullable SourceAddress source;

    private boolean paused;
    /** More was pending than the high watermark since the handler was last told that it is writable. */
    private boolean filled;
    /** Too much is pending: nothing is received until the peer has taken some. */
    private boolean congested;
    /** There is received data that the handler has not been called with, since it was paused or congested. */
    private boolean undelivered;
    /** The handler is to be called even if there is nothing to read. */
    private boolean woken;

    /** The engine shuts down. */
    private volatile boolean draining;

    private @Nullable Detachment detachment;
    /** Who takes the connection over when the handler has returned. */
    private @Nullable ConnectionHandler successor;

    private boolean dialled;

    private volatile boolean inputEnded;
    private boolean endDelivered;
    /** FIN is to be sent after what is pending. */
    private boolean outputEnding;

    private boolean outputEnded;
    private boolean sendPending;
    /** What is pending is of one that is sent piece by piece. */
    private boolean partPending;

    private boolean flushQueued;
    /** A callback is on the stack: buffers must not be given back under it. */
    private boolean inHandler;

    private boolean closedWhileInHandler;
    /** Its end is being told, or has been. */
    private boolean gone;

    StreamConnection(Endpoint endpoint, LoopConnections home) {
        this.id = endpoint.engine().nextConnectionId();
        this.endpoint = endpoint;
        this.home = home;
        this.inbound = new Buffer(home.loop().blocks());
        this.outbound = new Buffer(home.loop().blocks());
        outbound.setWriterHook(this);
        outbound.setBound(endpoint.limits().outboundBytes());
        if (ConnectionTimeouts.isAnyIn(endpoint.options())) {
            timeouts = new ConnectionTimeouts(home.loop(), endpoint.options(), this);
        }
    }

    // ---- the beginning

    /**
     * Takes over an accepted socket.
     *
     * @param from where it is counted, until it is closed
     * @throws IOException if the operating system refuses; the socket is closed, the handler has not been called
     */
    void accept(AcceptedSocket accepted, Optional<SourceAddress> from) throws IOException {
        final Stage first = attach(accepted);
        source = from.orElse(null);
        home.add(this);
        if (first == null) {
            connected();
        } else {
            begin(first);
        }
    }

    /** The stage that stands next to the socket, or {@code null} if there is none. */
    private @Nullable Stage attach(AcceptedSocket accepted) throws IOException {
        final List<StageFactory> stages = endpoint.stages();
        final var options = endpoint.options().socket();
        if (stages.isEmpty()) {
            socket = home.loop().transport().attach(accepted, options, this);
            return null;
        }
        final Stage first = Stage.stack(stages, context("", 0), this);
        socket = first.place(home.loop().transport().attach(accepted, options, first));
        return first;
    }

    private StageContext context(String host, int port) {
        return new StageContext(
                home.loop(),
                dialled,
                host,
                port,
                endpoint.options().closeTimeout(),
                engine().handshakes(),
                engine()::executeElsewhere);
    }

    /** Has the stages do what comes before the connection opens. Where all is being closed, this may have been closed from within. */
    private void begin(Stage first) {
        if (state == State.CONNECTING) {
            first.connected();
        }
    }

    /**
     * Takes over a socket that brings a past along.
     *
     * @param waiting is told how it ends, unless this throws
     * @param from where it is counted, until it is closed
     * @param unread what was received from it before
     * @param connected whether this side has made the connection
     * @param ended whether FIN has been sent
     * @throws IOException if the operating system refuses; the socket is closed, the handler has not been called
     * @throws PoolExhaustedException if there is no memory for the bytes; nothing has happened
     * @throws UnsupportedOperationException if it is no socket for this transport; it is closed, the handler has not been called
     */
    void adopt(
            AcceptedSocket adopted,
            Opening waiting,
            Optional<SourceAddress> from,
            byte[] unread,
            boolean connected,
            boolean ended)
            throws IOException {
        if (ended && !endpoint.stages().isEmpty()) {
            adopted.close();
            throw new IOException("Its sending side is closed, so nothing can be agreed on over it");
        }
        dialled = connected;
        final Buffer past = new Buffer(home.loop().blocks());
        final Stage first;
        try {
            past.writeBytes(unread);
            first = attach(adopted);
        } catch (IOException | RuntimeException e) {
            past.close();
            throw e;
        }
        source = from.orElse(null);
        opening = waiting;
        if (first == null) {
            inbound.append(past);
            undelivered = unread.length > 0;
        }
        if (ended) {
            outputEnding = true;
            outputEnded = true;
            outbound.setBound(0);
        }
        home.add(this);
        if (first == null) {
            connected();
        } else {
            begin(first);
            for (Block head = past.head(); head != null && state != State.CLOSED; head = past.head()) {
                first.received(past.nextBlock(head.readableBytes()));
            }
        }
        past.close();
    }

    /**
     * Starts to connect; {@code waiting} is told how it ends.
     *
     * @param host that {@code remote} was found for, with {@code port}; else empty
     * @throws IOException if the operating system refuses; {@code waiting} is not told
     */
    void connect(SocketAddress remote, String host, int port, Opening waiting) throws IOException {
        dialled = true;
        final List<StageFactory> stages = endpoint.stages();
        final var options = endpoint.options().socket();
        if (stages.isEmpty()) {
            socket = home.loop().transport().connect(remote, options, this);
        } else {
            final Stage first = Stage.stack(stages, context(host, port), this);
            socket = first.place(home.loop().transport().connect(remote, options, first));
        }
        opening = waiting;
        // Last: where all is being closed, this is closed from within.
        home.add(this);
    }

    @Override
    public void connected() {
        if (state != State.CONNECTING) {
            return;
        }
        if (dialled && isOwnPeer()) {
            failed(new ConnectException(
                    "connected to itself at " + socket().localAddress().get()));
            return;
        }
        if (!dialled && !endpoint.stages().isEmpty() && !countClient()) {
            return;
        }
        final Opening waiting = opening;
        opening = null;
        final boolean agreed = open();
        if (waiting != null && agreed) {
            waiting.connected(this);
        } else if (waiting != null) {
            waiting.refused();
        }
    }

    /** A stage may know better than the socket whose connection it is: then it counts as that one's. Whether that one may have another. */
    private boolean countClient() {
        final SourceCounts sources = engine().sources();
        final SourceAddress before = source;
        final SourceAddress now =
                sources.isLimited() ? remoteAddress().flatMap(SourceAddress::of).orElse(null) : null;
        if (Objects.equals(before, now)) {
            return true;
        }
        if (now != null && !sources.tryAdd(now)) {
            engine().limitCounters().connectionsPerSource.increment();
            failed(new IOException("Too many connections from one source, that of " + remoteAddress()));
            return false;
        }
        if (before != null) {
            sources.remove(before);
        }
        source = now;
        return true;
    }

    /**
     * On loopback a dial of an ephemeral port can meet itself (RFC 9293, 3.5, simultaneous open) and would echo for ever.
     */
    private boolean isOwnPeer() {
        final Optional<SocketAddress> local = socket().localAddress();
        return local.isPresent() && local.equals(socket().remoteAddress()) && local.get() instanceof InetSocketAddress;
    }

    /** Whether the handler agrees. */
    private boolean open() {
        if (!prepare()) {
            terminate(CloseCause.of(CloseCause.Kind.LOCAL));
            leaveHandler();
            return false;
        }
        leaveHandler();
        state = State.OPEN;
        final ConnectionTimeouts watched = timeouts;
        if (watched != null) {
            watched.start();
        }
        home.opened(this);
        inHandler = true;
        try {
            handler().onOpen(this);
        } catch (Throwable t) {
            onHandlerFailure(t);
        }
        leaveHandler();
        updateReceiving();
        if (undelivered) {
            // Before what comes from now on: that is taken in a later turn.
            queueFlush();
        }
        return true;
    }

    /** While this is asked the connection counts as connecting: of its end nobody is told. */
    private boolean prepare() {
        inHandler = true;
        try {
            return endpoint.handler().prepare(this) && state == State.CONNECTING;
        } catch (Throwable t) {
            tellOfFailure(t);
            return false;
        }
    }

    // ---- receiving

    @Override
    public void received(Block block) {
        home.loop().stats().received(block.readableBytes());
        if (state == State.DETACHING) {
            inbound.appendBlock(block);
            return;
        }
        if (state != State.OPEN) {
            block.release();
            return;
        }
        final ConnectionTimeouts watched = timeouts;
        if (watched != null) {
            watched.received();
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
        woken = false;
        inHandler = true;
        try {
            handler().onData(this);
            inbound.trim();
            if (inbound.readableBytes() > 0) {
                onUnread();
            }
        } catch (Throwable t) {
            onHandlerFailure(t);
        }
        leaveHandler();
        if (draining) {
            closeIfDrained();
        }
    }

    private void onUnread() {
        final long limit = endpoint.limits().inboundBytes();
        if (inbound.readableBytes() > limit && !paused && state == State.OPEN) {
            engine().limitCounters().inbound.increment();
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
        noteReading();
        if (state == State.OPEN) {
            deliverEnd();
        } else if (state == State.LINGERING) {
            terminate(causeOfClose());
        }
    }

    /** Whoever still reads is told by the close, which comes when what is pending is sent: for that it does not matter. */
    @Override
    public void inputTruncated(IOException error) {
        switch (state) {
            case OPEN -> {
                inputEnded = true;
                close(CloseCause.of(kindOf(error), error));
            }
            // What comes is thrown away, whole or not.
            case FLUSHING, LINGERING -> inputEnded();
            case CONNECTING, DETACHING, CLOSED -> failed(error);
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
            handler().onEnd(this);
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
        if (undelivered && !woken && inbound.readableBytes() == 0) {
            // The handler has read it meanwhile, from a task of its own.
            undelivered = false;
            updateReceiving();
        }
        if (undelivered && state == State.OPEN) {
            deliver();
            if (!undelivered) {
                updateReceiving();
            }
        }
        deliverEnd();
    }

    private void updateReceiving() {
        if (state == State.OPEN) {
            // What was held back goes first, and what the handler does about that tells whether there is room for more.
            socket().receive(isReceiving());
            noteReading();
        } else if (state == State.FLUSHING || state == State.LINGERING) {
            socket().receive(true);
        }
    }

    private boolean isReceiving() {
        return !paused && !congested && !undelivered;
    }

    /** Whether bytes of the peer are waited for. */
    private void noteReading() {
        final ConnectionTimeouts watched = timeouts;
        if (watched != null) {
            watched.reading(isReceiving() && !inputEnded);
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
        // Else each pause that comes a little late would let in more, however much there is.
        undelivered |= inbound.readableBytes() > endpoint.limits().inboundBytes();
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
        engine().limitCounters().outbound.increment();
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
        completeSent();
    }

    /** As {@link #flush}, with what {@code takeOver} takes over from the queue of other threads. */
    void flushWith(Runnable takeOver) {
        // Else what it adds would be flushed once more in the next turn.
        flushQueued = true;
        takeOver.run();
        flush();
    }

    @Override
    public void sent(long bytes) {
        sendPending = false;
        if (bytes > 0) {
            onSent(bytes, partPending);
        }
        send();
        completeSent();
    }

    /** Tells those whose messages are sent. What they do may close this. */
    private void completeSent() {
        final Outbox others = outbox;
        if (others != null && others.hasCompleted(outbound.consumedBytes())) {
            inHandler = true;
            others.complete(outbound.consumedBytes());
            leaveHandler();
        }
        final PartQueue queue = parts;
        if (queue != null && queue.hasCompleted()) {
            inHandler = true;
            queue.complete();
            leaveHandler();
        }
    }

    /** Offers the transport what is pending until it has all of it, or has to wait for the kernel. */
    private void send() {
        long ofParts = 0;
        while (!sendPending && state != State.CLOSED) {
            final boolean bytesFirst = outbound.readableBytes() > 0;
            final PartQueue queue = bytesFirst ? null : waitingParts();
            if (queue == null && !bytesFirst) {
                break;
            }
            if (ofParts >= PartQueue.BYTES_PER_TURN) {
                queueFlush();
                break;
            }
            final long taken;
            try {
                taken = queue == null ? socket().send(outbound) : queue.send(socket());
            } catch (IOException e) {
                failed(e);
                return;
            }
            if (taken == StreamSocket.PENDING) {
                sendPending = true;
                partPending = queue != null;
            } else if (taken == PartQueue.NO_MEMORY) {
                break;
            } else if (taken > 0) {
                ofParts += queue == null ? 0 : taken;
                onSent(taken, queue != null);
            }
        }
        afterSend();
    }

    private @Nullable PartQueue waitingParts() {
        final PartQueue queue = parts;
        return queue == null || queue.isEmpty() ? null : queue;
    }

    private void onSent(long bytes, boolean ofPart) {
        home.loop().stats().sent(bytes);
        final ConnectionTimeouts watched = timeouts;
        if (watched != null) {
            watched.sent(bytes);
        }
        // A handler that has seen so many waits for onWritable, even if the kernel takes all of them at once.
        filled |= unsentBytes() > endpoint.limits().outboundHighBytes();
        final PartQueue queue = parts;
        if (ofPart && queue != null) {
            queue.onSent(bytes);
            return;
        }
        outbound.skip(bytes);
        if (outbound.readableBytes() == 0) {
            outbound.trim();
        }
    }

    /** What the loop has and the kernel has not taken, files and long messages included. Any thread; a moment old. */
    private long unsentBytes() {
        final PartQueue queue = parts;
        return outbound.pendingBytes() + (queue == null ? 0 : queue.pendingBytes());
    }

    private void afterSend() {
        final ConnectionTimeouts watched = timeouts;
        if (watched != null) {
            watched.pending(unsentBytes() > 0);
        }
        if (state == State.OPEN) {
            final long pending = unsentBytes();
            if (pending > endpoint.limits().outboundHighBytes()) {
                congested = !endpoint.options().receiveWhileCongested();
                updateReceiving();
            } else if (filled && pending <= endpoint.limits().outboundLowBytes()) {
                onDrained();
            }
        }
        // Asked now: the handler may have written before it closed.
        if (outputEnding && !outputEnded && unsentBytes() == 0 && state != State.CLOSED) {
            endOutput();
        }
        if (state == State.DETACHING && unsentBytes() == 0) {
            cancelTimer();
            socket().detach();
        }
    }

    private void onDrained() {
        filled = false;
        congested = false;
        inHandler = true;
        try {
            handler().onWritable(this);
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
        if (inputEnded && state != State.DETACHING && (state != State.OPEN || endDelivered)) {
            terminate(causeOfClose());
        } else if (state == State.FLUSHING) {
            linger();
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

    LoopConnections home() {
        return home;
    }

    /** Whose it is, if it was accepted. The loop's thread. */
    @Nullable
    ServerConnections server() {
        return endpoint.server();
    }

    /** The engine, or its server, shuts down: closes when there is nothing half done. The loop's thread. */
    void drain() {
        draining = true;
        if (state == State.LINGERING) {
            linger();
        }
        closeIfDrained();
    }

    /** To be called when something is done. Any thread. */
    void closeIfDrained() {
        if (!draining || hop(this::closeIfDrained)) {
            return;
        }
        if (!isBusy()) {
            shutdown();
        } else if (timer == null) {
            // Who is busy on other threads need not tell when it is done.
            armTimer(DRAIN_POLL_NS);
        }
    }

    private void armTimer(long delayNs) {
        Timer made = timer;
        if (made == null) {
            made = new Timer(this::onTimer);
            timer = made;
        }
        home.loop().wheel().schedule(made, home.loop().nowNs() + delayNs);
    }

    private void cancelTimer() {
        final Timer made = timer;
        if (made != null) {
            home.loop().wheel().cancel(made);
        }
    }

    private void onTimer() {
        if (state == State.OPEN) {
            armTimer(DRAIN_POLL_NS);
            closeIfDrained();
        } else {
            onCloseTimeout();
        }
    }

    /** Whether a handler is at work elsewhere, or has part of a message. */
    private boolean isBusy() {
        return state == State.OPEN
                && (inbound.readableBytes() > 0 || endpoint.handler().isBusy(this));
    }

    private void shutdown() {
        if (state == State.OPEN) {
            final boolean within = inHandler;
            inHandler = true;
            try {
                endpoint.handler().onShutdown(this);
            } catch (Throwable t) {
                onHandlerFailure(t);
            }
            if (!within) {
                leaveHandler();
            }
        }
        close(CloseCause.of(CloseCause.Kind.SHUTDOWN));
    }

    /** The time for closing in the ordinary way is over. The loop's thread. */
    void shutdownNow() {
        if (state == State.CLOSED) {
            // A stage may have more to send.
            socket().abort();
        } else {
            reset(CloseCause.of(CloseCause.Kind.SHUTDOWN));
        }
    }

    private void close(CloseCause why) {
        if (state == State.CONNECTING) {
            failed(new ConnectException("closed while connecting"));
            return;
        }
        if (state != State.OPEN) {
            return;
        }
        // What others have written before is sent, too.
        takeOver();
        cause = why;
        state = State.FLUSHING;
        outputEnding = true;
        outbound.setBound(0);
        final ConnectionTimeouts watched = timeouts;
        if (watched != null) {
            watched.closing();
        }
        startCloseTimer();
        updateReceiving();
        queueFlush();
        if (outputEnded) {
            // FIN has been sent before; the peer's is all that is left to wait for.
            if (inputEnded) {
                terminate(why);
            } else {
                linger();
            }
        }
    }

    private void linger() {
        state = State.LINGERING;
        if (draining) {
            armTimer(Math.min(DRAIN_LINGER_NS, endpoint.options().closeTimeout().toNanos()));
        } else if (isPaced()) {
            startCloseTimer();
        }
    }

    private void startCloseTimer() {
        armTimer(endpoint.options().closeTimeout().toNanos());
    }

    private void stopTimeouts() {
        final ConnectionTimeouts watched = timeouts;
        if (watched != null) {
            watched.stop();
        }
    }

    private void onCloseTimeout() {
        final PartQueue queue = parts;
        final boolean paced = state == State.FLUSHING && isPaced();
        if (unsentBytes() > 0 && (paced || (queue != null && queue.hasProgressed()))) {
            // What is large takes as long as it takes, as long as the peer takes it; where there is a least rate, that
            // one says what is too long.
            startCloseTimer();
        } else if (state == State.LINGERING && (draining || isPaced())) {
            // A reset would throw away what the kernel still holds, and where peers may be slow that may be much.
            terminate(causeOfClose());
        } else if (state == State.LINGERING) {
            // All is sent; a peer that does not close its side has no claim to more of ours.
            reset(causeOfClose());
        } else {
            reset(CloseCause.of(
                    CloseCause.Kind.TIMED_OUT,
                    new SocketTimeoutException(unsentBytes() + " bytes were not taken within the close timeout")));
        }
    }

    @Override
    public void onTimeout(ConnectionTimeouts.Kind kind, String message) {
        final var why = CloseCause.of(CloseCause.Kind.TIMED_OUT, new SocketTimeoutException(message));
        if (kind == ConnectionTimeouts.Kind.WRITE || kind == ConnectionTimeouts.Kind.RATE) {
            // An ordinary close would leave the kernel with bytes that nobody takes.
            reset(why);
        } else {
            terminate(why);
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
                final Opening waiting = opening;
                opening = null;
                terminate(CloseCause.of(CloseCause.Kind.ERROR, error));
                if (waiting != null) {
                    waiting.failed(error);
                }
            }
            // Everything was sent and FIN too: how the peer takes its leave does not matter.
            case LINGERING -> terminate(causeOfClose());
            case OPEN, FLUSHING, DETACHING -> terminate(CloseCause.of(kindOf(error), error));
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
        tellOfFailure(error);
        terminate(CloseCause.of(CloseCause.Kind.ERROR, error));
    }

    private void tellOfFailure(Throwable error) {
        try {
            endpoint.handler().onError(this, error);
        } catch (Throwable t) {
            if (t != error) {
                error.addSuppressed(t);
            }
            Log.log(System.Logger.Level.WARNING, "onError of the handler of " + this + " failed", error);
        }
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
            // A FIN would tell the peer that it has got everything.
            final boolean truncated = unsentBytes() > 0;
            enterClosed(why);
            if (truncated) {
                open.abort();
            } else {
                open.close();
            }
        }
    }

    private void enterClosed(CloseCause why) {
        final CloseCause known = cause;
        // Of a dial that failed the handler never heard. A failure that is known already stays the cause of what it
        // leads to.
        cause = state == State.CONNECTING
                ? null
                : known != null && known.error().isPresent() ? known : why;
        state = State.CLOSED;
        outbound.setBound(0);
        stopTimeouts();
        cancelTimer();
    }

    // ---- another handler

    @Override
    public void handOver(ConnectionHandler next) {
        if (hop(() -> handOver(next)) || state != State.OPEN) {
            return;
        }
        successor = next;
        if (!inHandler) {
            succeed();
        }
    }

    /** As {@link #handOver}, with what was passed on to whoever served in the blocking style; the loop's thread. */
    void handOver(ConnectionHandler next, Buffer unread) {
        if (state != State.OPEN) {
            return;
        }
        if (unread.readableBytes() > 0) {
            // It came before what is here.
            unread.append(inbound);
            inbound.append(unread);
        }
        handOver(next);
    }

    private void succeed() {
        final ConnectionHandler next = successor;
        successor = null;
        if (next == null || state != State.OPEN) {
            return;
        }
        endpoint = endpoint.with(next);
        paused = false;
        endDelivered = false;
        inHandler = true;
        try {
            if (next.prepare(this)) {
                if (state == State.OPEN) {
                    next.onOpen(this);
                }
            } else {
                close();
            }
        } catch (Throwable t) {
            onHandlerFailure(t);
        }
        undelivered |= inbound.readableBytes() > 0;
        leaveHandler();
        updateReceiving();
        queueFlush();
    }

    // ---- leaving the engine

    @Override
    public CompletableFuture<DetachedConnection> detach() {
        final CompletableFuture<DetachedConnection> result = new CompletableFuture<>();
        final Optional<Throwable> place = DetachedConnection.place();
        if (home.loop().inLoop()) {
            detach(result, place);
        } else if (!home.loop().executeAlways(() -> detach(result, place))) {
            result.completeExceptionally(detachFailure());
        }
        return result;
    }

    private void detach(CompletableFuture<DetachedConnection> result, Optional<Throwable> place) {
        if (state != State.OPEN) {
            result.completeExceptionally(detachFailure());
            return;
        }
        if (socket instanceof Stage last && !last.isDetachable()) {
            result.completeExceptionally(new UnsupportedOperationException(
                    this + " cannot be detached: what it has agreed on with its peer, as TLS does, stays with it"));
            return;
        }
        // What others have written before is sent, too.
        takeOver();
        detachment = new Detachment(result, place);
        state = State.DETACHING;
        outbound.setBound(0);
        stopTimeouts();
        startCloseTimer();
        socket().receive(false);
        queueFlush();
    }

    private ConnectionClosedException detachFailure() {
        final CloseCause why = cause;
        if (why != null) {
            return new ConnectionClosedException(
                    this + " cannot be detached, it is closed: " + why,
                    why.error().orElse(null));
        }
        return new ConnectionClosedException(this + " cannot be detached: "
                + switch (state) {
                    case CONNECTING -> "it is not open yet";
                    case DETACHING -> "that is under way already";
                    case OPEN, FLUSHING, LINGERING, CLOSED -> "it is closed";
                });
    }

    @Override
    public void detached(AcceptedSocket given) {
        if (detachment != null) {
            detachment.given = given;
        }
        enterClosed(CloseCause.of(CloseCause.Kind.DETACHED));
        closed();
    }

    /** All that was received and not read. */
    private byte[] takeUnread() {
        final int last = (int) inbound.readableBytes();
        if (!(endpoint.handler() instanceof BlockingEndpoint)) {
            return inbound.readBytes(last);
        }
        final byte[] first = BlockingEndpoint.takeUnread(this);
        final byte[] all = Arrays.copyOf(first, first.length + last);
        inbound.readBytes(all, first.length, last);
        return all;
    }

    private void completeDetach(byte[] unread, CloseCause why) {
        final Detachment under = detachment;
        if (under == null) {
            return;
        }
        final AcceptedSocket given = under.given;
        if (given == null) {
            under.waiting.completeExceptionally(new ConnectionClosedException(
                    this + " was closed while it was being detached: " + why,
                    why.error().orElse(null)));
            return;
        }
        final var handle = new DetachedConnection(
                engine(), given, unread, remoteAddress(), dialled, outputEnded, toString(), under.place);
        engine().detachments().add(handle);
        if (!under.waiting.complete(handle)) {
            // Given up by the caller meanwhile.
            handle.close();
        }
    }

    @Override
    public void closed() {
        if (inHandler) {
            closedWhileInHandler = true;
            return;
        }
        gone = true;
        final byte[] unread = detachment == null || detachment.given == null ? NOTHING : takeUnread();
        final long sent = outbound.consumedBytes();
        final CloseCause why = cause;
        if (why != null) {
            home.closed(this, why);
        }
        inbound.close();
        outbound.close();
        home.remove(this);
        try {
            tellOfTheEnd(why, unread, sent);
        } finally {
            home.gone(this);
        }
    }

    private void tellOfTheEnd(@Nullable CloseCause why, byte[] unread, long sent) {
        final SourceAddress counted = source;
        if (counted != null) {
            engine().sources().remove(counted);
        }
        dropOutbox();
        failOutbox(sent);
        final PartQueue queue = parts;
        if (queue != null) {
            queue.close(sendFailure());
        }
        if (why == null) {
            return;
        }
        runCloseCallbacks(why);
        try {
            endpoint.handler().onClose(this, why);
        } catch (Throwable t) {
            Log.log(System.Logger.Level.WARNING, "onClose of the handler of " + this + " failed", t);
        }
        completeDetach(unread, why);
    }

    @Override
    public void onClose(Consumer<CloseCause> callback) {
        if (hop(() -> onClose(callback))) {
            return;
        }
        ArrayDeque<Consumer<CloseCause>> callbacks = closeCallbacks;
        if (callbacks == null) {
            callbacks = new ArrayDeque<>(2);
            closeCallbacks = callbacks;
        }
        callbacks.push(callback);
        final CloseCause why = cause;
        if (gone && why != null) {
            home.loop().executeAlways(() -> runCloseCallbacks(why));
        }
    }

    private void runCloseCallbacks(CloseCause why) {
        final ArrayDeque<Consumer<CloseCause>> callbacks = closeCallbacks;
        // Those that callbacks add come to their turn, too.
        while (callbacks != null && !callbacks.isEmpty()) {
            try {
                callbacks.pop().accept(why);
            } catch (Throwable t) {
                Log.log(System.Logger.Level.WARNING, "A close callback of " + this + " failed", t);
            }
        }
    }

    @Override
    public void wake() {
        if (hop(this::wake) || state != State.OPEN || endDelivered) {
            return;
        }
        woken = true;
        undelivered = true;
        queueFlush();
    }

    @Override
    public boolean isActive() {
        if (!isOpen()) {
            return false;
        }
        if (home.loop().inLoop()) {
            return socket().isPeerPresent();
        }
        if (EventLoop.isLoopThread()) {
            throw new IllegalStateException("isActive() waits for the connection's loop, " + home.loop()
                    + ", so it is not to be called on another one");
        }
        final CompletableFuture<Boolean> answer = new CompletableFuture<>();
        final boolean asked = home.loop().executeAlways(() -> answer.complete(isOpen() && socket().isPeerPresent()));
        return asked && engine().await(answer);
    }

    /** Whom to call. */
    private ConnectionHandler handler() {
        return home.loop().isRecording() ? WatchedHandler.of(endpoint.handler()) : endpoint.handler();
    }

    private void leaveHandler() {
        inHandler = false;
        if (closedWhileInHandler) {
            closedWhileInHandler = false;
            closed();
        } else if (successor != null) {
            succeed();
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

    // ---- writes of other threads

    @Override
    public CompletableFuture<Void> send(byte[] message) {
        return send(message, outbox());
    }

    @Override
    public CompletableFuture<Void> send(ByteBuffer message) {
        return send(message, outbox());
    }

    @Override
    public CompletableFuture<Void> send(Slice message) {
        return send(message, outbox());
    }

    CompletableFuture<Void> send(byte[] message, LoopTask drain) {
        return send(message.length, buffer -> buffer.writeBytes(message), drain);
    }

    CompletableFuture<Void> send(ByteBuffer message, LoopTask drain) {
        return send(message.remaining(), buffer -> buffer.write(message), drain);
    }

    CompletableFuture<Void> send(Slice message, LoopTask drain) {
        try (message) {
            return send(message.readableBytes(), buffer -> buffer.append(message), drain);
        }
    }

    /** @param drain ends in {@link #takeOver()} */
    private CompletableFuture<Void> send(long bytes, Consumer<Buffer> write, LoopTask drain) {
        // What is too much is not even copied.
        final long room = endpoint.limits().outboundBytes() - outbound.pendingBytes();
        final Outbox others = outbox();
        if (others.queuedBytes() + bytes > room) {
            return CompletableFuture.failedFuture(overflow(bytes));
        }
        if (state == State.CLOSED) {
            return CompletableFuture.failedFuture(sendFailure());
        }
        try (Buffer message = new Buffer(home.loop().blocks())) {
            write.accept(message);
            if (bytes == 0) {
                return CompletableFuture.completedFuture(null);
            }
            final CompletableFuture<Void> result = others.offer(message, room);
            if (result == null) {
                return CompletableFuture.failedFuture(overflow(bytes));
            }
            if (home.loop().inLoop()) {
                drain.run();
            } else if (!home.loop().executeAlways(drain)) {
                dropOutbox();
            }
            return result;
        } catch (PoolExhaustedException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletableFuture<Void> sendFile(FileSource file, long offset, long count) {
        return sendFile(file, offset, count, outbox());
    }

    /** @param drain ends in {@link #takeOver()} */
    CompletableFuture<Void> sendFile(FileSource file, long offset, long count, LoopTask drain) {
        if (offset < 0 || count < 0 || offset + count < 0) {
            throw new IllegalArgumentException(count + " bytes from " + offset + " of a file");
        }
        if (state == State.CLOSED) {
            return CompletableFuture.failedFuture(sendFailure());
        }
        if (!file.hold()) {
            return CompletableFuture.failedFuture(new ClosedChannelException());
        }
        return sendPart(new FilePart(file), offset, count, drain);
    }

    @Override
    public CompletableFuture<Void> sendLarge(byte[] message) {
        return sendLarge(message, outbox());
    }

    @Override
    public CompletableFuture<Void> sendLarge(Slice message) {
        return sendLarge(message, outbox());
    }

    CompletableFuture<Void> sendLarge(byte[] message, LoopTask drain) {
        return sendPart(new BytesPart(message), 0, message.length, drain);
    }

    CompletableFuture<Void> sendLarge(Slice message, LoopTask drain) {
        return sendPart(new SlicePart(message), 0, message.readableBytes(), drain);
    }

    /**
     * @param source is released in any case
     * @param drain ends in {@link #takeOver()}
     */
    private CompletableFuture<Void> sendPart(PartSource source, long offset, long count, LoopTask drain) {
        if (state == State.CLOSED) {
            source.release();
            return CompletableFuture.failedFuture(sendFailure());
        }
        final PartQueue queue = parts;
        final long waiting = queue == null ? 0 : (long) queue.count() * PartSend.MIN_WEIGHT;
        final long room = endpoint.limits().outboundBytes() - outbound.pendingBytes() - waiting;
        final PartSend send = new PartSend(outbox(), source, offset, count);
        if (!outbox().offer(send, engine().pool(), room)) {
            source.release();
            return CompletableFuture.failedFuture(overflow(PartSend.MIN_WEIGHT));
        }
        if (home.loop().inLoop()) {
            drain.run();
        } else if (!home.loop().executeAlways(drain)) {
            dropOutbox();
        }
        return send;
    }

    /** What is sent piece by piece has come to its place behind all that {@link #outbound} holds. The loop's thread. */
    void drained(PartSend part) {
        PartQueue queue = parts;
        if (queue == null) {
            queue = new PartQueue(outbound, home.loop(), this::queueFlush);
            parts = queue;
        }
        queue.add(part);
        queueFlush();
    }

    private BufferFullException overflow(long bytes) {
        engine().limitCounters().outbound.increment();
        final var failure =
                new BufferFullException(bytes, pendingBytes(), endpoint.limits().outboundBytes());
        if (endpoint.options().overflow() == OverflowPolicy.CLOSE) {
            final var why = CloseCause.of(CloseCause.Kind.LIMIT, failure);
            if (!hop(() -> terminate(why))) {
                terminate(why);
            }
        }
        return failure;
    }

    private ConnectionClosedException sendFailure() {
        final CloseCause why = cause;
        return why == null
                ? new ConnectionClosedException("The sending side of " + this + " is closed")
                : new ConnectionClosedException(
                        this + " is closed: " + why, why.error().orElse(null));
    }

    /** Queues {@code message} whatever is pending, for a writer that waits by itself and has it taken over, too. Any thread. */
    void offer(Buffer message) {
        outbox().offer(message);
    }

    /** @param drain ends in {@link #takeOver()}. Any thread */
    void takeOverLater(LoopTask drain) {
        if (!home.loop().executeAlways(drain)) {
            dropOutbox();
        }
    }

    /** What other threads have written and the loop has not taken over, in bytes. Any thread. */
    long queuedBytes() {
        final Outbox others = outbox;
        return others == null ? 0 : others.queuedBytes();
    }

    private Outbox outbox() {
        final Outbox known = outbox;
        if (known != null) {
            return known;
        }
        final Outbox made = new Outbox(this);
        final Outbox other = (Outbox) OUTBOX.compareAndExchange(this, null, made);
        return other == null ? made : other;
    }

    /** Takes over what other threads have written; thrown away where the sending side is closed. The loop's thread. */
    void takeOver() {
        if (state == State.CLOSED || state == State.DETACHING || outputEnding) {
            dropOutbox();
            return;
        }
        final Outbox others = outbox;
        if (others != null) {
            others.drainTo(outbound);
        }
        if (state == State.OPEN && unsentBytes() > endpoint.limits().outboundHighBytes()) {
            // Told before the first try to send, so that a writer that goes on at once cannot get far ahead.
            filled = true;
            congested = !endpoint.options().receiveWhileCongested();
            updateReceiving();
        }
    }

    /** On the loop's thread, or when that has ended. */
    private void dropOutbox() {
        final Outbox others = outbox;
        if (others == null) {
            return;
        }
        synchronized (others) {
            if (others.isEmpty()) {
                return;
            }
            try (Buffer lost = new Buffer(home.loop().blocks())) {
                others.drop(lost, sendFailure());
            }
        }
    }

    /** What the loop has taken over, and will not be sent any more. */
    private void failOutbox(long sentBytes) {
        final Outbox others = outbox;
        if (others != null) {
            others.complete(sentBytes);
            others.fail(sendFailure());
        }
    }

    /** Whether {@link ConnectionHandler#onWritable} is to come. The loop's thread. */
    boolean isCongested() {
        return filled;
    }

    /** Closes for a failure of whoever serves it elsewhere. Any thread. */
    void fail(Throwable error) {
        if (!hop(() -> fail(error))) {
            terminate(CloseCause.of(
                    error instanceof ReadTimeoutException || error instanceof WriteTimeoutException
                            ? CloseCause.Kind.TIMED_OUT
                            : CloseCause.Kind.ERROR,
                    error));
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
        return unsentBytes() + queuedBytes();
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
    public Optional<TlsSession> tls() {
        return socket instanceof Stage last ? last.find(TlsSession.class) : Optional.empty();
    }

    @Override
    public <T> Optional<T> find(Class<T> kind) {
        return socket instanceof Stage last ? last.find(kind) : Optional.empty();
    }

    @Override
    public void attach(Object value) {
        attachment = value;
    }

    @Override
    public Optional<Object> attachment() {
        return Optional.ofNullable(attachment);
    }

    /** Called for each read, so it makes nothing that the compiler might not get rid of. */
    @Override
    public <T> T attachment(Class<T> kind) {
        return attached(attachment, kind, this);
    }

    static <T> T attached(@Nullable Object value, Class<T> kind, Connection to) {
        if (value == null) {
            throw new IllegalStateException("Nothing is attached to " + to);
        }
        return kind.cast(value);
    }

    private void setTimeout(ConnectionTimeouts.Kind kind, Duration timeout) {
        final long timeoutNs = ConnectionTimeouts.nanos(timeout);
        if (!hop(() -> setTimeout(kind, timeoutNs))) {
            setTimeout(kind, timeoutNs);
        }
    }

    private void setTimeout(ConnectionTimeouts.Kind kind, long timeoutNs) {
        if (timeoutNs > 0 || timeouts != null) {
            timeouts().set(kind, timeoutNs);
        }
    }

    private ConnectionTimeouts timeouts() {
        final ConnectionTimeouts known = timeouts;
        if (known != null) {
            return known;
        }
        final ConnectionTimeouts made = new ConnectionTimeouts(home.loop(), endpoint.options(), this);
        timeouts = made;
        if (state == State.OPEN) {
            made.start();
            noteReading();
            made.pending(unsentBytes() > 0);
        }
        return made;
    }

    @Override
    public void leastRate(LeastRate rate) {
        if (!hop(() -> leastRate(rate)) && (!rate.equals(LeastRate.NONE) || timeouts != null)) {
            timeouts().leastRate(rate);
        }
    }

    private boolean isPaced() {
        final ConnectionTimeouts watched = timeouts;
        return watched != null && watched.isPaced();
    }

    @Override
    public LeastRate leastRate() {
        final ConnectionTimeouts watched = timeouts;
        return watched == null ? LeastRate.NONE : watched.leastRate();
    }

    private Duration timeout(ConnectionTimeouts.Kind kind) {
        final ConnectionTimeouts watched = timeouts;
        return watched == null ? Duration.ZERO : watched.get(kind);
    }

    @Override
    public void readTimeout(Duration timeout) {
        setTimeout(ConnectionTimeouts.Kind.READ, timeout);
    }

    @Override
    public void writeTimeout(Duration timeout) {
        setTimeout(ConnectionTimeouts.Kind.WRITE, timeout);
    }

    @Override
    public void idleTimeout(Duration timeout) {
        setTimeout(ConnectionTimeouts.Kind.IDLE, timeout);
    }

    @Override
    public Duration readTimeout() {
        return timeout(ConnectionTimeouts.Kind.READ);
    }

    @Override
    public Duration writeTimeout() {
        return timeout(ConnectionTimeouts.Kind.WRITE);
    }

    @Override
    public Duration idleTimeout() {
        return timeout(ConnectionTimeouts.Kind.IDLE);
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

    // ---- what there is to see. The loop's thread

    /** Whether this side has made the connection. */
    boolean isDialled() {
        return dialled;
    }

    /** What was received, in bytes. */
    long bytesIn() {
        return inbound.consumedBytes() + inbound.pendingBytes();
    }

    /** What the kernel took, in bytes. */
    long bytesOut() {
        return outbound.consumedBytes();
    }

    /** As {@link StreamSocket#copyRemote}. */
    boolean copyRemote(PeerAddress into) {
        return socket().copyRemote(into);
    }

    /** How it is now. */
    ConnectionSnapshot snapshot(long ageNs) {
        final StreamSocket open = socket();
        final ConnectionTimeouts watched = timeouts;
        return new ConnectionSnapshot(
                id,
                home.loop().name(),
                endpoint.handler() instanceof BlockingEndpoint blocking
                        ? blocking.handlerName()
                        : HandlerName.of(endpoint.handler()),
                AddressText.of(open.localAddress()),
                AddressText.of(open.remoteAddress()),
                dialled,
                seenState(),
                tls(),
                bytesIn(),
                bytesOut(),
                pendingBytes(),
                inbound.readableBytes(),
                Duration.ofNanos(ageNs),
                watched != null && state == State.OPEN ? Optional.of(watched.idle()) : Optional.empty());
    }

    private ConnectionSnapshot.State seenState() {
        return switch (state) {
            case CONNECTING -> ConnectionSnapshot.State.CONNECTING;
            case OPEN ->
                inputEnded
                        ? ConnectionSnapshot.State.PEER_ENDED
                        : congested
                                ? ConnectionSnapshot.State.CONGESTED
                                : paused ? ConnectionSnapshot.State.PAUSED : ConnectionSnapshot.State.OPEN;
            case FLUSHING -> ConnectionSnapshot.State.FLUSHING;
            case LINGERING -> ConnectionSnapshot.State.LINGERING;
            case DETACHING -> ConnectionSnapshot.State.DETACHING;
            case CLOSED -> ConnectionSnapshot.State.CLOSED;
        };
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
