// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one session that wait for their responses.
 *
 * <p>One timer serves them all: it is armed for the earliest deadline, and only a request with an earlier one has to go to the loop for it. Any thread,
 * but where the loop's is named.
 */
final class CallTable<M> {
    private static final long NEVER = Long.MAX_VALUE;

    private final AbstractSession<M> session;
    private final Correlation<M> correlation;
    private final Map<Object, Pending<M>> pending = new ConcurrentHashMap<>();
    /** When the timer fires. Written by the loop's thread. */
    private final AtomicLong firesNs = new AtomicLong(NEVER);

    private final Timer timer = new Timer(this::expire);
    private volatile @Nullable CloseCause closed;

    CallTable(AbstractSession<M> session, Correlation<M> correlation) {
        this.session = session;
        this.correlation = correlation;
    }

    private static final class Pending<M> extends CompletableFuture<M> {
        private final long deadlineNs;
        private final Duration timeout;

        Pending(long deadlineNs, Duration timeout) {
            this.deadlineNs = deadlineNs;
            this.timeout = timeout;
        }
    }

    int size() {
        return pending.size();
    }

    CompletableFuture<M> call(M request, long deadlineNs, Duration timeout) {
        final Object key = correlation.requestKey(request);
        final Pending<M> call = new Pending<>(deadlineNs, timeout);
        if (pending.putIfAbsent(key, call) != null) {
            return CompletableFuture.failedFuture(
                    new IllegalStateException("A request with the key " + key + " waits already on " + session));
        }
        try {
            session.send(request);
        } catch (RuntimeException e) {
            pending.remove(key, call);
            return CompletableFuture.failedFuture(e);
        }
        final CloseCause why = closed;
        if (why != null) {
            // It may have been closed before the request was put there.
            fail(key, call, why);
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

    /** Whether {@code message} is a response; one that nobody waits for any more is dropped. The loop's thread. */
    boolean complete(M message) {
        final Optional<?> key = correlation.responseKey(message);
        if (key.isEmpty()) {
            return false;
        }
        final Pending<M> call = pending.remove(key.get());
        if (call == null || !call.complete(message)) {
            session.endpoint().codec().discard(message);
        }
        return true;
    }

    /** Sees to it that the timer fires for the earliest. The loop's thread. */
    private void arm() {
        // Announced first: who comes later than the look below, sees that it has to come here.
        firesNs.set(NEVER);
        long earliest = NEVER;
        for (Pending<M> call : pending.values()) {
            earliest = Math.min(earliest, call.deadlineNs);
        }
        if (earliest != NEVER && closed == null) {
            session.loop().wheel().schedule(timer, earliest);
            firesNs.set(earliest);
        }
    }

    private void expire() {
        final long nowNs = session.loop().nowNs();
        pending.forEach((key, call) -> {
            if (call.deadlineNs <= nowNs && pending.remove(key, call)) {
                call.completeExceptionally(new CallFailedException(
                        CallFailedException.Reason.TIMED_OUT,
                        "No response came on " + session + " within " + call.timeout,
                        null));
            }
        });
        arm();
    }

    /** The session is over. The loop's thread. */
    void close(CloseCause why) {
        closed = why;
        session.loop().wheel().cancel(timer);
        pending.forEach((key, call) -> fail(key, call, why));
    }

    private void fail(Object key, Pending<M> call, CloseCause why) {
        if (pending.remove(key, call)) {
            call.completeExceptionally(new CallFailedException(
                    CallFailedException.Reason.CLOSED,
                    session + " was closed before the response came: " + why,
                    why.error().orElse(null)));
        }
    }
}
