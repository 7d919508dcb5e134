// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.buffer.Slice;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionClosedException;
import io.hawser.log.Log;
import io.hawser.loop.Timer;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A session over a connection.
 *
 * <p>What is sent on the loop is encoded straight into the connection's outbound buffer; what other threads send, into a buffer of its own that the
 * connection takes over.
 */
final class StreamSession<M> extends AbstractSession<M> {
    private static final int MESSAGES_PER_TURN = 4096;

    private final Connection connection;
    private final Codec<M> codec;
    /** The codec keeps an order of its own: nobody else encodes meanwhile. */
    private final boolean ordered;

    private final List<CompletableFuture<Void>> roomWaiters = new ArrayList<>();
    /** The decoder is not called before so many bytes are readable. */
    private long needed = 1;

    private boolean decoding;
    /** What is left is decoded in the next turn. */
    private boolean continuing;

    /** Up to where what was consumed is counted. */
    private long countedBytes;

    private volatile boolean ended;
    /** Nothing is sent any more. */
    private volatile boolean closing;
    /** The codec has said its last word. */
    private boolean lastWordSaid;
    /** The peer's last word is waited for: the decoder is still asked. */
    private boolean leaving;

    private @Nullable CloseCause whyClosed;
    private @Nullable Timer leavingTimer;
    private volatile Optional<SocketAddress> localAddress = Optional.empty();
    private boolean refused;

    /** @param codec its own; closed with it */
    StreamSession(SessionEndpoint<M> endpoint, Connection connection, Codec<M> codec) {
        super(endpoint, connection.loop(), connection.id());
        this.connection = connection;
        this.codec = codec;
        this.ordered = codec.isOrdered();
        this.countedBytes = ((Buffer) connection.reader()).consumedBytes();
    }

    // ---- called by the connection, on the loop

    void opened() {
        localAddress = connection.localAddress();
        connection.readTimeout(endpoint().idleTimeout());
        boolean agreed = false;
        try {
            codec.opens(this);
            agreed = agree();
        } catch (Throwable t) {
            failed(CloseCause.Kind.ERROR, t);
        }
        if (!agreed && !isOver()) {
            refused = true;
            closeBelow();
        }
    }

    void received() {
        if (decoding || isBlocked() || isOver()) {
            return;
        }
        if (ended && codec.hasEnded()) {
            connection.reader().skip(connection.reader().readableBytes());
            return;
        }
        decoding = true;
        try {
            decodeAll((Buffer) connection.reader());
        } finally {
            decoding = false;
        }
    }

    /** Decodes what is left of an earlier turn. */
    private void goOn() {
        continuing = false;
        received();
        // As the connection does when its handler returns.
        ((Buffer) connection.reader()).trim();
        quiet();
    }

    private void decodeAll(Buffer in) {
        int left = MESSAGES_PER_TURN;
        while (!isBlocked() && isDecoding() && (in.readableBytes() >= needed || codec.hasBuffered())) {
            if (left-- == 0) {
                // A few compressed bytes can be very many messages, and the loop has others to serve.
                continuing = true;
                loop().executeAlways(this::goOn);
                return;
            }
            final boolean buffered = codec.hasBuffered();
            final long before = in.consumedBytes();
            final Decoded<M> decoded;
            try {
                decoded = codec.decode(in);
            } catch (Exception e) {
                failed(CloseCause.Kind.ERROR, new MalformedMessageException("What came is no message: " + e, e));
                return;
            }
            needed = 1;
            switch (decoded) {
                case Decoded.Message<M>(M message) -> {
                    if (!received(in, message, before, buffered)) {
                        return;
                    }
                }
                case Decoded.NeedMore<M> _ -> {
                    if (in.readableBytes() > endpoint().maxMessageBytes()) {
                        tooLong(in.readableBytes());
                    }
                    needed = in.readableBytes() + 1;
                    if (codec.hasEnded()) {
                        goodbye(in);
                    }
                    return;
                }
                case Decoded.Need<M>(long bytes) -> {
                    awaitBytes(in, bytes);
                    return;
                }
                case Decoded.Malformed<M>(String reason) -> {
                    failed(CloseCause.Kind.ERROR, new MalformedMessageException("What came is no message: " + reason));
                    return;
                }
            }
        }
    }

    private boolean isDecoding() {
        return !isOver() && (!closing || leaving) && !(ended && codec.hasEnded());
    }

    /** The peer has said its last word. */
    private void goodbye(Buffer in) {
        in.skip(in.readableBytes());
        if (leaving) {
            connection.close();
        } else if (!ended) {
            inputEnded();
        }
    }

    private void count(Buffer in) {
        counters().received(in.consumedBytes() - countedBytes, loop().nowNs());
        countedBytes = in.consumedBytes();
    }

    private boolean received(Buffer in, M message, long before, boolean buffered) {
        // A transient message is consumed when the listener has seen it.
        final boolean transientMessage = codec.isTransient();
        if (!transientMessage) {
            if (!checkConsumed(in, message, before, buffered)) {
                return false;
            }
            count(in);
        }
        try {
            deliver(message);
        } finally {
            codec.delivered(in);
            if (transientMessage) {
                count(in);
            }
        }
        return !transientMessage || checkConsumed(in, message, before, buffered);
    }

