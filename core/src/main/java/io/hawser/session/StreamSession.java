// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.buffer.Slice;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionClosedException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

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

    private volatile boolean ended;
    private volatile boolean closing;
    private volatile Optional<SocketAddress> localAddress = Optional.empty();
    private boolean refused;

    StreamSession(SessionEndpoint<M> endpoint, Connection connection) {
        super(endpoint, connection.loop(), connection.id());
        this.connection = connection;
        this.codec = endpoint.codec()
                .forSession(new CodecContext(
                        endpoint.maxMessageBytes(), connection.loop().blocks()));
        this.ordered = codec.isOrdered();
    }

    // ---- called by the connection, on the loop

    void opened() {
        localAddress = connection.localAddress();
        connection.readTimeout(endpoint().idleTimeout());
        boolean agreed = false;
        try {
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
        while (!isBlocked() && !isOver() && !closing && (in.readableBytes() >= needed || codec.hasBuffered())) {
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

    private boolean received(Buffer in, M message, long before, boolean buffered) {
        // A transient message is consumed when the listener has seen it.
        final boolean transientMessage = codec.isTransient();
        if (!transientMessage) {
            if (!checkConsumed(in, message, before, buffered)) {
                return false;
            }
            counters().received(in.consumedBytes() - before, loop().nowNs());
        }
        try {
            deliver(message);
        } finally {
            codec.delivered(in);
            if (transientMessage) {
                counters().received(in.consumedBytes() - before, loop().nowNs());
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
        if (bytes > endpoint().maxMessageBytes() && !ordered) {
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
        quiet();
    }

    @Override
    void quiet() {
        if (!ended) {
            return;
        }
        if (!loop().inLoop()) {
            loop().executeAlways(this::quiet);
        } else if (!isBusy() && !continuing && !closing && !isOver()) {
            if (connection.reader().readableBytes() > 0 || codec.hasBuffered()) {
                failed(CloseCause.Kind.ERROR, new MalformedMessageException("The peer closed within a message"));
            } else {
                closeBelow();
            }
        }
    }

    void gone(CloseCause cause) {
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
        connection.close();
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
