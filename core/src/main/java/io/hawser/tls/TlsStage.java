// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.log.Log;
import io.hawser.loop.EventLoop;
import io.hawser.loop.Flushable;
import io.hawser.loop.Timer;
import io.hawser.stage.Stage;
import io.hawser.stage.StageContext;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * TLS on one connection: moves bytes between its {@link TlsEngine}, the socket below and the connection above.
 *
 * <pre>
 *  IDLE ──connected()──► HANDSHAKE ──► OPEN ──close()──► ENDING ──all sent──► CLOSED
 *                            └──failed, alert sent──►──────┘
 * </pre>
 *
 * <p><b>What counts as sent:</b> plaintext that lies in {@code outgoing} encrypted has not left, so the connection above keeps it, and
 * hears of it when the bytes are the kernel's. Since no byte of {@code outgoing} stands for more than one of plaintext, what is left there
 * bounds what is left of it.
 *
 * <p><b>ENDING</b> sends a last alert, be it close_notify, and after a failure throws away what still comes, for a moment: unread bytes in
 * the kernel would turn the close into a reset, and the alert that says why could be lost with it.
 *
 * <p><b>Thread:</b> the loop's.
 */
final class TlsStage extends Stage implements Flushable {
    private enum State {
        IDLE,
        HANDSHAKE,
        OPEN,
        ENDING,
        CLOSED
    }

    /** What may wait to be sent before nothing more is taken from a peer whose records ask for answers. */
    private static final long MAX_OUTGOING_BYTES = 4L * TlsEngine.MAX_BATCH_BYTES;

    /** How long the alert of a failure may take; a close_notify has the close timeout. */
    private static final long ALERT_NS = 1_000_000_000;

    /** How long one waits for memory before the next try. */
    private static final long MEMORY_POLL_NS = 1_000_000;

    /** How long in all, with nothing done: what has come and waits lies itself in memory, for which others may wait in turn. */
    private static final long MEMORY_WAIT_NS = 10_000_000_000L;

    private final Tls tls;
    private final StageContext context;
    private final EventLoop loop;
    private final Buffer incoming;
    private final Buffer plaintext;
    private final Buffer outgoing;
    private @Nullable TlsEngine engine;
    private volatile @Nullable TlsSession session;
    /** While there is something to wait for. */
    private @Nullable Timer timer;

    /** Made when there was no memory for what came. */
    private @Nullable Timer memoryTimer;

    /** There was none at the last try. */
    private boolean starved;

    private long starvedSinceNs;

    private State state = State.IDLE;
    private long handshakeBytes;
    /** Has a place among the engine's handshakes. */
    private boolean counted;
    /** How the peer begins has been looked at. */
    private boolean begun;
    /** The engine's task is on another thread. */
    private boolean tasking;
    /** The engine is at work, or what it made is being handed up. */
    private boolean working;

    private boolean flushQueued;
    /** The connection above wants to receive. */
    private boolean receiving;
    /** The socket below has a send under way. */
    private boolean sendPending;
    /** How many bytes at the head of the connection's buffer are encrypted, and not told as sent. */
    private long encrypted;
    /** What the connection above waits to be sent. */
    private @Nullable Buffer promised;

    private long promisedBytes;
    /** FIN follows what is in {@code outgoing}. */
    private boolean outputEnding;

    private boolean outputEnded;
    /** The socket below has brought the peer's FIN. */
    private boolean inputEnded;
    /** The connection above has been told of the end. */
    private boolean endTold;
    /** Nothing can be sent by the socket below any more. */
    private boolean broken;
    /** In ENDING: waits for the peer to have heard. */
    private boolean lingering;

    TlsStage(Tls tls, StageContext context, StreamSink above) {
        super(above);
        this.tls = tls;
        this.context = context;
        loop = context.loop();
        incoming = new Buffer(loop.blocks());
        plaintext = new Buffer(loop.blocks());
        outgoing = new Buffer(loop.blocks());
    }

    // ---- the handshake

