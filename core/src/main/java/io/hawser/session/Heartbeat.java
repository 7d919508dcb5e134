// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Keeps sessions under watch: sends a ping in each period, answers those of the peer, and ends a session whose peer is gone without a word.
 *
 * <pre>{@code
 * .heartbeat(Heartbeat.every(Duration.ofSeconds(10), () -> "ping")
 *         .answering("ping"::equals, ping -> "pong")
 *         .ignoring("pong"::equals))
 * }</pre>
 *
 * <p>A period is unanswered if nothing at all has come from the peer in it, though a ping was sent before: not a byte, be it of a heartbeat or of
 * anything else; nor, while too much is pending to receive anything, has it taken a byte. After so many in a row the session is aborted with
 * {@link io.hawser.connection.CloseCause.Kind#TIMED_OUT}, at the latest one period after those. Periods in which this side does not read, since its task
 * pool is full, do not count. Nothing is done for a byte or a message but to ask whether it is a heartbeat.
 *
 * <p>Heartbeats are neither given to the listener nor taken for responses. Immutable; any thread.
 *
 * @param <M> the type of messages
 */
public final class Heartbeat<M> {
    private static final int DEFAULT_UNANSWERED = 3;

    private final Duration period;
    private final Optional<Consumer<Session<M>>> ping;
    private final int unanswered;
    private final Predicate<? super M> isPing;
    private final Function<? super M, ? extends M> pong;
    private final Predicate<? super M> isPong;

    private Heartbeat(
            Duration period,
            Optional<Consumer<Session<M>>> ping,
            int unanswered,
            Predicate<? super M> isPing,
            Function<? super M, ? extends M> pong,
            Predicate<? super M> isPong) {
        this.period = period;
        this.ping = ping;
        this.unanswered = unanswered;
        this.isPing = isPing;
        this.pong = pong;
        this.isPong = isPong;
    }

    /**
     * Pings.
     *
     * @param period between two pings; at least 1 ms
     * @param ping makes one; on the session's loop
     * @throws IllegalArgumentException if the period is too short
     */
    public static <M> Heartbeat<M> every(Duration period, Supplier<? extends M> ping) {
        return pinging(period, session -> session.send(ping.get()));
    }

    /**
     * As {@link #every}, where a ping is no message.
     *
     * @param ping sends one; on the session's loop
     * @throws IllegalArgumentException if the period is too short
     */
    public static <M> Heartbeat<M> pinging(Duration period, Consumer<Session<M>> ping) {
        if (period.compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException("The period must be 1 ms at least: " + period);
        }
        return new Heartbeat<>(period, Optional.of(ping), DEFAULT_UNANSWERED, _ -> false, m -> m, _ -> false);
    }

    /** Does not ping, but may answer: the other side of {@link #every}. */
    public static <M> Heartbeat<M> passive() {
        return new Heartbeat<>(Duration.ZERO, Optional.empty(), DEFAULT_UNANSWERED, _ -> false, m -> m, _ -> false);
    }

    /**
     * As this, with another number of unanswered periods after which a session ends; default 3.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Heartbeat<M> unanswered(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("There must be at least 1 unanswered period: " + count);
        }
        return new Heartbeat<>(period, ping, count, isPing, pong, isPong);
    }

    /**
     * As this, and answers pings.
     *
     * @param recognize whether a message is a ping; on the session's loop
     * @param answer what to answer to it; the ping itself is allowed
     */
    public Heartbeat<M> answering(Predicate<? super M> recognize, Function<? super M, ? extends M> answer) {
        return new Heartbeat<>(period, ping, unanswered, recognize, answer, isPong);
    }

    /**
     * As this, and drops answers to pings.
     *
     * @param recognize whether a message is one; on the session's loop
     */
    public Heartbeat<M> ignoring(Predicate<? super M> recognize) {
        return new Heartbeat<>(period, ping, unanswered, isPing, pong, recognize);
    }

    long periodNs() {
        return period.toNanos();
    }

    Optional<Consumer<Session<M>>> ping() {
        return ping;
    }

    int unanswered() {
        return unanswered;
    }

    boolean isPing(M message) {
        return isPing.test(message);
    }

    M pong(M message) {
        return pong.apply(message);
    }

    boolean isPong(M message) {
        return isPong.test(message);
    }
}
