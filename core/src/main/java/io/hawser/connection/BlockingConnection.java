// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.NotEnoughBytesException;
import io.hawser.buffer.Reader;
import io.hawser.buffer.ReaderHook;
import io.hawser.buffer.Slice;
import io.hawser.buffer.Writer;
import io.hawser.buffer.WriterHook;
import io.hawser.log.Log;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Flushable;
import io.hawser.loop.LoopTask;
import io.hawser.loop.Timer;
import io.hawser.tls.TlsSession;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.invoke.VarHandle;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection whose bytes are read and written by blocking calls, on a thread that is not the loop's.
 *
 * <p>Inbound, the loop appends to {@link #inbound} while the reading thread consumes; outbound, the writing thread fills {@link #outbound}
 * and hands its blocks to the loop through a queue. Neither side takes a lock.
 *
 * <p><b>Threads:</b> the {@code on…} methods and the two {@link LoopTask}s are the loop's; {@link #serve} and the hooks of the buffers are
 * the user's thread's, one at a time.
 *
 * <p><b>Waiting</b> is the classic pair: the user's thread announces what it needs, looks again, and parks; the loop appends, then looks
 * for an announcement. A full fence on each side between its two steps makes sure that one sees the other.
 */
final class BlockingConnection implements Connection, ReaderHook, WriterHook {
    private enum State {
        /** Nobody serves; the loop starts a thread when bytes come. */
        IDLE,
        /** A thread serves, or waits a little for more to serve. */
        SERVED,
        /** Whoever served, or closed what it dialled, hands over the last bytes. */
        ENDING,
        /** The connection is closed and nobody serves: the buffers are given back. */
        OVER
    }

    /** How long a thread that has nothing to serve is kept before it ends: starting one for each message would cost more. */
    private static final long LINGER_NS = 1_000_000_000L;

    private final StreamConnection connection;
    private final @Nullable BlockingHandler handler;
    private final ThreadFactory threads;
    /** The loop's own thread carries those. */
    private final boolean carried;

    private final Buffer inbound;
    private final Buffer outbound;

    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
    private volatile @Nullable Thread waiting;
    private volatile long needed;
    /** The waiting thread has nothing to serve. */
    private volatile boolean lingering;

    private volatile boolean retire;
    private volatile boolean ended;
    /** The thread in which the handler is running. */
    private volatile @Nullable Thread handling;

    /** The user has given it up by {@link #detach}: what is in the buffers is the loop's, and is not to be touched. */
    private volatile boolean detaching;

    /** The user has given it to another handler: it is none of this one's business any more. */
    private volatile boolean handedOver;

    /** The last try to serve has failed, or the user has closed: what still comes is nobody's. */
    private volatile boolean finished;

    /** Closed on this side, by whatever thread: nothing more comes that a thread could wait for. */
    private volatile boolean closing;

    /** Too much waits to be sent; {@link #writing} waits for less. */
    private volatile boolean congested;

    private volatile @Nullable Thread writing;
    private volatile boolean paused;
    private volatile @Nullable CloseCause cause;
    private volatile @Nullable Object attachment;
    /** At how many readable bytes the handler is called again. The serving thread's. */
    private long awaited;

    private final WaitTimeout reads;
    private final WaitTimeout writes;
    private @Nullable Timer lingerTimer;
    private @Nullable Timer waitTimer;
    private long lastDataNs;

    /** What is sent piece by piece and whose peer the loop watches. */
    private final AtomicInteger partsWatched = new AtomicInteger();

    /** The loop's {@link ThreadWaker} has this one, and will look for a waiting thread after this is false. */
    private volatile boolean wakeQueued;
    /** Behind this one in a queue of the waker, whose it is. */
    @Nullable
    BlockingConnection wakeNext;

    /** Takes over and sends what a thread that the loop carries has written in this turn. */
    private final Flushable sendAtEndOfTurn = this::sendNow;

    private boolean sendQueued;

    private final LoopTask sendTask = new LoopTask() {
        @Override
        public void run() {
            takeOver();
        }
    };
    private final LoopTask resumeTask = new LoopTask() {
        @Override
        public void run() {
            resumeReceiving();
        }
    };

    private final LoopTask watchTask = new LoopTask() {
        @Override
        public void run() {
            watchWaits();
        }
    };

    /** @param handler serves what comes; none for a dialled connection, whose caller reads on whatever thread */
    BlockingConnection(StreamConnection connection, @Nullable BlockingHandler handler, VirtualThreads threads) {
        this.connection = connection;
        this.handler = handler;
        this.threads = threads.factory(connection.loop());
        this.carried = handler != null && threads == VirtualThreads.LOOP && threads.isAvailable();
        // Here they are those of a thread's waits; a handler may take its time.
        this.reads = new WaitTimeout(ConnectionTimeouts.nanos(connection.readTimeout()));
        this.writes = new WaitTimeout(ConnectionTimeouts.nanos(connection.writeTimeout()));
        connection.readTimeout(Duration.ZERO);
        connection.writeTimeout(Duration.ZERO);
        this.inbound = new Buffer(connection.loop().blocks());
        this.outbound = new Buffer(connection.loop().blocks());
        inbound.setConcurrent(true);
        inbound.setReaderHook(this);
        outbound.setWriterHook(this);
        outbound.setBound(limits().outboundHighBytes());
        if (handler == null) {
            // Its caller serves it, until he closes it: the buffers are his even if the connection is gone.
            state.set(State.SERVED);
            watchWaits();
        }
    }

    private Limits limits() {
        return connection.engine().limits();
    }

    // ---- the loop's side

    void onData() {
        inbound.append(connection.reader());
        lastDataNs = connection.loop().nowNs();
        if (inbound.readableBytes() >= limits().inboundBytes() / 2 && !paused) {
            paused = true;
            connection.pause();
        }
        VarHandle.fullFence();
        wakeReader();
        if (handler != null && !finished && state.compareAndSet(State.IDLE, State.SERVED)) {
            start(handler);
        }
    }

    private void start(BlockingHandler serving) {
        final EventLoop loop = connection.loop();
        retire = false;
        final ServingThreads running = connection.engine().servingThreads();
        final Thread thread = threads.newThread(() -> {
            try {
                serve(serving);
            } finally {
                running.ended();
            }
        });
        running.started();
        thread.start();
        watchWaits();
        Timer timer = lingerTimer;
        if (timer == null) {
            timer = new Timer(this::onLingerTimer);
            lingerTimer = timer;
        }
        if (!timer.isArmed()) {
            loop.wheel().schedule(timer, loop.nowNs() + LINGER_NS);
        }
    }

    /** Once a second while a thread serves, so that nothing is to be done for each message. */
    private void onLingerTimer() {
        final EventLoop loop = connection.loop();
        if (state.get() != State.SERVED || cause != null) {
            return;
        }
        final long idleNs = loop.nowNs() - lastDataNs;
        if (lingering && idleNs >= LINGER_NS) {
            retire = true;
            unpark(waiting);
        }
        final Timer timer = lingerTimer;
        if (timer != null) {
            loop.wheel().schedule(timer, loop.nowNs() + Math.max(LINGER_NS - idleNs, LINGER_NS / 8));
        }
    }

    /**
     * Looks whether a wait is over, and sees to it that this is called again before the next can be. Not while nobody serves: whoever
     * starts to calls it.
     */
    private void watchWaits() {
        final EventLoop loop = connection.loop();
        if (cause != null || (handler != null && state.get() != State.SERVED)) {
            return;
        }
        final long nowNs = loop.nowNs();
        final long leftNs = Math.min(watch(reads, nowNs, waiting), watch(writes, nowNs, writing));
        if (leftNs == WaitTimeout.NEVER) {
            return;
        }
        Timer timer = waitTimer;
        if (timer == null) {
            timer = new Timer(this::watchWaits);
            waitTimer = timer;
        }
        if (!timer.isArmed() || timer.deadlineNs() - (nowNs + leftNs) > 0) {
            loop.wheel().schedule(timer, nowNs + leftNs);
        }
    }

    private static long watch(WaitTimeout timeout, long nowNs, @Nullable Thread thread) {
        final long leftNs = timeout.check(nowNs);
        if (leftNs > 0) {
            return leftNs;
        }
        unpark(thread);
        return timeout.timeoutNs() == 0 ? WaitTimeout.NEVER : timeout.timeoutNs();
    }

    private void wakeReader() {
        final Thread thread = waiting;
        if (thread == null) {
            return;
        }
        if (inbound.readableBytes() >= needed) {
            if (carried) {
                // A task of this turn, so that what it writes still leaves in it.
                LockSupport.unpark(thread);
            } else if (!wakeQueued) {
                wakeQueued = true;
                connection.home().waker().add(this);
            }
        } else if (paused) {
            // It needs more than is usually let in ahead of the reader.
            resumeReceiving();
        }
    }

    /** Makes the waiting thread ready. The loop's thread, or the waker's. */
    void wakeNow() {
        wakeQueued = false;
        unpark(waiting);
    }

    private static void unpark(@Nullable Thread thread) {
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /** Whether the handler runs, or has left part of a message, or is about to be called. The dialled are their callers' affair. */
    boolean isBusy() {
        return handler != null && !finished && (handling != null || inbound.readableBytes() > 0);
    }

    void onEnd() {
        ended = true;
        VarHandle.fullFence();
        unpark(waiting);
        if (handler != null && state.get() == State.IDLE) {
            // Whoever served has handed over before it left; what is on its way must not come after the FIN.
            takeOver();
            connection.close();
        }
    }

    void onWritable() {
        congested = false;
        unpark(writing);
    }

    /** What was received and not read. The connection is out of the engine and its user at rest. */
    byte[] takeUnread() {
        return inbound.readBytes((int) inbound.readableBytes());
    }

    /** The handler does not want the connection. */
    void refused() {
        state.set(State.OVER);
        inbound.close();
        outbound.close();
    }

    void onClose(CloseCause why) {
        cause = why;
        congested = false;
        VarHandle.fullFence();
        unpark(waiting);
        unpark(writing);
        cancelTimers();
        if (handler == null && (detaching || why.kind() == CloseCause.Kind.SHUTDOWN)) {
            // The engine's memory ends; a caller who has not closed what it dialled has lost it.
            state.compareAndSet(State.SERVED, State.IDLE);
        }
        giveBackIfOver();
        if (handler != null) {
            handler.onClose(this, why);
        }
    }

    private void cancelTimers() {
        final Timer timer = lingerTimer;
        if (timer != null) {
            connection.loop().wheel().cancel(timer);
        }
        final Timer waits = waitTimer;
        if (waits != null) {
            connection.loop().wheel().cancel(waits);
        }
    }

    /** Moves what was handed over to the connection, which sends it at the end of the turn. */
    private void takeOver() {
        // While bytes are on their way from the queue, isFull() would find them neither there nor here.
        congested = true;
        connection.takeOver();
        congested = connection.isCongested();
        if (!congested) {
            unpark(writing);
        }
    }

    private void sendNow() {
        sendQueued = false;
        connection.flushWith(sendTask);
    }

    private void resumeReceiving() {
        paused = false;
        connection.resume();
    }

    // ---- the serving thread

    private void serve(BlockingHandler serving) {
        try {
            do {
                serveAll(serving);
            } while (!leave());
        } catch (NotEnoughBytesException | ConnectionClosedException e) {
            if (!ended && cause == null && !closing) {
                failed(serving, e);
            }
            finish();
        } catch (ReadTimeoutException | WriteTimeoutException e) {
            // What a slow peer can cause at will is no news.
            finished = true;
            if (!handedOver) {
                connection.fail(e);
            }
            finish();
        } catch (Throwable t) {
            failed(serving, t);
            finish();
        }
    }

    /** Serves until nothing has come for a while. */
    private void serveAll(BlockingHandler serving) throws Exception {
        do {
            final long consumed = inbound.consumedBytes();
            final long before = inbound.readableBytes();
            if (before > 0 && !closing) {
                handling = Thread.currentThread();
                try {
                    serving.handle(this);
                    if (handedOver) {
                        return;
                    }
                    if (!detaching) {
                        inbound.release();
                    }
                    flush();
                } finally {
                    handling = null;
                }
                if (detaching || closing) {
                    return;
                }
                connection.closeIfDrained();
            }
            // A handler that consumed nothing is not called again for the same bytes, but when there are more.
            awaited = inbound.consumedBytes() == consumed ? before + 1 : 1;
        } while (awaitMore(awaited));
    }

    /** Waits for {@code total} bytes; false when the thread should end. */
    private boolean awaitMore(long total) {
        lingering = true;
        try {
            return park(total);
        } finally {
            lingering = false;
        }
    }

    /** Parks until {@code total} bytes are readable; false when that will not be, or the thread should end. */
    private boolean park(long total) {
        needed = total;
        if (!lingering && reads.timeoutNs() > 0) {
            reads.begin(connection.loop().clockNs());
        }
        waiting = Thread.currentThread();
        VarHandle.fullFence();
        try {
            requireNotGivenUp();
            if (paused) {
                connection.loop().executeAlways(resumeTask);
            }
            while (inbound.readableBytes() < total) {
                if (ended || cause != null || closing || (lingering && retire)) {
                    // All that came before the end was appended before the end was announced.
                    return inbound.readableBytes() >= total;
                }
                if (reads.hasExpired()) {
                    if (inbound.readableBytes() >= total) {
                        return true;
                    }
                    throw new ReadTimeoutException("A read of " + total + " bytes from " + this + " had "
                            + inbound.readableBytes() + " of them after " + reads.timeoutNs() / 1_000_000 + " ms");
                }
                LockSupport.park(this);
                if (Thread.interrupted()) {
                    Thread.currentThread().interrupt();
                    throw new UncheckedIOException(new InterruptedIOException("Interrupted while reading"));
                }
                requireNotGivenUp();
            }
            return true;
        } finally {
            waiting = null;
            reads.end();
        }
    }

    /** Ends the service; false if there is something to serve after all. */
    private boolean leave() {
        if (handedOver) {
            return true;
        }
        if (ended || cause != null || detaching || closing) {
            finish();
            return true;
        }
        state.set(State.IDLE);
        // Looked at after the announcement: what came before it, nobody else serves.
        final boolean more = inbound.readableBytes() >= awaited || ended || cause != null || closing;
        if (!more || !state.compareAndSet(State.IDLE, State.SERVED)) {
            return true;
        }
        retire = false;
        connection.loop().executeAlways(watchTask);
        return false;
    }

    /** The service is over for good: of several threads that find so, one gives the buffers up. */
    private void finish() {
        finished = true;
        if (handedOver || !state.compareAndSet(State.SERVED, State.ENDING)) {
            return;
        }
        try {
            handOver();
        } catch (ConnectionClosedException _) {
            // It has ended meanwhile, and says why elsewhere.
        }
        connection.close();
        state.set(State.IDLE);
        VarHandle.fullFence();
        giveBackIfOver();
    }

    private void failed(BlockingHandler serving, Throwable error) {
        finished = true;
        if (cause != null) {
            return;
        }
        if (handedOver) {
            Log.log(System.Logger.Level.WARNING, "A handler failed that had handed " + this + " over", error);
            return;
        }
        try {
            serving.onError(this, error);
        } catch (Throwable t) {
            error.addSuppressed(t);
            Log.log(System.Logger.Level.WARNING, "onError of the handler of " + this + " failed", error);
        }
        connection.fail(error);
    }

    /** Gives the buffers back when the connection is closed and nobody serves it; once. */
    private void giveBackIfOver() {
        if (cause != null && state.compareAndSet(State.IDLE, State.OVER)) {
            inbound.close();
            outbound.close();
        }
    }

    // ---- the hooks of the buffers, on the user's thread

    @Override
    public void await(Buffer buffer, long bytes) {
        requireNoLoop();
        requireAttached();
        if (bytes > limits().inboundBytes()) {
            throw new IllegalArgumentException("A read of " + bytes + " bytes in one piece; the limit is "
                    + limits().inboundBytes() + " (Limits.inboundBytes)");
        }
        handOver();
        if (!park(bytes)) {
            final CloseCause why = cause;
            if (why != null && why.kind() != CloseCause.Kind.PEER_CLOSED) {
                throw new ConnectionClosedException("A read from " + this + ", which is closed: " + why);
            }
            if (closing && !ended) {
                throw new ConnectionClosedException("A read from " + this + ", which is closed on this side");
            }
            throw new NotEnoughBytesException(bytes, inbound.readableBytes());
        }
    }

    @Override
    public void dirty() {
        // It leaves with the next flush, wait or return.
    }

    @Override
    public void full(Buffer buffer, long bytes) {
        if (bytes > limits().outboundBytes()) {
            throw new BufferFullException(bytes, buffer.pendingBytes(), limits().outboundBytes());
        }
        // After the flush nothing is pending here, so even a write over the bound of this buffer has its turn.
        flush();
    }

    @Override
    public void flush() {
        requireNoLoop();
        handOver();
        if (isFull()) {
            awaitRoom();
        }
    }

    private boolean isFull() {
        // In this order: what leaves the queue meanwhile shows in the other.
        return connection.queuedBytes() > limits().outboundHighBytes() || congested;
    }

    private void awaitRoom() {
        if (writes.timeoutNs() > 0) {
            writes.begin(connection.loop().clockNs());
        }
        writing = Thread.currentThread();
        VarHandle.fullFence();
        try {
            requireNotGivenUp();
            while (isFull() && cause == null) {
                if (writes.hasExpired() && partsWatched.get() > 0) {
                    writes.begin(connection.loop().clockNs());
                } else if (writes.hasExpired()) {
                    throw new WriteTimeoutException("A write to " + this + " has waited for room for "
                            + writes.timeoutNs() / 1_000_000 + " ms; " + pendingBytes() + " bytes are pending");
                }
                LockSupport.park(this);
                if (Thread.interrupted()) {
                    Thread.currentThread().interrupt();
                    throw new UncheckedIOException(new InterruptedIOException("Interrupted while writing"));
                }
                requireNotGivenUp();
            }
        } finally {
            writing = null;
            writes.end();
        }
    }

    /** Hands what was written to the loop. */
    private void handOver() {
        final long bytes = outbound.readableBytes();
        if (bytes == 0) {
            return;
        }
        outbound.clean();
        final CloseCause why = cause;
        if (detaching) {
            outbound.skip(bytes);
            throw new ConnectionClosedException("A write to " + this + ", which is being detached");
        }
        if (why != null) {
            outbound.skip(bytes);
            throw new ConnectionClosedException("A write to " + this + ", which is closed: " + why);
        }
        connection.offer(outbound);
        if (!connection.loop().isCarrying(Thread.currentThread())) {
            connection.takeOverLater(sendTask);
        } else if (!sendQueued) {
            // What belongs to the loop's thread is not for the one that it carries, but the end of this turn comes
            // soon.
            sendQueued = true;
            connection.loop().flushLater(sendAtEndOfTurn);
        }
    }

    private void requireNoLoop() {
        if (EventLoop.isLoopThread()) {
            throw new IllegalStateException("A blocking read or write on the thread of a loop ("
                    + Thread.currentThread().getName()
                    + "), which must not block; use a virtual thread, or a ConnectionHandler");
        }
    }

    // ---- the connection

    @Override
    public long id() {
        return connection.id();
    }

    @Override
    public Reader reader() {
        requireAttached();
        return inbound;
    }

    private void requireAttached() {
        if (detaching) {
            throw new ConnectionClosedException("A read from " + this + ", which was detached");
        }
    }

    @Override
    public Writer writer() {
        if (detaching) {
            throw new ConnectionClosedException("A write to " + this + ", which was detached");
        }
        return outbound;
    }

    @Override
    public CompletableFuture<Void> send(byte[] message) {
        return connection.send(message, sendTask);
    }

    @Override
    public CompletableFuture<Void> send(ByteBuffer message) {
        return connection.send(message, sendTask);
    }

    @Override
    public CompletableFuture<Void> send(Slice message) {
        return connection.send(message, sendTask);
    }

    @Override
    public CompletableFuture<Void> sendFile(FileSource file, long offset, long count) {
        return sendPart(() -> connection.sendFile(file, offset, count, sendTask));
    }

    @Override
    public CompletableFuture<Void> sendLarge(byte[] message) {
        return sendPart(() -> connection.sendLarge(message, sendTask));
    }

    @Override
    public CompletableFuture<Void> sendLarge(Slice message) {
        return sendPart(() -> connection.sendLarge(message, sendTask), message::close);
    }

    private CompletableFuture<Void> sendPart(Supplier<CompletableFuture<Void>> send) {
        return sendPart(send, () -> {});
    }

    /** @param giveUp if it does not come to {@code send} */
    private CompletableFuture<Void> sendPart(Supplier<CompletableFuture<Void>> send, Runnable giveUp) {
        boolean flushed = false;
        try {
            flush();
            flushed = true;
        } catch (ConnectionClosedException e) {
            return CompletableFuture.failedFuture(e);
        } finally {
            if (!flushed) {
                giveUp.run();
            }
        }
        final long timeoutNs = writes.timeoutNs();
        if (timeoutNs == 0) {
            return send.get();
        }
        // Nobody of whom a wait could expire need wait for it, so the loop watches the peer meanwhile.
        partsWatched.incrementAndGet();
        connection.writeTimeout(Duration.ofNanos(timeoutNs));
        return send.get().whenComplete((_, _) -> {
            if (partsWatched.decrementAndGet() == 0) {
                connection.writeTimeout(Duration.ZERO);
            }
        });
    }

    @Override
    public void wake() {
        // Who waits here waits for bytes.
    }

    @Override
    public boolean isActive() {
        return cause == null && connection.isActive();
    }

    @Override
    public void onClose(Consumer<CloseCause> callback) {
        connection.onClose(callback);
    }

    /** What a thread has written that is at work meanwhile, and not flushed, is not for another one to send. */
    @Override
    public void close() {
        if (handler == null) {
            giveUp();
            return;
        }
        if (Thread.currentThread() == handling || (connection.loop().inLoop() && state.get() == State.IDLE)) {
            handOverQuietly();
        }
        closing = true;
        connection.close();
        unpark(waiting);
    }

    /** The caller has no more use for what it dialled. */
    private void giveUp() {
        closing = true;
        VarHandle.fullFence();
        if (waiting == null && writing == null) {
            finish();
        } else {
            // The buffers are that thread's, which sees to them when it wakes.
            connection.close();
            unpark(waiting);
            unpark(writing);
        }
    }

    /** Throws if another thread has closed what was dialled, while this one waits or is about to. */
    private void requireNotGivenUp() {
        if (handler == null && closing) {
            finish();
            throw new ConnectionClosedException("Another thread has closed " + this);
        }
    }

    @Override
    public CompletableFuture<DetachedConnection> detach() {
        requireNoLoop();
        if (handler != null && Thread.currentThread() != handling) {
            throw new IllegalStateException(
                    "A connection in the blocking style is detached by its handler, not on " + Thread.currentThread());
        }
        handOverQuietly();
        detaching = true;
        return connection.detach();
    }

    @Override
    public void handOver(ConnectionHandler next) {
        requireNoLoop();
        if (handler == null || Thread.currentThread() != handling) {
            throw new IllegalStateException("A connection in the blocking style is handed over by its handler, not on "
                    + Thread.currentThread());
        }
        requireAttached();
        handOverQuietly();
        detaching = true;
        handedOver = true;
        connection.loop().executeAlways(() -> giveTo(next));
    }

    /** The loop's thread; the user's has let go of the buffers. */
    private void giveTo(ConnectionHandler next) {
        if (cause != null) {
            // Too late: this has been told of the end.
            state.set(State.IDLE);
            giveBackIfOver();
            return;
        }
        takeOver();
        cancelTimers();
        state.set(State.OVER);
        connection.handOver(next, inbound);
        inbound.close();
        outbound.close();
    }

    private void handOverQuietly() {
        try {
            handOver();
        } catch (ConnectionClosedException _) {
            // Closed already.
        }
    }

    @Override
    public void abort() {
        connection.abort();
        if (handler == null) {
            giveUp();
        }
    }

    @Override
    public void shutdownOutput() {
        handOver();
        connection.shutdownOutput();
    }

    @Override
    public void pause() {
        connection.pause();
    }

    @Override
    public void resume() {
        connection.resume();
    }

    @Override
    public boolean isOpen() {
        return cause == null && connection.isOpen();
    }

    @Override
    public long pendingBytes() {
        return outbound.pendingBytes() + connection.pendingBytes();
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        return connection.localAddress();
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return connection.remoteAddress();
    }

    @Override
    public <T> Optional<T> find(Class<T> kind) {
        return connection.find(kind);
    }

    @Override
    public void attach(Object value) {
        attachment = value;
    }

    @Override
    public Optional<TlsSession> tls() {
        return connection.tls();
    }

    @Override
    public Optional<Object> attachment() {
        return Optional.ofNullable(attachment);
    }

    @Override
    public <T> T attachment(Class<T> kind) {
        return StreamConnection.attached(attachment, kind, this);
    }

    private void setTimeout(WaitTimeout of, Duration timeout) {
        of.timeoutNs(ConnectionTimeouts.nanos(timeout));
        connection.loop().executeAlways(watchTask);
    }

    @Override
    public void readTimeout(Duration timeout) {
        setTimeout(reads, timeout);
    }

    @Override
    public void writeTimeout(Duration timeout) {
        setTimeout(writes, timeout);
    }

    @Override
    public void idleTimeout(Duration timeout) {
        connection.idleTimeout(timeout);
    }

    @Override
    public void leastRate(LeastRate rate) {
        connection.leastRate(rate);
    }

    @Override
    public LeastRate leastRate() {
        return connection.leastRate();
    }

    @Override
    public Duration readTimeout() {
        return Duration.ofNanos(reads.timeoutNs());
    }

    @Override
    public Duration writeTimeout() {
        return Duration.ofNanos(writes.timeoutNs());
    }

    @Override
    public Duration idleTimeout() {
        return connection.idleTimeout();
    }

    @Override
    public void execute(Runnable task) {
        connection.execute(task);
    }

    @Override
    public EventLoop loop() {
        return connection.loop();
    }

    @Override
    public Engine engine() {
        return connection.engine();
    }

    @Override
    public String toString() {
        return connection.toString();
    }
}