    @Override
    public void connected() {
        if (!context.dialled()) {
            counted = context.handshakes().tryBegin();
            if (!counted) {
                tls.refused();
                above().failed(new SSLHandshakeException("As many TLS handshakes are under way as may be"));
                return;
            }
        }
        tls.begun();
        state = State.HANDSHAKE;
        try {
            final TlsEngine made = tls.engine(context);
            engine = made;
            made.start(outgoing);
        } catch (SSLException | RuntimeException e) {
            fail(e);
            return;
        }
        arm(tls.handshakeTimeoutNs());
        below().receive(true);
        queueFlush();
    }

    private TlsEngine engine() {
        final TlsEngine made = engine;
        if (made == null) {
            throw new IllegalStateException("TLS has not begun");
        }
        return made;
    }

    private void runElsewhere(Runnable task) {
        tasking = true;
        below().receive(false);
        context.executor().execute(() -> {
            task.run();
            loop.executeAlways(this::taskDone);
        });
    }

    private void taskDone() {
        tasking = false;
        if (state != State.HANDSHAKE) {
            makeRoom();
        }
        if (state == State.CLOSED) {
            engine().close();
        } else {
            process();
        }
    }

    private void established(TlsEngine made) {
        cancelTimer();
        final TlsSession agreed = made.session();
        session = agreed;
        state = State.OPEN;
        makeRoom();
        tls.established(agreed);
        below().receive(receiving);
        above().connected();
    }

    // ---- receiving

    @Override
    public void received(Block block) {
        if (state != State.HANDSHAKE && state != State.OPEN) {
            block.release();
            return;
        }
        if (state == State.HANDSHAKE) {
            handshakeBytes += block.readableBytes();
        }
        incoming.appendBlock(block);
        process();
    }

    /** Has the engine take what has come, and hands up what it made of it. */
    private void process() {
        if (tasking || working || (state != State.HANDSHAKE && state != State.OPEN)) {
            return;
        }
        working = true;
        try {
            work();
        } finally {
            working = false;
        }
        if (state == State.CLOSED) {
            release();
            return;
        }
        tidy(incoming);
        if (inputEnded && !tasking && !starved && (state == State.HANDSHAKE || state == State.OPEN)) {
            onTruncated();
        }
        if (outgoing.readableBytes() > 0) {
            queueFlush();
        }
        updateReceiving();
    }

    private void work() {
        final TlsEngine made = engine();
        Exception failure = null;
        try {
            begun = begun || FirstBytes.check(incoming, TlsSettings.MAX_MESSAGE_BYTES, outgoing);
            if (!begun) {
                return;
            }
            made.receive(incoming, plaintext, outgoing);
            starved = false;
        } catch (PoolExhaustedException e) {
            failure = starve() ? null : e;
        } catch (SSLException | RuntimeException e) {
            failure = e;
        }
        if (failure == null && state == State.HANDSHAKE && made.isEstablished()) {
            established(made);
        }
        deliver();
        if (failure != null) {
            fail(failure);
            return;
        }
        if (starved) {
            return;
        }
        final Optional<Runnable> task = made.task();
        if (task.isPresent()) {
            runElsewhere(task.get());
        } else if (state == State.OPEN && made.isInputClosed()) {
            tellEnd();
        } else if (state == State.HANDSHAKE && handshakeBytes > TlsSettings.MAX_HANDSHAKE_BYTES) {
            fail(new SSLProtocolException(
                    "The handshake takes more than " + TlsSettings.MAX_HANDSHAKE_BYTES + " bytes"));
        }
    }

    /** Waits for memory, as a transport does that has none to receive into; false if that has taken too long. */
    private boolean starve() {
        final long nowNs = loop.nowNs();
        if (!starved || plaintext.readableBytes() > 0) {
            starved = true;
            starvedSinceNs = nowNs;
        } else if (nowNs - starvedSinceNs > MEMORY_WAIT_NS) {
            return false;
        }
        Timer made = memoryTimer;
        if (made == null) {
            made = new Timer(this::process);
            memoryTimer = made;
        }
        loop.wheel().schedule(made, nowNs + MEMORY_POLL_NS);
        return true;
    }

    private void deliver() {
        for (Block head = plaintext.head(); head != null && state == State.OPEN; head = plaintext.head()) {
            above().received(plaintext.nextBlock(head.readableBytes()));
        }
        if (state != State.CLOSED) {
            tidy(plaintext);
        }
    }

    private void tellEnd() {
        if (!endTold) {
            endTold = true;
            // Nothing that follows a close_notify counts.
            incoming.skip(incoming.readableBytes());
            above().inputEnded();
        }
    }

