// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Datagram;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.transport.PeerAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The sessions over one UDP socket. The loop's thread, but for what says otherwise. */
final class PortSessions<M> {
    private final DatagramSessions<M> all;
    private final DatagramEndpoint socket;
    private final Codec<M> encoder;
    private Codec<M> decoder;
    private final Map<PeerAddress, DatagramSession<M>> peers = new HashMap<>();
    /** Where there is but one. */
    private @Nullable DatagramSession<M> only;
    /** Whose datagrams were refused since too many waited. */
    private final Set<DatagramSession<M>> refused = new LinkedHashSet<>();

    private final List<CompletableFuture<Void>> roomWaiters = new ArrayList<>();
    /** What other threads have sent and is on its way to the loop. */
    private final AtomicInteger queued = new AtomicInteger();

    private final AtomicLong queuedBytes = new AtomicLong();

    PortSessions(DatagramSessions<M> all, DatagramEndpoint socket) {
        this.all = all;
        this.socket = socket;
        this.encoder = newCodec();
        this.decoder = newCodec();
    }

    private Codec<M> newCodec() {
        return all.endpoint()
                .codec()
                .forSession(new CodecContext(
                        all.endpoint().maxMessageBytes(), socket.loop().blocks()));
    }

    /** Any thread. */
    DatagramSessions<M> all() {
        return all;
    }

    /** Any thread. */
    DatagramEndpoint socket() {
        return socket;
    }

    /** Any thread. */
    Codec<M> encoder() {
        return encoder;
    }

    Codec<M> decoder() {
        return decoder;
    }

    // ---- receiving

    void open() {
        if (all.mode() != DatagramMode.PEER) {
            final DatagramSession<M> session = all.endpoint().make(() -> new DatagramSession<>(this, null));
            only = session;
            session.opened();
        }
    }

    void received(Datagram datagram) {
        final DatagramSession<M> session = all.mode() == DatagramMode.PEER ? peer(datagram.sender()) : only;
        if (session != null) {
            if (decoder instanceof AddressedCodec<?> addressed) {
                addressed.from(datagram.sender());
            }
            session.received(datagram);
        }
    }

    private @Nullable DatagramSession<M> peer(PeerAddress sender) {
        final DatagramSession<M> known = peers.get(sender);
        if (known != null) {
            return known;
        }
        if (peers.size() >= all.maxPeers()) {
            all.refusedPeers().increment();
            return null;
        }
        final PeerAddress peer = sender.copy();
        final DatagramSession<M> session = all.endpoint().make(() -> new DatagramSession<>(this, peer));
        peers.put(peer, session);
        session.opened();
        return session;
    }

    /** What the decoder has kept of a datagram that did not decode must not be taken for part of the next. */
    void forget() {
        decoder.close();
        decoder = newCodec();
    }

    /** A session of many has ended. */
    void remove(PeerAddress peer, DatagramSession<M> session) {
        peers.remove(peer, session);
        refused.remove(session);
    }

    // ---- sending

    /** Takes a place for a datagram on its way to the loop; whether there is one. Any thread. */
    boolean reserve(long bytes) {
        final int count = queued.incrementAndGet();
        final long sum = queuedBytes.addAndGet(bytes);
        if (count <= socket.options().maxQueuedDatagrams()
                && (count == 1 || sum <= socket.options().maxQueuedBytes())) {
            return true;
        }
        arrived(bytes);
        return false;
    }

    /** Gives it free. Any thread. */
    void arrived(long bytes) {
        queued.decrementAndGet();
        queuedBytes.addAndGet(-bytes);
    }

    /** Sends all of {@code payload}; whether there was room. */
    boolean send(DatagramSession<M> from, Buffer payload, PeerAddress to) {
        final boolean sent = all.mode() == DatagramMode.CONNECTED ? socket.send(payload) : socket.send(payload, to);
        if (!sent) {
            refused.add(from);
        }
        return sent;
    }

    /** Has {@code room} completed when there is some. */
    void awaitRoom(CompletableFuture<Void> room) {
        if (refused.isEmpty() || !socket.isOpen()) {
            room.complete(null);
        } else {
            roomWaiters.add(room);
        }
    }

    void writable() {
        final List<DatagramSession<M>> waiting = List.copyOf(refused);
        refused.clear();
        completeWaiters();
        waiting.forEach(DatagramSession::roomBelow);
    }

    private void completeWaiters() {
        final List<CompletableFuture<Void>> ready = List.copyOf(roomWaiters);
        roomWaiters.clear();
        ready.forEach(waiter -> waiter.complete(null));
    }

    // ---- the end

    /** The network has reported something: of one of many peers it is not known which, and the socket counts it. */
    void failed(Throwable error) {
        if (only != null) {
            only.reported(error);
        }
    }

    void closed(CloseCause cause) {
        completeWaiters();
        List.copyOf(peers.values()).forEach(session -> session.gone(cause));
        if (only != null) {
            only.gone(cause);
        }
        encoder.close();
        decoder.close();
    }
}