    private boolean checkConsumed(Buffer in, M message, long before, boolean buffered) {
        final long bytes = in.consumedBytes() - before;
        if (bytes == 0 && !buffered) {
            codec.discard(message);
            failed(
                    CloseCause.Kind.ERROR,
                    new IllegalStateException(
                            codec + " found a message and has consumed nothing: it would find it for ever"));
            return false;
        }
        if (bytes > endpoint().maxMessageBytes() && !codec.isSelfLimiting()) {
            codec.discard(message);
            tooLong(bytes);
            return false;
        }
        return true;
    }

    private void awaitBytes(Buffer in, long bytes) {
        if (bytes > endpoint().maxMessageBytes()) {
            tooLong(bytes);
        } else if (bytes <= in.readableBytes()) {
            failed(
                    CloseCause.Kind.ERROR,
                    new IllegalStateException(codec + " asks for " + bytes + " bytes and there are "
                            + in.readableBytes() + ": it would ask for ever"));
        } else {
            needed = bytes;
        }
    }

    private void tooLong(long bytes) {
        failed(
                CloseCause.Kind.LIMIT,
                new MessageTooLongException(bytes, endpoint().maxMessageBytes()));
    }

    void roomBelow() {
        final List<CompletableFuture<Void>> ready = List.copyOf(roomWaiters);
        roomWaiters.clear();
        ready.forEach(waiter -> waiter.complete(null));
        writable();
    }

    /** The peer sends no more; what it sent is answered before this side closes. */
    void inputEnded() {
        ended = true;
        if (leaving) {
            connection.close();
        } else {
            quiet();
        }
    }

    @Override
    void quiet() {
        if (!ended) {
            return;
        }
        if (!loop().inLoop()) {
            loop().executeAlways(this::quiet);
        } else if (!isBusy() && !continuing && !closing && !isOver()) {
            if (codec.hasEnded()) {
                leave(new CloseCause(CloseCause.Kind.PEER_CLOSED, Optional.empty()));
            } else if (connection.reader().readableBytes() > 0 || codec.hasBuffered()) {
                failed(CloseCause.Kind.ERROR, new MalformedMessageException("The peer closed within a message"));
            } else {
                leave(new CloseCause(CloseCause.Kind.PEER_CLOSED, Optional.empty()));
            }
        }
    }

    /** The engine shuts down, and closes the connection after this. */
    void shutdown() {
        leave(new CloseCause(CloseCause.Kind.SHUTDOWN, Optional.empty()));
    }

    void gone(CloseCause below) {
        final CloseCause why = whyClosed;
        // Who waits for the peer to close sees that as the connection's end, and it is not what began it.
        final boolean isKnown = leaving || (why != null && why.kind() == CloseCause.Kind.PEER_CLOSED);
        final CloseCause cause = why != null && isKnown && below.error().isEmpty() ? why : below;
        final Timer timer = leavingTimer;
        if (timer != null) {
            loop().wheel().cancel(timer);
        }
        roomWaiters.forEach(waiter -> waiter.complete(null));
        roomWaiters.clear();
        closing = true;
        codec.close();
        if (refused) {
            closedUnseen(cause);
        } else {
            closed(cause);
        }
    }

    // ---- what is below

    @Override
    void receive(boolean on) {
        if (on) {
            connection.resume();
            goOn();
        } else {
            connection.pause();
        }
    }

    @Override
    void closeBelow() {
        closing = true;
        if (loop().inLoop()) {
            leave(end().orElseGet(() -> new CloseCause(CloseCause.Kind.LOCAL, Optional.empty())));
        } else if (!loop().executeAlways(this::closeBelow)) {
            connection.close();
        }
    }

    /** Has the codec say its last word, once, and closes the connection, now or when the peer has answered. The loop's thread. */
    private void leave(CloseCause why) {
        closing = true;
        if (lastWordSaid) {
            return;
        }
        lastWordSaid = true;
        whyClosed = why;
        Duration patience = Duration.ZERO;
        if (connection.isOpen() || ended) {
            try {
                patience = codec.closes(why);
            } catch (RuntimeException e) {
                Log.log(System.Logger.Level.WARNING, "The last word of " + this + " could not be said", e);
            }
        }
        final boolean mayWait = !isOver() && why.kind() != CloseCause.Kind.SHUTDOWN && connection.isOpen();
        if (patience.isPositive() && mayWait) {
            leaving = true;
            final Timer timer = new Timer(connection::close);
            leavingTimer = timer;
            loop().wheel().schedule(timer, loop().nowNs() + patience.toNanos());
            if (!decoding && connection.reader().readableBytes() > 0) {
                loop().executeAlways(this::goOn);
            }
        } else if (why.kind() != CloseCause.Kind.SHUTDOWN) {
            connection.close();
        }
    }

    @Override
    public void abort() {
        closing = true;
        connection.abort();
    }

