// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.loop.ScheduledTask;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a client, by origin. The one that was used last is used next, so that those which nobody needs grow old and are closed. Those whose
 * server has gone are looked for now and then, or they would keep a descriptor each until somebody wants to use them.
 *
 * <p><b>Thread:</b> those that send, which may wait here. A loop only tries the lock, it never waits for it.
 */
final class ConnectionPool {
    /** Makes connections. */
    interface Dialler {
        ClientConnection dial(Origin origin) throws IOException;
    }

    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    private static final class Place {
        final Deque<ClientConnection> idle = new ArrayDeque<>();
        final Condition free;
        /** Idle, in use, and being dialled. */
        int open;
        /** Threads that wait here. */
        int waiting;

        Place(Condition free) {
            this.free = free;
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Origin, Place> places = new HashMap<>();
    private final Dialler dialler;
    private final int mostPerOrigin;
    private final Duration idleTimeout;
    private final Duration patience;
    private @Nullable ScheduledTask sweep;
    private boolean closed;

    ConnectionPool(Dialler dialler, int mostPerOrigin, Duration idleTimeout, Duration patience) {
        this.dialler = dialler;
        this.mostPerOrigin = mostPerOrigin;
        this.idleTimeout = idleTimeout;
        this.patience = patience;
    }

    /**
     * A connection for one exchange, which ends in {@link #release}.
     *
     * @param fresh whether it must be a new one
     * @throws SocketTimeoutException if none has become free in time
     */
    ClientConnection acquire(Origin origin, boolean fresh) throws IOException {
        final ClientConnection idle = reserve(origin, fresh);
        if (idle != null) {
            return idle;
        }
        boolean dialled = false;
        try {
            final ClientConnection connection = dialler.dial(origin);
            dialled = true;
            return connection;
        } finally {
            if (!dialled) {
                forget(origin);
            }
        }
    }

    /** An idle connection, or null and the right to dial one. */
    private @Nullable ClientConnection reserve(Origin origin, boolean fresh) throws IOException {
        long leftNs = patience.toNanos();
        while (true) {
            final ClientConnection candidate;
            ClientConnection surplus = null;
            lock.lock();
            try {
                while (true) {
                    if (closed) {
                        throw new IOException("The client is closed");
                    }
                    final Place place = places.computeIfAbsent(origin, _ -> new Place(lock.newCondition()));
                    final ClientConnection last = place.idle.pollLast();
                    if (last != null && !fresh) {
                        candidate = last;
                        break;
                    }
                    if (last != null || place.open < mostPerOrigin) {
                        // The place of an idle one is taken over.
                        surplus = last;
                        place.open += last == null ? 1 : 0;
                        candidate = null;
                        break;
                    }
                    if (leftNs <= 0) {
                        throw new SocketTimeoutException(
                                "All " + mostPerOrigin + " connections to " + origin + " stayed busy for " + patience);
                    }
                    place.waiting++;
                    try {
                        leftNs = place.free.awaitNanos(leftNs);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new InterruptedIOException("Interrupted while waiting for a connection");
                    } finally {
                        place.waiting--;
                        removeIfEmpty(origin, place);
                    }
                }
            } finally {
                lock.unlock();
            }
            if (surplus != null) {
                surplus.close();
            }
            if (candidate == null) {
                return null;
            }
            if (candidate.isReusable()) {
                candidate.reused();
                return candidate;
            }
            candidate.close();
            forget(origin);
        }
    }

    /** Gives a connection back, after an exchange. */
    void release(ClientConnection connection, boolean reusable) {
        boolean kept = false;
        lock.lock();
        try {
            if (reusable && !closed) {
                final Place place = places.get(connection.origin());
                if (place != null) {
                    connection.idleSince(connection.nowNs());
                    place.idle.addLast(connection);
                    place.free.signal();
                    kept = true;
                    scheduleSweep(connection);
                }
            }
        } finally {
            lock.unlock();
        }
        if (!kept) {
            connection.close();
            forget(connection.origin());
        }
    }

    /** One connection less. */
    private void forget(Origin origin) {
        lock.lock();
        try {
            final Place place = places.get(origin);
            if (place != null) {
                place.open--;
                place.free.signal();
                removeIfEmpty(origin, place);
            }
        } finally {
            lock.unlock();
        }
    }

    private void removeIfEmpty(Origin origin, Place place) {
        if (place.open == 0 && place.waiting == 0) {
            places.remove(origin, place);
        }
    }

    // ---- old age

    private void scheduleSweep(ClientConnection connection) {
        if (sweep == null) {
            try {
                sweep = connection.loop().schedule(() -> sweep(connection), shorter(idleTimeout, LOOK_EVERY));
            } catch (RejectedExecutionException _) {
                // The loop ends, and its connections with it.
            }
        }
    }

    /** On the loop of {@code of}. */
    private void sweep(ClientConnection of) {
        if (!lock.tryLock()) {
            of.loop().schedule(() -> sweep(of), Duration.ofMillis(1));
            return;
        }
        final List<ClientConnection> old = new ArrayList<>();
        try {
            sweep = null;
            final long nowNs = of.nowNs();
            long nextNs = Long.MAX_VALUE;
            for (Iterator<Map.Entry<Origin, Place>> all = places.entrySet().iterator(); all.hasNext(); ) {
                final Place place = all.next().getValue();
                for (Iterator<ClientConnection> idle = place.idle.iterator(); idle.hasNext(); ) {
                    final ClientConnection connection = idle.next();
                    final long leftNs = idleTimeout.toNanos() - (nowNs - connection.idleSinceNs());
                    if (leftNs > 0 && connection.isReusable()) {
                        nextNs = Math.min(nextNs, leftNs);
                    } else {
                        old.add(connection);
                        idle.remove();
                        place.open--;
                    }
                }
                if (place.open == 0 && place.waiting == 0) {
                    all.remove();
                }
            }
            if (nextNs != Long.MAX_VALUE && !closed) {
                sweep = of.loop().schedule(() -> sweep(of), shorter(Duration.ofNanos(nextNs), LOOK_EVERY));
            }
        } finally {
            lock.unlock();
        }
        old.forEach(ClientConnection::close);
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    /** Closes the idle ones now, and the others when they are given back. */
    void close() {
        final List<ClientConnection> idle = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            if (sweep != null) {
                sweep.cancel();
                sweep = null;
            }
            for (Place place : places.values()) {
                place.open -= place.idle.size();
                idle.addAll(place.idle);
                place.idle.clear();
                place.free.signalAll();
            }
            places.values().removeIf(place -> place.open == 0 && place.waiting == 0);
        } finally {
            lock.unlock();
        }
        idle.forEach(ClientConnection::close);
    }

    /** How many connections there are, in use or not. */
    int size() {
        lock.lock();
        try {
            return places.values().stream().mapToInt(place -> place.open).sum();
        } finally {
            lock.unlock();
        }
    }
}
