// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.EngineState;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Timer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * HTTP on one connection: reads requests one after the other and has each answered. {@link LoopHttp} and {@link BlockingHttp} are its two styles.
 *
 * <p><b>Threads:</b> {@link #serve} and what it calls are the handler's thread, one at a time; the timer is the loop's. They agree by {@link Phase}: the
 * timer ends a connection only if nobody serves it at that moment.
 */
abstract class HttpConnection {
    /** What is to be done next. The handler's thread. */
    enum Stage {
        HEAD,
        BODY,
        HANDLE,
        /** The answer goes on when the handler has returned. */
        AWAIT
    }

    /** What the timer is to watch. */
    enum Phase {
        /** Nothing of a request has come. */
        IDLE,
        /** Part of a head has come. */
        HEAD,
        /** Part of a body has come that is read before the handler is called. */
        BODY,
        /** It is being served. */
        SERVING,
        /** The timer has ended it. */
        EXPIRED
    }

    private static final VarHandle PHASE;

    static {
        try {
            PHASE = MethodHandles.lookup().findVarHandle(HttpConnection.class, "phase", Phase.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ServerContext context;
    private final Connection connection;
    private final boolean admitted;
    private final Timer timer = new Timer(this::onTimer);

    private volatile Phase phase = Phase.IDLE;
    /** Since when it is in this phase, and in {@code BODY}, what has come; written before the phase. */
    private long sinceNs;

    private long bodyReadBytes;
    /** When the answer that was under way when that was last looked at has been sent at the latest; the loop's thread. */
    private long answeredNs;

    private Stage stage = Stage.HEAD;
    private @Nullable Exchange exchange;
    private byte[] dateLine = {};
    private int requests;
    /** How many requests had come when the part of the next one did. */
    private int requestsBeforePart;

    private boolean counted;
    private boolean over;
    private boolean handedOver;

    /** The loop's thread. */
    HttpConnection(ServerContext context, Connection connection) {
        this.context = context;
        this.connection = connection;
        this.admitted = context.connectionOpened();
        this.sinceNs = connection.loop().nowNs();
        this.answeredNs = sinceNs;
        connection.leastRate(context.leastRate());
        arm(context.limits().idleTimeout().toNanos());
    }

    // ---- serving

    /** Serves what has come, as far as it goes. */
    final void serve() {
        final Phase before = phase;
        if (over || before == Phase.EXPIRED || !enter(before)) {
            return;
        }
        boolean failed = true;
        try {
            final boolean allowed = counted || admitRequest();
            dateLine = DateField.now();
            serveAll(allowed && admitted);
            failed = false;
        } finally {
            over |= failed;
            leave(before);
        }
    }

    private boolean enter(Phase before) {
        if (isTimersThread()) {
            PHASE.setRelease(this, Phase.SERVING);
            return true;
        }
        return before == Phase.SERVING || PHASE.compareAndSet(this, before, Phase.SERVING);
    }

    private void enterPhase(Phase next) {
        if (isTimersThread()) {
            PHASE.setRelease(this, next);
        } else {
            phase = next;
        }
    }

    /** Counts what is served from now on; in the loop one at a time is, and counts when its answer goes on. */
    private boolean admitRequest() {
        if (isTimersThread()) {
            return context.mayBegin();
        }
        counted = true;
        return context.requestBegun();
    }

    private void serveAll(boolean allowed) {
        final Reader reader = connection.reader();
        Exchange now = exchange;
        if (now == null) {
            now = context.pool().take(context.limits());
            now.attach(this);
            exchange = now;
        }
        while (!over) {
            switch (stage) {
                case HEAD -> {
                    if (reader.readableBytes() == 0 || isHeldBack() || !readHead(now, reader, allowed)) {
                        return;
                    }
                }
                case BODY -> {
                    if (!collectBody(now, reader)) {
                        return;
                    }
                    stage = Stage.HANDLE;
                }
                case HANDLE -> {
                    stage = Stage.AWAIT;
                    now.handle(context.handler());
                    if (now.response().isUpgraded() && !handedOver) {
                        // Whoever took it over has returned.
                        close();
                    }
                }
                default -> {
                    if (isAwaited(now.response())) {
                        return;
                    }
                    stage = Stage.HEAD;
                    finish(now);
                }
            }
        }
    }

    /** Whether there is a request to be served. */
    private boolean readHead(Exchange now, Reader reader, boolean allowed) {
        final int result = now.head().read(reader);
        if (result == RequestHead.INCOMPLETE) {
            return false;
        }
        if (result != RequestHead.COMPLETE || !allowed) {
            writer().writeBytes(ServerResponse.refusal(context, result == RequestHead.COMPLETE ? 503 : result));
            close();
            return false;
        }
        requests++;
        final boolean bodyFirst = now.head().hasBody() && collectsBodies();
        if (now.head().hasBody()) {
            // What lies behind the head in its array is read from the reader.
            now.head().forget();
        }
        now.body()
                .begin(
                        now.head().contentLength(),
                        bodyFirst
                                ? Math.min(
                                        context.limits().bufferedBodyBytes(),
                                        context.limits().bodyBytes())
                                : context.limits().bodyBytes());
        now.begin();
        stage = bodyFirst ? Stage.BODY : Stage.HANDLE;
        return true;
    }

    /** After the handler, or what it has deferred. */
    private void finish(Exchange now) {
        final ServerResponse response = now.response();
        if (!over && !response.isEnded()) {
            end(now);
        }
        if (!over && (!response.keepsAlive() || !drain(now))) {
            close();
        }
        response.release();
        endRequest();
    }

    private void end(Exchange now) {
        try {
            now.response().end();
        } catch (IllegalStateException | IllegalArgumentException e) {
            // What the handler has set does not fit, as a Content-Length that it has not kept to.
            now.fail(500);
        }
    }

    private static boolean drain(Exchange now) {
        try {
            return now.body().isOver()
                    || now.request().drain(now.connection().context().limits().drainBytes());
        } catch (HttpException e) {
            return false;
        }
    }

    /** A request is refused that was to be collected. */
    final void refuseBody(Exchange now, int status) {
        now.request().failed();
        now.fail(status);
        stage = Stage.HEAD;
        close();
    }

    /** Nothing more is read; what is written is sent. */
    final void close() {
        over = true;
        connection.close();
    }

    /** Whoever reads the answer is to see that it is not whole. */
    final void abort() {
        over = true;
        connection.abort();
    }

    private void leave(Phase before) {
        final Exchange now = exchange;
        if (now != null && !over && stage == Stage.AWAIT) {
            // Still served, and counted.
            if (!counted) {
                counted = true;
                final boolean unused = context.requestBegun();
            }
            return;
        }
        if (counted) {
            counted = false;
            context.requestEnded();
        }
        if (now == null || over || (stage == Stage.HEAD && !now.head().hasPart())) {
            giveBack(now);
            sinceNs = clockNs();
            enterPhase(Phase.IDLE);
            return;
        }
        final Phase next = stage == Stage.BODY ? Phase.BODY : Phase.HEAD;
        bodyReadBytes = now.body().readBytes();
        if (next != before || requests != requestsBeforePart) {
            requestsBeforePart = requests;
            sinceNs = clockNs();
            enterPhase(next);
            watch();
        } else {
            enterPhase(next);
        }
    }

    private void giveBack(@Nullable Exchange now) {
        exchange = null;
        stage = Stage.HEAD;
        if (now != null) {
            endRequest();
            // One that has stopped in the middle of a head is not worth the trouble.
            final boolean reusable = now.head().isClean();
            now.detach();
            if (reusable) {
                context.pool().give(now);
            }
        }
    }

    // ---- for request and response

    final ServerContext context() {
        return context;
    }

    final Connection connection() {
        return connection;
    }

    final Writer writer() {
        return connection.writer();
    }

    /** Sees to it that a part of an answer that is not sent as was promised ends the connection: whoever reads the answer is to see that. */
    final void promise(CompletableFuture<Void> sent) {
        final Connection to = connection;
        final var unused = sent.whenComplete((_, failure) -> {
            if (failure != null) {
                to.abort();
            }
        });
    }

    final byte[] dateLine() {
        return dateLine;
    }

    final boolean isOver() {
        return over;
    }

    /** Whether the handler has returned and the answer goes on. */
    final boolean isAwaiting() {
        final Exchange now = exchange;
        return now != null && stage == Stage.AWAIT && isAwaited(now.response());
    }

    /** How much of the body of this request has been read. */
    final long bodyBytesRead() {
        final Exchange now = exchange;
        return now == null ? 0 : now.body().readBytes();
    }

    /** The connection has ended while an answer was awaited: whoever gives it is to find that out. */
    final void drop() {
        over = true;
        final Exchange now = exchange;
        if (now != null) {
            leave(Phase.SERVING);
        }
    }

    /** Whether another request may follow this one. */
    final boolean mayKeepAlive() {
        return requests < context.limits().requestsPerConnection()
                && !context.isClosing()
                && connection.engine().state() == EngineState.RUNNING;
    }

    /** Has {@code handler} serve the connection from now on. */
    final void handOver(ConnectionHandler handler) {
        handedOver = true;
        leaveHttp();
        connection.handOver(handler);
    }

    /** The connection is the handler's, until it returns. */
    final Connection takeOver() {
        leaveHttp();
        return connection;
    }

    /** Timeouts end that are HTTP's. */
    private void leaveHttp() {
        over = true;
        connection.readTimeout(Duration.ZERO);
        // What is spoken from now on may well have less to say in a second.
        connection.leastRate(context.leastRate().withBytesPerSecond(0));
        connection.loop().executeAlways(() -> connection.loop().wheel().cancel(timer));
    }

    // ---- what depends on the style

    /** Whether the thread that serves is the loop's, which runs the timer, too. */
    abstract boolean isTimersThread();

    /** Whether requests are not to be read for the time being. */
    abstract boolean isHeldBack();

    /** Whether bodies are read before the handler is called. */
    abstract boolean collectsBodies();

    /** Reads as much of a body as has come; whether that is all. */
    abstract boolean collectBody(Exchange now, Reader reader);

    /** Whether the answer goes on when the handler has returned. */
    abstract boolean isAwaited(ServerResponse response);

    /** A request is over: gives back what it holds. */
    abstract void endRequest();

    /** Sends the body of an answer, of whatever length, behind what is written. */
    abstract void sendBody(byte[] body);

    /** As {@link #sendBody(byte[])}, {@code length} bytes of {@code body}, which are consumed. */
    abstract void sendBody(Reader body, long length);

    /** Where bodies are read. */
    abstract Reader bodySource();

    /** Waits for bytes of a body. */
    abstract void awaitBody(Reader in);

    /** An answer that was deferred has ended. */
    abstract void deferredEnded();

    abstract void requireDeferrable();

    abstract void requireBlocking(String what);

    abstract long clockNs();

    /** Has the loop look at the timeouts. */
    abstract void watch();

    // ---- the loop's thread

    /** The connection is gone. */
    void onClose() {
        connection.loop().wheel().cancel(timer);
        context.connectionClosed();
    }

    /** Looks whether something has taken too long. */
    final void onTimer() {
        final HttpLimits limits = context.limits();
        final Phase now = phase;
        switch (now) {
            case IDLE -> checkIdle(limits.idleTimeout().toNanos());
            case HEAD -> check(now, sinceNs, limits.headerTimeout().toNanos());
            case BODY -> check(now, sinceNs, bodyTimeNs(bodyReadBytes));
            case SERVING ->
                arm(Math.min(
                        limits.idleTimeout().toNanos(), limits.headerTimeout().toNanos()));
            case EXPIRED -> {
                // It is being closed.
            }
        }
    }

    /** While an answer is still under way no request is waited for. */
    private void checkIdle(long timeoutNs) {
        if (connection.pendingBytes() > 0) {
            // Nobody tells when it is sent.
            final long againNs = Math.max(1, timeoutNs / 8);
            answeredNs = connection.loop().nowNs() + againNs;
            arm(againNs);
            return;
        }
        final long since = sinceNs;
        check(Phase.IDLE, since - answeredNs > 0 ? since : answeredNs, timeoutNs);
    }

    /** How long a body may be waited for of which so much has come. */
    final long bodyTimeNs(long readBytes) {
        final long seconds = Math.min(readBytes / context.limits().bodyBytesPerSecond(), Integer.MAX_VALUE);
        return context.limits().bodyTimeout().toNanos() + seconds * 1_000_000_000L;
    }

    private void check(Phase now, long fromNs, long timeoutNs) {
        final long leftNs = fromNs + timeoutNs - connection.loop().nowNs();
        if (leftNs > 0) {
            arm(leftNs);
        } else if (PHASE.compareAndSet(this, now, Phase.EXPIRED)) {
            if (now != Phase.IDLE) {
                final var unused = connection.send(ServerResponse.refusal(context, 408));
            }
            connection.close();
        } else {
            arm(1);
        }
    }

    private void arm(long delayNs) {
        final EventLoop loop = connection.loop();
        loop.wheel().schedule(timer, loop.nowNs() + delayNs);
    }
}
