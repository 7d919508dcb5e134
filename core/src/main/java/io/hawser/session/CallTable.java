// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Timer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one session that wait for their responses.
 *
 * <p>One timer serves them all: it is armed for the earliest deadline, and only a request with an earlier one has to go to the loop for it. Any thread,
 * but where the loop's is named.
 */
abstract class CallTable<M> {
    private static final long NEVER = Long.MAX_VALUE;

    private final AbstractSession<M> session;
    private final AtomicInteger size = new AtomicInteger();
    /** When the timer fires. Written by the loop's thread. */
    private final AtomicLong firesNs = new AtomicLong(NEVER);

    private final Timer timer = new Timer(this::expire);
    private final PendingCall<M> nobody;
    private volatile @Nullable CloseCause closed;

    CallTable(AbstractSession<M> session) {
        this.session = session;
        this.nobody = new PendingCall<>(this, 0, Duration.ZERO);
        nobody.completeExceptionally(new IllegalStateException("nobody's call"));
    }

    static <M> CallTable<M> of(AbstractSession<M> session, Correlation<M> correlation) {
        return correlation instanceof InOrder<M> inOrder
                ? new OrderedCalls<>(session, inOrder)
                : new KeyedCalls<>(session, correlation);
    }

    final AbstractSession<M> session() {
        return session;
    }

    // ---- what the kinds of tables do

    /** Notes {@code call} and sends {@code request}; or throws, and {@link #left} was called. */
    abstract void send(M request, PendingCall<M> call);

    /** The call whose response {@code message} is, taken out; {@link #nobody} if it comes too late; null if it is no response. The loop's thread. */
    abstract @Nullable PendingCall<M> take(M message);

    /** All that were noted, some of which may be over. The loop's thread. */
    abstract Iterable<PendingCall<M>> calls();

    /** {@code call} is over without a response, or about to be. A second call does nothing. */
    abstract void ended(PendingCall<M> call);

    /** Forgets all, which are over. The loop's thread. */
    abstract void clear();

    /** A call that is over. */
    final PendingCall<M> nobody() {
        return nobody;
    }

    /** Whether nothing will come any more. */
    final boolean isClosed() {
        return closed != null;
    }

    /** A call was taken out, by whomever: one place is free again. */
    final void left() {
        size.decrementAndGet();
    }

    // ---- calls

    /** How many places are taken. */
    final int size() {
        return size.get();
    }

    CompletableFuture<M> call(M request, long deadlineNs, Duration timeout) {
        final int limit = session.endpoint().maxPendingCalls();
        if (size.incrementAndGet() > limit) {
            left();
            return CompletableFuture.failedFuture(new SendFailedException(
                    SendFailedException.Reason.BLOCKED,
                    "Too many calls wait for responses on " + session + "; the limit is " + limit,
                    null));
        }
        final PendingCall<M> call = new PendingCall<>(this, deadlineNs, timeout);
        try {
            send(request, call);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        final CloseCause why = closed;
        if (why != null) {
            // It may have been closed before the call was noted.
            fail(call, why);
        } else if (deadlineNs < firesNs.get()) {
            final EventLoop loop = session.loop();
            if (loop.inLoop()) {
                arm();
            } else {
                loop.executeAlways(this::arm);
            }
        }
        return call;
    }

    /** Whether {@code message} is a response; one that nobody waits for any more is counted and dropped. The loop's thread. */
    final boolean complete(M message) {
        final PendingCall<M> call = take(message);
        if (call == null) {
            return false;
        }
        if (!call.complete(message)) {
            session.counters().late();
            session.endpoint().codec().discard(message);
        }
        return true;
    }

    // ---- time

    /** Sees to it that the timer fires for the earliest. The loop's thread. */
    private void arm() {
        // Announced first: who comes later than the look below, sees that it has to come here.
        firesNs.set(NEVER);
        long earliest = NEVER;
        for (PendingCall<M> call : calls()) {
            if (!call.isDone()) {
                earliest = Math.min(earliest, call.deadlineNs());
            }
        }
        if (earliest != NEVER && closed == null) {
            session.loop().wheel().schedule(timer, earliest);
            firesNs.set(earliest);
        }
    }

    private void expire() {
        final long nowNs = session.loop().nowNs();
        for (PendingCall<M> call : calls()) {
            if (call.deadlineNs() <= nowNs && !call.isDone()) {
                ended(call);
                call.completeExceptionally(new CallFailedException(
                        CallFailedException.Reason.TIMED_OUT,
                        "No response came on " + session + " within " + call.timeout(),
                        null));
            }
        }
        arm();
    }

    // ---- the end

    /** The session is over. The loop's thread. */
    final void close(CloseCause why) {
        closed = why;
        session.loop().wheel().cancel(timer);
        for (PendingCall<M> call : calls()) {
            fail(call, why);
        }
        clear();
    }

    private void fail(PendingCall<M> call, CloseCause why) {
        ended(call);
        call.completeExceptionally(new CallFailedException(
                CallFailedException.Reason.CLOSED,
                session + " was closed before the response came: " + why,
                why.error().orElse(null)));
    }
}