    @Override
    public long send(M message) {
        if (!ordered && loop().inLoop()) {
            requireNotClosing();
            final long bytes = encodeInPlace(message);
            counters().sentByLoop(bytes, loop().nowNs());
            return bytes;
        }
        return sendAnywhere(message);
    }

    @Override
    void sendInOrder(M message) {
        sendAnywhere(message);
    }

    private long sendAnywhere(M message) {
        final Offered offered = offerNow(message);
        if (offered.taken().isCompletedExceptionally()) {
            throw failureOf(offered.taken().exceptionNow());
        }
        return offered.bytes();
    }

    /** What was given to the connection. */
    private record Offered(long bytes, CompletableFuture<Void> taken) {}

    private void requireNotClosing() {
        if (closing) {
            throw closedFailure(null);
        }
    }

    /** The loop's thread. */
    private long encodeInPlace(M message) {
        final Buffer out;
        try {
            out = (Buffer) connection.writer();
        } catch (ConnectionClosedException e) {
            throw closedFailure(e);
        }
        final long start = out.writePosition();
        boolean done = false;
        try {
            codec.encode(message, out);
            final long bytes = out.writePosition() - start;
            if (bytes > endpoint().maxMessageBytes()) {
                throw tooLong(null);
            }
            done = true;
            return bytes;
        } catch (SendFailedException | BufferFullException | PoolExhaustedException | ConnectionClosedException e) {
            throw failureOf(e);
        } catch (MessageTooLongException e) {
            throw tooLong(e);
        } catch (Exception e) {
            throw notEncoded(e);
        } finally {
            if (!done) {
                out.truncate(start);
            }
        }
    }

    @Override
    CompletableFuture<Sent> offer(M message) {
        return sent(offerNow(message));
    }

    private CompletableFuture<Sent> sent(Offered offered) {
        return offered.taken().handle((_, error) -> {
            if (error != null) {
                throw failureOf(error);
            }
            return new Sent(offered.bytes(), offered.bytes());
        });
    }

    @Override
    Offers offers(M message) {
        if (ordered) {
            // It is refused before it is encoded.
            return super.offers(message);
        }
        final Buffer encoded = encode(codec, message);
        return new Offers() {
            @Override
            public CompletableFuture<Sent> next() {
                requireNotClosing();
                return sent(hand((Buffer) encoded.share(loop().blocks())));
            }

            @Override
            public void close() {
                encoded.close();
            }
        };
    }

    private Offered offerNow(M message) {
        requireNotClosing();
        if (!ordered) {
            return hand(encode(codec, message));
        }
        synchronized (codec) {
            // Else a codec that is closed would be asked.
            requireNotClosing();
            // Once it is encoded it has to go: what comes next refers to it.
            final long bound = connection.engine().limits().outboundBytes();
            final long room = bound - connection.pendingBytes();
            if (room < endpoint().maxMessageBytes()) {
                throw blocked(new BufferFullException(endpoint().maxMessageBytes(), bound - room, bound));
            }
            return hand(encode(codec, message));
        }
    }

    /**
     * Sends what others send, too, without a copy.
     *
     * @param encoded a whole message, which is not consumed
     */
    void sendShared(Buffer encoded) {
        requireNotClosing();
        final Offered offered = hand((Buffer) encoded.share(loop().blocks()));
        if (offered.taken().isCompletedExceptionally()) {
            throw failureOf(offered.taken().exceptionNow());
        }
    }

    private Offered hand(Buffer encoded) {
        final long bytes = encoded.readableBytes();
        final CompletableFuture<Void> taken = connection.send((Slice) encoded);
        if (!taken.isCompletedExceptionally()) {
            counters().sent(bytes, loop().clockNs());
        }
        return new Offered(bytes, taken);
    }

    @Override
    long receivedBytes() {
        final Buffer in = (Buffer) connection.reader();
        return in.consumedBytes() + in.readableBytes();
    }

    @Override
    long takenBytes() {
        return isOpen() ? ((Buffer) connection.writer()).consumedBytes() : 0;
    }

    @Override
    boolean isCongested() {
        return connection.pendingBytes() > connection.engine().limits().outboundHighBytes();
    }

    @Override
    CompletableFuture<Void> awaitRoom(long bytes) {
        final CompletableFuture<Void> room = new CompletableFuture<>();
        final boolean accepted = loop().executeAlways(() -> {
            if (closing
                    || isOver()
                    || connection.pendingBytes() + bytes
                            <= connection.engine().limits().outboundBytes()) {
                room.complete(null);
            } else {
                roomWaiters.add(room);
            }
        });
        if (!accepted) {
            room.complete(null);
        }
        return room;
    }

    // ---- what there is to know

    @Override
    public long pendingBytes() {
        return connection.pendingBytes();
    }

    @Override
    public void idleTimeout(Duration timeout) {
        connection.readTimeout(timeout);
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        return localAddress;
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return connection.remoteAddress();
    }

    @Override
    public boolean isOpen() {
        return !closing && connection.isOpen();
    }

    @Override
    public Optional<Connection> connection() {
        return Optional.of(connection);
    }
}
