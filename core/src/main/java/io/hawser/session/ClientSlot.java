// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.Address;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.EngineState;
import io.hawser.loop.Timer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The place of one of a client's sessions, whichever it is at present.
 *
 * <pre>
 *               all addresses failed
 *  CONNECTING ───────────────────────► WAITING
 *      │  ▲ ▲                            │ ▲
 *      │  │ └────────── timer ───────────┘ │
 *      ▼  │ at once, if it proved itself   │ else
 *     OPEN ────────────────────────────────┘
 * </pre>
 *
 * From everywhere it goes to CLOSED when the client is closed. The timer is armed in WAITING only.
 *
 * <p><b>Thread:</b> the client's loop, but for what {@link SessionOwner} says.
 */
final class ClientSlot<M> implements SessionOwner<M> {
    private final SessionClient<M> client;
    private final int index;
    private final SessionEndpoint<M> endpoint;
    private final List<Address> addresses;
    private final Reconnect reconnect;
    private final Backoff backoff;
    private final Timer timer = new Timer(this::connect);

    private volatile Snapshot snapshot = new Snapshot(SlotState.Phase.CONNECTING, 0, null, 0);
    private int failedTries;
    private @Nullable Throwable lastError;
    private @Nullable AbstractSession<M> session;
    private @Nullable CompletableFuture<?> dial;
    /** What is to become a session. */
    private @Nullable Connection handshake;

    private int nextAddress;
    private int addressesLeft;
    private boolean closed;

    /** What other threads may know. */
    private record Snapshot(
            SlotState.Phase phase,
            int failedTries,
            @Nullable Throwable lastError,
            long nextTryNs) {}

    ClientSlot(
            SessionClient<M> client,
            int index,
            SessionEndpoint<M> endpoint,
            List<Address> addresses,
            Reconnect reconnect,
            Backoff backoff) {
        this.client = client;
        this.index = index;
        this.endpoint = endpoint.ownedBy(this);
        this.addresses = addresses;
        this.reconnect = reconnect;
        this.backoff = backoff;
    }

    // ---- connecting

    /** Tries all addresses, its own one first; another one first after a failure. */
    void connect() {
        if (closed) {
            return;
        }
        addressesLeft = addresses.size();
        nextAddress = (int) (((long) index + failedTries) % addresses.size());
        enter(SlotState.Phase.CONNECTING, 0);
        connectNext();
    }

    private void connectNext() {
        final Address address = addresses.get(nextAddress);
        nextAddress = (nextAddress + 1) % addresses.size();
        addressesLeft--;
        final CompletableFuture<?> started = start(address);
        dial = started;
        final var unused = started.whenComplete((_, error) -> client.onLoop(() -> dialled(started, error)));
    }

    private CompletableFuture<?> start(Address address) {
        try {
            return client.dial(address, endpoint);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Of a success it has heard already, by {@link #opened}, or by {@link #gone}. */
    private void dialled(CompletableFuture<?> which, @Nullable Throwable error) {
        if (which != dial || closed) {
            return;
        }
        dial = null;
        if (error != null) {
            if (addressesLeft > 0) {
                lastError = error;
                connectNext();
            } else {
                failed(error);
            }
        }
    }

    /** A try has failed. */
    private void failed(Throwable error) {
        lastError = error;
        failedTries++;
        if (failedTries >= reconnect.tries() || client.engine().state() != EngineState.RUNNING) {
            closed = true;
            enter(SlotState.Phase.CLOSED, 0);
        } else {
            await(backoff.delayNs(failedTries));
        }
    }

    private void await(long delayNs) {
        final long nextTryNs = client.loop().clockNs() + delayNs;
        client.loop().wheel().schedule(timer, nextTryNs);
        enter(SlotState.Phase.WAITING, nextTryNs);
    }

    private void enter(SlotState.Phase phase, long nextTryNs) {
        snapshot = new Snapshot(phase, failedTries, lastError, nextTryNs);
        client.changed(this);
    }

    // ---- of sessions

    @Override
    public boolean begins() {
        return client.begins();
    }

    @Override
    public void shakesHands(Connection connection) {
        client.onLoop(() -> {
            if (closed) {
                connection.abort();
            } else {
                handshake = connection;
            }
        });
    }

    @Override
    public void opened(AbstractSession<M> opened) {
        client.onLoop(() -> {
            handshake = null;
            if (closed) {
                opened.close();
            } else {
                session = opened;
                enter(SlotState.Phase.OPEN, 0);
            }
        });
    }

    @Override
    public void gone(AbstractSession<M> lost, CloseCause cause) {
        final SessionStats stats = lost.stats();
        client.onLoop(() -> lost(stats, cause));
    }

    private void lost(SessionStats stats, CloseCause cause) {
        session = null;
        if (closed) {
            return;
        }
        final Duration missing = reconnect.interval().minus(stats.age());
        if (missing.isPositive() && stats.messagesReceived() == 0) {
            failed(cause.error()
                    .orElseGet(() -> new IOException("The session ended after "
                            + stats.age().toMillis() + " ms and no message: " + cause.kind())));
            return;
        }
        failedTries = 0;
        lastError = cause.error().orElse(null);
        if (missing.isPositive()) {
            await(missing.toNanos());
        } else {
            connect();
        }
    }

    @Override
    public void stillborn(Throwable error) {
        client.sessionOver();
        client.onLoop(() -> {
            handshake = null;
            if (!closed) {
                failed(error);
            }
        });
    }

    @Override
    public void over() {
        client.sessionOver();
    }

    // ---- the end

    /** For good: no try follows, and what there is ends. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        client.loop().wheel().cancel(timer);
        final CompletableFuture<?> dialling = dial;
        if (dialling != null) {
            dial = null;
            dialling.cancel(false);
        }
        final AbstractSession<M> open = session;
        final Connection shaking = handshake;
        if (shaking != null) {
            // Else the client's end would wait for a peer that takes its time.
            handshake = null;
            shaking.abort();
        }
        enter(SlotState.Phase.CLOSED, 0);
        if (open != null) {
            open.close();
        }
    }

    // ---- what there is to know

    /** The session, where the slot is open. */
    @Nullable
    Session<M> session() {
        return snapshot.phase() == SlotState.Phase.OPEN ? session : null;
    }

    /** Any thread. */
    SlotState.Phase phase() {
        return snapshot.phase();
    }

    /** Any thread. */
    SlotState state() {
        final Snapshot now = snapshot;
        final long leftNs = now.phase() == SlotState.Phase.WAITING
                ? Math.max(0, now.nextTryNs() - client.loop().clockNs())
                : 0;
        return new SlotState(
                index, now.phase(), now.failedTries(), Optional.ofNullable(now.lastError()), Duration.ofNanos(leftNs));
    }
}
