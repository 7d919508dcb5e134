// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.Datagram;
import io.hawser.loop.Timer;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.PeerAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A session over datagrams: with one peer, or with all of a socket. See {@link DatagramMode}. */
final class DatagramSession<M> extends AbstractSession<M> {
    private final PortSessions<M> port;
    /** With whom, where the socket is shared. */
    private final @Nullable PeerAddress peer;

    private final SocketAddress localAddress;
    private final Optional<SocketAddress> remoteAddress;
    private final AtomicLong pendingBytes = new AtomicLong();
    private final Timer idleTimer = new Timer(this::onIdleTimer);
    private long idleNs;
    private long lastReceivedNs;
    private long receivedBytes;
    private boolean gone;
    private boolean refused;
    private volatile boolean closing;

    DatagramSession(PortSessions<M> port, @Nullable PeerAddress peer) {
        super(
                port.all().endpoint(),
                port.socket().loop(),
                port.socket().engine().nextConnectionId());
        this.port = port;
        this.peer = peer;
        this.localAddress = port.socket().localAddress();
        this.remoteAddress = peer == null
                ? port.socket().remoteAddress().map(address -> address)
                : Optional.of(peer.toSocketAddress());
    }

    // ---- the loop's thread

    void opened() {
        lastReceivedNs = loop().nowNs();
        startIdle(port.all().idleTimeout().toNanos());
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

    void received(Datagram datagram) {
        lastReceivedNs = loop().nowNs();
        receivedBytes += datagram.length();
        if (closing || isOver()) {
            return;
        }
        if (datagram.truncated()) {
            drop(datagram, "it is longer than " + port.socket().options().maxDatagramBytes() + " bytes", null);
        } else if (datagram.length() == 0) {
            drop(datagram, "it is empty", null);
        } else {
            decode(datagram, (Buffer) datagram.reader());
        }
    }

    private void decode(Datagram datagram, Buffer in) {
        final Codec<M> decoder = port.decoder();
        while (!closing && !isOver() && (in.readableBytes() > 0 || decoder.hasBuffered())) {
            final boolean buffered = decoder.hasBuffered();
            final long before = in.consumedBytes();
            final Decoded<M> decoded;
            try {
                decoded = decoder.decode(in);
            } catch (Exception e) {
                drop(datagram, e.toString(), e);
                return;
            }
            switch (decoded) {
                case Decoded.Message<M>(M message) -> {
                    if (!take(decoder, datagram, in, message, before, buffered)) {
                        return;
                    }
                }
                case Decoded.NeedMore<M> _ -> {
                    drop(datagram, "it ends within a message", null);
                    return;
                }
                case Decoded.Need<M> _ -> {
                    drop(datagram, "it ends within a message", null);
                    return;
                }
                case Decoded.Malformed<M>(String reason) -> {
                    drop(datagram, reason, null);
                    return;
                }
            }
        }
    }

    private boolean take(Codec<M> decoder, Datagram datagram, Buffer in, M message, long before, boolean buffered) {
        final boolean transientMessage = decoder.isTransient();
        if (!transientMessage) {
            if (!check(datagram, in.consumedBytes() - before, buffered)) {
                decoder.discard(message);
                return false;
            }
            counters().received(in.consumedBytes() - before, loop().nowNs());
            deliver(message);
            return true;
        }
        try {
            deliver(message);
        } finally {
            decoder.delivered(in);
            counters().received(in.consumedBytes() - before, loop().nowNs());
        }
        return check(datagram, in.consumedBytes() - before, buffered);
    }

    private boolean check(Datagram datagram, long bytes, boolean buffered) {
        if (bytes == 0 && !buffered) {
            drop(datagram, "the codec found a message and has consumed nothing", null);
            return false;
        }
        if (bytes > endpoint().maxMessageBytes()) {
            drop(
                    datagram,
                    "a message of " + bytes + " bytes; the limit is "
                            + endpoint().maxMessageBytes(),
                    null);
            return false;
        }
        return true;
    }

    /** What is left of a datagram is none, and closes nothing: anybody may have sent it. */
    private void drop(Datagram datagram, String reason, @Nullable Exception cause) {
        port.forget();
        port.all().dropped().increment();
        final String what =
                "A datagram of " + datagram.length() + " bytes from " + datagram.sender() + " is dropped: " + reason;
        tell(cause == null ? new MalformedMessageException(what) : new MalformedMessageException(what, cause));
    }

    /** The network has reported an error, which ends nothing. */
    void reported(Throwable error) {
        if (!closing && !isOver()) {
            tell(error);
        }
    }

    @Override
    void listenerFailed(Throwable error) {
        if (port.all().mode() == DatagramMode.SOCKET) {
            // One peer's message must not take the socket from all others.
            tell(error);
        } else {
            super.listenerFailed(error);
        }
    }

    void roomBelow() {
        if (!isOver()) {
            writable();
        }
    }

    // ---- the end

    @Override
    void closeBelow() {
        close(new CloseCause(CloseCause.Kind.LOCAL, Optional.empty()));
    }

    @Override
    public void abort() {
        closeBelow();
    }

    private void close(CloseCause cause) {
        closing = true;
        // Later also on the loop: a callback of the listener may be at work. A loop that has ended has closed the
        // socket.
        loop().executeAlways(() -> {
            if (peer == null) {
                port.socket().close();
            } else {
                gone(cause);
            }
        });
    }

    /** It is out of the table, or its socket is closed. The loop's thread. */
    void gone(CloseCause cause) {
        if (gone) {
            return;
        }
        gone = true;
        closing = true;
        loop().wheel().cancel(idleTimer);
        if (peer != null) {
            port.remove(peer, this);
        }
        if (refused) {
            closedUnseen(cause);
        } else {
            closed(cause);
        }
    }

    @Override
    void quiet() {
        // A datagram has no end to wait for.
    }

    // ---- time

    @Override
    public void idleTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("The timeout must not be negative: " + timeout);
        }
        final long ns = timeout.toNanos();
        if (loop().inLoop()) {
            startIdle(ns);
        } else {
            loop().executeAlways(() -> startIdle(ns));
        }
    }

    private void startIdle(long ns) {
        idleNs = ns;
        if (ns == 0 || gone) {
            loop().wheel().cancel(idleTimer);
        } else {
            loop().wheel().schedule(idleTimer, lastReceivedNs + ns);
        }
    }

    private void onIdleTimer() {
        if (loop().nowNs() - lastReceivedNs >= idleNs) {
            // It is how sessions of peers end that do not say goodbye, and no failure.
            idleTimedOut();
        } else {
            loop().wheel().schedule(idleTimer, lastReceivedNs + idleNs);
        }
    }

    private void idleTimedOut() {
        if (peer == null) {
            endsAs(new CloseCause(CloseCause.Kind.TIMED_OUT, Optional.empty()));
            closeBelow();
        } else {
            close(new CloseCause(CloseCause.Kind.TIMED_OUT, Optional.empty()));
        }
    }

    // ---- what is below

    @Override
    boolean holdsBack() {
        return false;
    }

    @Override
    void receive(boolean on) {
        throw new IllegalStateException("Datagrams are not held back");
    }

    @Override
    long receivedBytes() {
        return receivedBytes;
    }

    @Override
    long takenBytes() {
        return 0;
    }

    @Override
    boolean isCongested() {
        return false;
    }

    // ---- sending

    private PeerAddress destination(M message) {
        if (peer != null) {
            return peer;
        }
        if (message instanceof Addressed<?> addressed) {
            try {
                return PeerAddress.of(addressed.peer());
            } catch (IllegalArgumentException e) {
                throw notEncoded(e);
            }
        }
        return PeerAddress.of(port.socket().remoteAddress().orElseThrow());
    }

    /** Encodes a message that a datagram can hold. */
    private Buffer encodeFor(M message, PeerAddress to) {
        if (closing || isOver()) {
            throw closedFailure(null);
        }
        final Buffer encoded = encode(port.encoder(), message);
        final int most = to.isIpv4() ? DatagramOptions.MAX_IPV4_PAYLOAD_BYTES : DatagramOptions.MAX_IPV6_PAYLOAD_BYTES;
        if (encoded.pendingBytes() > most) {
            encoded.close();
            throw tooLong(new IllegalArgumentException("A datagram has " + most + " bytes at most"));
        }
        return encoded;
    }

    @Override
    public long send(M message) {
        if (!loop().inLoop()) {
            return hand(message).bytes();
        }
        final PeerAddress to = destination(message);
        try (Buffer encoded = encodeFor(message, to)) {
            final long bytes = encoded.readableBytes();
            sendNow(encoded, bytes, to);
            counters().sentByLoop(bytes, loop().nowNs());
            return bytes;
        }
    }

    /** The loop's thread. */
    private void sendNow(Buffer encoded, long bytes, PeerAddress to) {
        if (!port.socket().isOpen() || gone) {
            throw closedFailure(null);
        }
        final boolean sent;
        try {
            sent = port.send(this, encoded, to);
        } catch (IllegalArgumentException e) {
            throw notEncoded(e);
        }
        if (!sent) {
            throw full(bytes);
        }
    }

    private SendFailedException full(long bytes) {
        final long bound = port.socket().options().maxQueuedBytes();
        return blocked(new BufferFullException(bytes, bound, bound));
    }

    private record Handed(long bytes, CompletableFuture<Sent> sent) {}

    private Handed hand(M message) {
        final PeerAddress to = destination(message);
        final Buffer encoded = encodeFor(message, to);
        final long bytes = encoded.readableBytes();
        if (!port.reserve(bytes)) {
            encoded.close();
            throw full(bytes);
        }
        pendingBytes.addAndGet(bytes);
        final CompletableFuture<Sent> result = new CompletableFuture<>();
        final boolean accepted = loop().executeAlways(() -> sendHanded(encoded, bytes, to, result));
        if (!accepted) {
            port.arrived(bytes);
            encoded.close();
            throw closedFailure(null);
        }
        counters().sent(bytes, loop().clockNs());
        return new Handed(bytes, result);
    }

    private void sendHanded(Buffer encoded, long bytes, PeerAddress to, CompletableFuture<Sent> result) {
        port.arrived(bytes);
        pendingBytes.addAndGet(-bytes);
        try (encoded) {
            sendNow(encoded, bytes, to);
        } catch (SendFailedException e) {
            result.completeExceptionally(e);
            return;
        }
        result.complete(new Sent(bytes, bytes));
    }

    @Override
    void sendInOrder(M message) {
        throw new IllegalStateException("Datagrams have no order");
    }

    @Override
    CompletableFuture<Sent> offer(M message) {
        return hand(message).sent();
    }

    @Override
    CompletableFuture<Void> awaitRoom(long bytes) {
        final CompletableFuture<Void> room = new CompletableFuture<>();
        if (!loop().executeAlways(() -> port.awaitRoom(room))) {
            room.complete(null);
        }
        return room;
    }

    // ---- what there is to know

    @Override
    public long pendingBytes() {
        return pendingBytes.get();
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        return Optional.of(localAddress);
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return remoteAddress;
    }

    @Override
    public boolean isOpen() {
        return !closing && !isOver() && port.socket().isOpen();
    }

    @Override
    public Optional<Connection> connection() {
        return Optional.empty();
    }
}
