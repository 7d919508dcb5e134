// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.connection.CloseCause;
import io.hawser.connection.ConnectionClosedException;
import io.hawser.log.Log;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What sessions over streams and over datagrams have in common: whom they tell, what they count, and how they end.
 *
 * <p><b>The end.</b> {@link #live} counts the tasks that have been given to the pool and have not returned, and one for the connection. Whoever brings
 * it to zero tells the listener of the close: so that comes last, whatever the pool.
 *
 * <p><b>Thread:</b> any, but where a method says the loop's.
 */
abstract class AbstractSession<M> implements Session<M> {
    private final SessionEndpoint<M> endpoint;
    private final EventLoop loop;
    private final long id;
    private final TaskLane lane;
    private final boolean inline;
    private final @Nullable CallTable<M> calls;
    private final @Nullable Pulse<M> pulse;
    private final SessionCounters counters;
    private final Map<AttributeKey<?>, Object> attributes = new ConcurrentHashMap<>(2);
    private final AtomicInteger live = new AtomicInteger(1);
    private final AtomicBoolean cronWaits = new AtomicBoolean();
    private final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
    private volatile String name;
    /** Why the session ends, where it knows better than the connection. */
    private volatile @Nullable CloseCause failure;

    /** Why it ended. */
    private volatile @Nullable CloseCause cause;

    private @Nullable Timer cronTimer;
    /** Messages wait for room in the pool. The loop's. */
    private boolean blocked;

    private @Nullable M waiting;

    AbstractSession(SessionEndpoint<M> endpoint, EventLoop loop, long id) {
        this.endpoint = endpoint;
        this.loop = loop;
        this.id = id;
        this.name = "session " + id;
        this.lane = endpoint.tasks().newLane();
        this.inline = endpoint.tasks().isInline();
        this.counters = new SessionCounters(loop.stats(), loop.clockNs());
        final Correlation<M> correlation = endpoint.correlation();
        this.calls = correlation == null ? null : CallTable.of(this, correlation);
        final Heartbeat<M> heartbeat = endpoint.heartbeat();
        this.pulse = heartbeat == null ? null : new Pulse<>(this, heartbeat);
    }

    final SessionEndpoint<M> endpoint() {
        return endpoint;
    }

    final SessionCounters counters() {
        return counters;
    }

    // ---- what is below

    /** Whether the peer can be held back; else messages for which there is no room are lost. */
    boolean holdsBack() {
        return true;
    }

    /** Stops receiving, or goes on with it, first with what was held back. The loop's thread. */
    abstract void receive(boolean on);

    /** Sends what is pending, and closes what is below. */
    abstract void closeBelow();

    /**
     * Sends a message with a buffer of its own, on whatever thread.
     *
     * @return completes when the kernel has taken it
     */
    abstract CompletableFuture<Sent> offer(M message) throws SendFailedException;

    /**
     * Sends a message behind all that other threads have sent before, whatever the thread: where an order is kept above, what the loop sends must not
     * overtake what is on its way to the loop.
     */
    abstract void sendInOrder(M message) throws SendFailedException;

    /** One message, to be offered until there is room for it. */
    interface Offers extends AutoCloseable {
        /** As {@link #offer}. */
        CompletableFuture<Sent> next() throws SendFailedException;

        @Override
        default void close() {}
    }

    /** Makes the offers of {@code message}, which may be gone after the first {@link #offer}. */
    Offers offers(M message) throws SendFailedException {
        return () -> offer(message);
    }

    /** Completes when {@code bytes} may be pending besides those that are, or everything is over. */
    abstract CompletableFuture<Void> awaitRoom(long bytes);

    /** All bytes that have come from the peer, decoded or not. The loop's thread. */
    abstract long receivedBytes();

    /** All bytes that were taken of what was sent. The loop's thread. */
    abstract long takenBytes();

    /** Whether so much is pending that nothing is received. The loop's thread. */
    abstract boolean isCongested();

    // ---- beginning. The loop's thread

    /** Asks the listener; whether the session is to be. */
    final boolean agree() throws Exception {
        // Before the listener is asked: it may want another period.
        startCron(endpoint.cron().toNanos());
        if (!endpoint.listener().onOpen(this)) {
            return false;
        }
        endpoint.sessions().add(this);
        if (pulse != null && cause == null) {
            pulse.start();
        }
        final SessionOwner<M> owner = endpoint.owner();
        if (owner != null) {
            owner.opened(this);
        }
        return true;
    }

    // ---- messages. The loop's thread

    /** Whether the decoder has to wait until the pool has room. */
    final boolean isBlocked() {
        return blocked;
    }

    /** Gives a message to whom it is for. */
    final void deliver(M message) {
        if (pulse != null && pulse.takes(message)) {
            return;
        }
        if (calls != null && calls.complete(message)) {
            return;
        }
        if (inline) {
            handle(message);
            return;
        }
        if (offerTask(message)) {
            return;
        }
        final RejectionPolicy wanted = endpoint.tasks().rejectionPolicy();
        switch (wanted == RejectionPolicy.BLOCK && !holdsBack() ? RejectionPolicy.REJECT : wanted) {
            case BLOCK -> block(message);
            case REJECT -> {
                endpoint.codec().discard(message);
                tell(new RejectedExecutionException("The task pool is full: a message of " + this + " is dropped"));
            }
            case CALLER_RUNS -> handle(message);
            case CLOSE -> {
                endpoint.codec().discard(message);
                failed(CloseCause.Kind.LIMIT, new RejectedExecutionException("The task pool is full"));
            }
        }
    }

    private boolean offerTask(M message) {
        live.incrementAndGet();
        if (lane.offer(() -> run(message))) {
            return true;
        }
        release();
        return false;
    }

    private void block(M message) {
        waiting = message;
        if (!blocked) {
            blocked = true;
            receive(false);
        }
        lane.onRoom(() -> {
            if (!loop.executeAlways(this::unblock)) {
                lane.passOn();
            }
        });
    }

    private void unblock() {
        final M message = waiting;
        if (message == null) {
            lane.passOn();
            return;
        }
        waiting = null;
        if (offerTask(message)) {
            blocked = false;
            receive(true);
        } else {
            block(message);
        }
    }

    private void run(M message) {
        try {
            if (failure == null) {
                handle(message);
            } else {
                endpoint.codec().discard(message);
            }
        } finally {
            release();
        }
    }

    private void handle(M message) {
        try {
            endpoint.listener().onMessage(this, message);
        } catch (Throwable t) {
            listenerFailed(t);
        }
        endpoint.codec().handled(message);
    }

    /** The listener threw. */
    void listenerFailed(Throwable error) {
        failed(CloseCause.Kind.ERROR, error);
    }

    /** A task has returned. */
    private void release() {
        final int left = live.decrementAndGet();
        if (left == 0) {
            lane.force(this::tellOfClose);
        } else if (left == 1) {
            quiet();
        }
    }

    /** All that came has been handled. */
    abstract void quiet();

    /** Whether something that came is still being handled. The loop's thread. */
    boolean isBusy() {
        return live.get() > 1 || waiting != null;
    }

    /** There is room again below. The loop's thread. */
    final void writable() {
        try {
            endpoint.listener().onWritable(this);
        } catch (Throwable t) {
            failed(CloseCause.Kind.ERROR, t);
        }
    }

    // ---- time

    @Override
    public final void cron(Duration period) {
        if (period.isNegative()) {
            throw new IllegalArgumentException("The period must not be negative: " + period);
        }
        if (loop.inLoop()) {
            startCron(period.toNanos());
        } else {
            loop.executeAlways(() -> startCron(period.toNanos()));
        }
    }

    private void startCron(long periodNs) {
        Timer timer = cronTimer;
        if (timer == null) {
            timer = new Timer(this::onCronTimer);
            cronTimer = timer;
        }
        loop.wheel().cancel(timer);
        if (periodNs > 0 && cause == null) {
            loop.wheel().schedulePeriodic(timer, loop.nowNs() + periodNs, periodNs);
        }
    }

    private void onCronTimer() {
        if (!cronWaits.compareAndSet(false, true)) {
            return;
        }
        live.incrementAndGet();
        lane.force(() -> {
            cronWaits.set(false);
            try {
                if (failure == null && cause == null) {
                    endpoint.listener().onCron(this);
                }
            } catch (Throwable t) {
                failed(CloseCause.Kind.ERROR, t);
            } finally {
                release();
            }
        });
    }

    // ---- the end

    /** Tells the listener, once, and closes with what is pending. Any thread. */
    final void failed(CloseCause.Kind kind, Throwable error) {
        if (fails(kind, error)) {
            closeBelow();
        }
    }

    /** As {@link #failed}, of a peer that will take nothing any more. */
    final void failedHard(CloseCause.Kind kind, Throwable error) {
        if (fails(kind, error)) {
            abort();
        }
    }

    /** Makes {@code why} the cause of the close that follows, unless there is one. */
    final void endsAs(CloseCause why) {
        synchronized (this) {
            if (failure == null && cause == null) {
                failure = why;
            }
        }
    }

    private boolean fails(CloseCause.Kind kind, Throwable error) {
        synchronized (this) {
            if (failure != null || cause != null) {
                return false;
            }
            failure = new CloseCause(kind, Optional.of(error));
        }
        tell(error);
        return true;
    }

    /** Tells the listener of what closes nothing by itself. Any thread. */
    final void tell(Throwable error) {
        counters.failed();
        try {
            endpoint.listener().onError(this, error);
        } catch (Throwable t) {
            error.addSuppressed(t);
            Log.log(System.Logger.Level.WARNING, "onError of the listener of " + this + " failed", error);
        }
    }

    /** What is below is gone. The loop's thread, once. */
    final void closed(CloseCause why) {
        final CloseCause known = failure;
        final CloseCause end = known == null ? why : known;
        synchronized (this) {
            cause = end;
        }
        stopTimers();
        final M lost = waiting;
        waiting = null;
        if (lost != null) {
            endpoint.codec().discard(lost);
        }
        if (calls != null) {
            calls.close(end);
        }
        endpoint.sessions().remove(this);
        if (known == null && end.error().isPresent()) {
            final Throwable error = end.error().get();
            live.incrementAndGet();
            lane.force(() -> {
                try {
                    tell(error);
                } finally {
                    release();
                }
            });
        }
        release();
        final SessionOwner<M> owner = endpoint.owner();
        if (owner != null) {
            owner.gone(this, end);
        }
    }

    /** As {@link #closed}, of a session that the listener has refused. */
    final void closedUnseen(CloseCause why) {
        synchronized (this) {
            cause = why;
        }
        stopTimers();
        if (calls != null) {
            calls.close(why);
        }
        final SessionOwner<M> owner = endpoint.owner();
        if (owner != null) {
            owner.gone(this, why);
        }
        ended(why);
    }

    private void stopTimers() {
        if (pulse != null) {
            pulse.stop();
        }
        final Timer timer = cronTimer;
        if (timer != null) {
            loop.wheel().cancel(timer);
        }
    }

    private void tellOfClose() {
        final CloseCause why = cause;
        if (why == null) {
            throw new IllegalStateException(this + " is told of a close that has not come");
        }
        try {
            endpoint.listener().onClose(this, why);
        } catch (Throwable t) {
            Log.log(System.Logger.Level.WARNING, "onClose of the listener of " + this + " failed", t);
        }
        ended(why);
    }

    private void ended(CloseCause why) {
        final SessionOwner<M> owner = endpoint.owner();
        if (owner != null) {
            owner.over();
        }
        closed.complete(why);
        endpoint.sessionOver();
    }

    @Override
    public final CompletableFuture<CloseCause> closeFuture() {
        return closed.copy();
    }

    @Override
    public final void close() {
        closeBelow();
    }

    // ---- sending

    /** Encodes into a buffer of the message's own. */
    final Buffer encode(Codec<M> codec, M message) {
        final Buffer encoded = new Buffer(loop.blocks());
        boolean done = false;
        try {
            encoded.setBound(endpoint.maxMessageBytes());
            codec.encode(message, encoded);
            done = true;
            return encoded;
        } catch (BufferFullException | MessageTooLongException e) {
            throw tooLong(e);
        } catch (PoolExhaustedException e) {
            throw blocked(e);
        } catch (Exception e) {
            throw notEncoded(e);
        } finally {
            if (!done) {
                encoded.close();
            }
        }
    }

    final SendFailedException tooLong(@Nullable Throwable cause) {
        return new SendFailedException(
                SendFailedException.Reason.TOO_LONG,
                "A message to " + this + " is longer than " + endpoint.maxMessageBytes() + " bytes",
                cause);
    }

    final SendFailedException blocked(Throwable cause) {
        return new SendFailedException(
                SendFailedException.Reason.BLOCKED,
                "Too much is pending to " + this + ": " + cause.getMessage(),
                cause);
    }

    final SendFailedException notEncoded(Exception cause) {
        return new SendFailedException(
                SendFailedException.Reason.NOT_ENCODED,
                "A message to " + this + " could not be encoded: " + cause,
                cause);
    }

    final SendFailedException closedFailure(@Nullable Throwable cause) {
        final CloseCause why = this.cause;
        return new SendFailedException(
                SendFailedException.Reason.CLOSED, this + " is closed" + (why == null ? "" : ": " + why), cause);
    }

    final SendFailedException failureOf(Throwable error) {
        final Throwable cause =
                error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        return switch (cause) {
            case SendFailedException e -> e;
            case BufferFullException e -> blocked(e);
            case PoolExhaustedException e -> blocked(e);
            case ConnectionClosedException e -> closedFailure(e);
            default -> new SendFailedException(SendFailedException.Reason.CLOSED, String.valueOf(cause), cause);
        };
    }

    @Override
    public final Sent send(M message, Duration timeout) {
        requireOffLoop("send() with a timeout");
        final long deadlineNs = deadline(timeout);
        try (Offers offers = offers(message)) {
            while (true) {
                try {
                    return awaitSent(offers.next(), deadlineNs, timeout);
                } catch (SendFailedException e) {
                    final boolean full = e.reason() == SendFailedException.Reason.BLOCKED
                            && e.getCause() instanceof BufferFullException;
                    if (!full || !Waits.until(awaitRoom(roomNeeded(e)), deadlineNs - loop.clockNs())) {
                        throw e;
                    }
                }
            }
        }
    }

    private static long roomNeeded(SendFailedException e) {
        return e.getCause() instanceof BufferFullException full ? full.bytes() : 0;
    }

    private Sent awaitSent(CompletableFuture<Sent> sent, long deadlineNs, Duration timeout) {
        if (!Waits.until(sent, deadlineNs - loop.clockNs())) {
            throw new SendFailedException(
                    SendFailedException.Reason.TIMED_OUT,
                    "The peer of " + this + " has not taken a message within " + timeout,
                    null);
        }
        try {
            return sent.join();
        } catch (CompletionException e) {
            throw failureOf(e);
        }
    }

    @Override
    public final CompletableFuture<Sent> sendAsync(M message) {
        try {
            return offer(message);
        } catch (SendFailedException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    // ---- calls

    @Override
    public final M call(M request, Duration timeout) {
        requireOffLoop("call()");
        final CompletableFuture<M> response = callAsync(request, timeout);
        try {
            return response.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case CallFailedException failed -> throw failed;
                case SendFailedException failed -> throw failed;
                case null, default -> throw e;
            }
        }
    }

    @Override
    public final CompletableFuture<M> callAsync(M request, Duration timeout) {
        final CallTable<M> table = calls;
        if (table == null) {
            throw new IllegalStateException(
                    "The endpoint of " + this + " has no correlation, so nothing is a response");
        }
        return table.call(request, deadline(timeout), timeout);
    }

    @Override
    public final int pendingCalls() {
        return calls == null ? 0 : calls.size();
    }

    private long deadline(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("The timeout must be positive: " + timeout);
        }
        return loop.clockNs() + timeout.toNanos();
    }

    private void requireOffLoop(String call) {
        if (EventLoop.isLoopThread()) {
            throw new IllegalStateException(
                    call
                            + " waits, so it is not to be called on a loop: use a task pool, or the method that gives a future");
        }
    }

    // ---- what there is to know

    @Override
    public final long id() {
        return id;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final void rename(String newName) {
        name = newName;
    }

    @Override
    public final <T> void set(AttributeKey<T> key, T value) {
        attributes.put(key, value);
    }

    @Override
    @SuppressWarnings("unchecked") // a key is only ever set with its type
    public final <T> Optional<T> get(AttributeKey<T> key) {
        return Optional.ofNullable((T) attributes.get(key));
    }

    @Override
    @SuppressWarnings("unchecked") // a key is only ever set with its type
    public final <T> Optional<T> remove(AttributeKey<T> key) {
        return Optional.ofNullable((T) attributes.remove(key));
    }

    @Override
    public final SessionStats stats() {
        return counters.snapshot(loop.clockNs());
    }

    @Override
    public final EventLoop loop() {
        return loop;
    }

    /** Why it fails, or is gone. */
    final Optional<CloseCause> end() {
        final CloseCause known = failure;
        return Optional.ofNullable(known == null ? cause : known);
    }

    /** Whether what is below has gone. */
    final boolean isOver() {
        return cause != null || failure != null;
    }

    @Override
    public final String toString() {
        return name + remoteAddress().map(peer -> " with " + peer).orElse("");
    }
}