    private void onTruncated() {
        if (state == State.HANDSHAKE) {
            fail(new SSLHandshakeException("The peer ended the connection during the handshake"));
        } else if (!endTold) {
            endTold = true;
            // What is left is part of a record.
            incoming.skip(incoming.readableBytes());
            incoming.trim();
            above().inputTruncated(new TlsTruncatedException());
        }
    }

    @Override
    public void inputEnded() {
        inputEnded = true;
        if (state == State.ENDING) {
            if (lingering) {
                closeBelow();
            }
        } else {
            process();
        }
    }

    @Override
    public void receive(boolean on) {
        receiving = on;
        updateReceiving();
    }

    private void updateReceiving() {
        switch (state) {
            case HANDSHAKE -> below().receive(!tasking && !starved);
            case OPEN ->
                below().receive(receiving && !tasking && !starved && outgoing.readableBytes() <= MAX_OUTGOING_BYTES);
            case ENDING -> below().receive(true);
            case IDLE, CLOSED -> {
                // Nobody listens.
            }
        }
    }

    // ---- sending

    @Override
    public long send(Buffer outbound) throws IOException {
        final long bytes = outbound.readableBytes();
        final long sent = encryptAndSend(outbound, bytes);
        if (sent > 0) {
            return sent;
        }
        promised = outbound;
        promisedBytes = bytes;
        return PENDING;
    }

    /** How many more of the first {@code bytes} of {@code outbound} have left. */
    private long encryptAndSend(Buffer outbound, long bytes) throws IOException {
        if (encrypted == 0 && outgoing.readableBytes() <= TlsEngine.MAX_BATCH_BYTES) {
            final long outer = outbound.limit(bytes);
            try {
                encrypted = engine().send(outbound, outgoing);
            } catch (PoolExhaustedException e) {
                throw new IOException("There is no memory to encrypt into", e);
            } finally {
                outbound.unlimit(outer);
            }
        }
        transmit();
        final long sent = Math.max(0, encrypted - outgoing.readableBytes());
        encrypted -= sent;
        return sent;
    }

    /** Gives the socket below what it takes. */
    private void transmit() throws IOException {
        while (!sendPending && outgoing.readableBytes() > 0) {
            final long taken = below().send(outgoing);
            if (taken == StreamSocket.PENDING) {
                sendPending = true;
            } else {
                outgoing.skip(taken);
            }
        }
        if (outgoing.readableBytes() == 0) {
            outgoing.trim();
        }
        if (outputEnding && !outputEnded && outgoing.readableBytes() == 0) {
            outputEnded = true;
            below().shutdownOutput();
        }
    }

    @Override
    public void sent(long bytes) {
        sendPending = false;
        outgoing.skip(bytes);
        flush();
    }

    private void queueFlush() {
        if (!flushQueued) {
            flushQueued = true;
            loop.flushLater(this);
        }
    }

