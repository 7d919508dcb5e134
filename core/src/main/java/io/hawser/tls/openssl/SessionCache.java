// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The sessions that a client may go on with, by whom they are with; the oldest go first. Any thread; only loops come here, for a handshake each.
 *
 * <p>One of TLS 1.2 is used as often as it lives. One of TLS 1.3 is used once (RFC 8446, C.4), so of these a few are kept for each peer, as servers
 * send a few.
 */
final class SessionCache {
    private static final int TICKETS_PER_PEER = 4;

    private record Entry(long session, long untilNs) {}

    private final int capacity;
    private final long lifeNs;
    /** The least recently used first. */
    private final Map<Object, ArrayDeque<Entry>> byPeer = new LinkedHashMap<>(16, 0.75f, true);

    private int size;
    private boolean closed;

    SessionCache(int capacity, long lifeNs) {
        this.capacity = capacity;
        this.lifeNs = lifeNs;
    }

    /** Whether it is kept: then the reference is the cache's. */
    synchronized boolean put(Object peer, long session, long nowNs) {
        if (closed) {
            return false;
        }
        final ArrayDeque<Entry> entries = byPeer.computeIfAbsent(peer, _ -> new ArrayDeque<>(2));
        final boolean onlyOne = LibSsl.sessionVersion(session) < LibSsl.TLS1_3;
        while (!entries.isEmpty() && (onlyOne || entries.size() >= TICKETS_PER_PEER)) {
            free(entries.removeFirst());
        }
        entries.addLast(new Entry(session, nowNs + lifeNs));
        Live.SESSIONS.getAndIncrement();
        size++;
        while (size > capacity) {
            dropOldest();
        }
        return true;
    }

    private void dropOldest() {
        final Iterator<ArrayDeque<Entry>> peers = byPeer.values().iterator();
        final ArrayDeque<Entry> oldest = peers.next();
        free(oldest.removeFirst());
        if (oldest.isEmpty()) {
            peers.remove();
        }
    }

    /** Has {@code ssl} offer a session with {@code peer}, if there is one. */
    synchronized void offer(Object peer, long ssl, long nowNs) {
        final ArrayDeque<Entry> entries = byPeer.get(peer);
        if (entries == null) {
            return;
        }
        while (!entries.isEmpty()) {
            // The youngest, which lives the longest.
            final Entry entry = entries.peekLast();
            final boolean alive = entry.untilNs - nowNs > 0;
            final boolean offered = alive && LibSsl.setSession(ssl, entry.session);
            if (!offered || LibSsl.sessionVersion(entry.session) >= LibSsl.TLS1_3) {
                free(entries.removeLast());
            }
            if (offered) {
                break;
            }
        }
        if (entries.isEmpty()) {
            byPeer.remove(peer);
        }
    }

    private void free(Entry entry) {
        LibSsl.freeSession(entry.session);
        Live.SESSIONS.getAndDecrement();
        size--;
    }

    /** Frees all, and keeps none any more. */
    synchronized void close() {
        closed = true;
        byPeer.values().forEach(entries -> entries.forEach(this::free));
        byPeer.clear();
    }
}