    @Override
    public void flush() {
        flushQueued = false;
        if (state == State.CLOSED || state == State.IDLE) {
            return;
        }
        final Buffer waiting = promised;
        long sent = 0;
        try {
            if (waiting != null && state == State.OPEN) {
                sent = encryptAndSend(waiting, promisedBytes);
            } else {
                transmit();
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
            return;
        }
        if (state == State.ENDING) {
            endIfSent();
            return;
        }
        updateReceiving();
        if (sent > 0) {
            promised = null;
            above().sent(sent);
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        engine().closeOutput(outgoing);
        outputEnding = true;
        transmit();
    }

    // ---- the end

    /** Tells the connection above, which closes this, and the peer, by the alert that the engine has queued. */
    private void fail(Exception cause) {
        if (state == State.CLOSED || state == State.ENDING) {
            closeBelow();
            return;
        }
        final boolean handshaking = state == State.HANDSHAKE;
        handshakeOver();
        lingering = outgoing.readableBytes() > 0 && !inputEnded;
        state = State.ENDING;
        arm(ALERT_NS);
        try {
            // Now: the connection above may have reason to reset.
            transmit();
        } catch (IOException | RuntimeException _) {
            broken = true;
        }
        if (handshaking) {
            Log.log(System.Logger.Level.DEBUG, "TLS handshake failed: " + cause.getMessage());
        }
        above().failed(cause instanceof IOException known ? known : new SSLException(message(cause), cause));
    }

    private static String message(Exception cause) {
        return cause instanceof PoolExhaustedException
                ? "There is no memory for what came"
                : "TLS failed: " + cause.getMessage();
    }

    private void handshakeOver() {
        if (state == State.HANDSHAKE) {
            cancelTimer();
            makeRoom();
            tls.failed();
        }
    }

    /** For another handshake, when this one is over; not while its task still runs, which takes the time that is counted. */
    private void makeRoom() {
        if (counted && !tasking) {
            counted = false;
            context.handshakes().end();
        }
    }

    @Override
    public void failed(IOException cause) {
        if (state == State.ENDING) {
            closeBelow();
        } else if (state != State.CLOSED) {
            handshakeOver();
            state = State.ENDING;
            broken = true;
            above().failed(cause);
        }
    }

    @Override
    public void close() {
        switch (state) {
            case IDLE, HANDSHAKE -> {
                handshakeOver();
                closeBelow();
            }
            case OPEN -> {
                state = State.ENDING;
                // As much as is before it in the kernel, which a reset would take from the peer.
                arm(context.closeTimeout().toNanos());
                try {
                    if (!tasking) {
                        engine().closeOutput(outgoing);
                    }
                    transmit();
                } catch (IOException | RuntimeException _) {
                    broken = true;
                }
                endIfSent();
            }
            case ENDING -> {
                // After a failure; the alert may have to wait.
                endIfSent();
            }
            case CLOSED -> {
                // A second call does nothing.
            }
        }
    }

    /** In ENDING, once the connection above has closed. */
    private void endIfSent() {
        if (broken || (outgoing.readableBytes() == 0 && (!lingering || inputEnded))) {
            closeBelow();
        } else if (outgoing.readableBytes() == 0 && !outputEnded) {
            outputEnded = true;
            try {
                below().shutdownOutput();
                below().receive(true);
            } catch (IOException _) {
                closeBelow();
            }
        }
    }

    private void closeBelow() {
        if (state != State.CLOSED) {
            state = State.CLOSED;
            cancelTimer();
            below().close();
        }
    }

    @Override
    public void abort() {
        if (state != State.CLOSED) {
            handshakeOver();
            state = State.CLOSED;
            cancelTimer();
            below().abort();
        }
    }

    @Override
    public void closed() {
        state = State.CLOSED;
        cancelTimer();
        if (!working) {
            release();
        }
        above().closed();
    }

    /** Gives all memory back; what a task uses, when it has ended. */
    private void release() {
        final Timer waiting = memoryTimer;
        if (waiting != null) {
            loop.wheel().cancel(waiting);
        }
        incoming.close();
        plaintext.close();
        outgoing.close();
        final TlsEngine made = engine;
        if (made != null && !tasking) {
            made.close();
        }
    }

    private void arm(long delayNs) {
        Timer made = timer;
        if (made == null) {
            made = new Timer(this::onTimer);
            timer = made;
        }
        loop.wheel().schedule(made, loop.nowNs() + delayNs);
    }

    private void cancelTimer() {
        final Timer made = timer;
        if (made != null) {
            loop.wheel().cancel(made);
            timer = null;
        }
    }

    private void onTimer() {
        if (state == State.HANDSHAKE) {
            fail(new SocketTimeoutException(
                    "The TLS handshake was not done within " + tls.handshakeTimeoutNs() / 1_000_000 + " ms"));
        } else if (state == State.ENDING && outgoing.readableBytes() > 0) {
            abort();
        } else if (state == State.ENDING) {
            closeBelow();
        }
    }

    private static void tidy(Buffer buffer) {
        if (buffer.readableBytes() == 0) {
            buffer.trim();
        } else {
            buffer.compact();
        }
    }

    // ---- what is known

    @Override
    public <T> Optional<T> find(Class<T> kind) {
        return kind == TlsSession.class ? Optional.ofNullable(session).map(kind::cast) : super.find(kind);
    }

    /** Its keys and counters are of no use to anybody else. */
    @Override
    public boolean isDetachable() {
        return false;
    }

    @Override
    public void detach() {
        throw new UnsupportedOperationException("TLS cannot be taken out of a connection");
    }
}
