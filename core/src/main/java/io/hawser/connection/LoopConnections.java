// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** The connections of one loop. The loop's thread only, but for what says otherwise. */
final class LoopConnections {
    private final EventLoop loop;
    /** Times are kept in steps of 2^24 ns, 17 ms, so that one takes four bytes; after two years and more they begin again. */
    private static final int TIME_SHIFT = 24;

    private final List<StreamConnection> connections = new ArrayList<>();

    private final ThreadWaker waker;
    private final CloseLog closes = new CloseLog();
    /** Those on their way to the loop included, so that a burst is spread well. */
    private final AtomicInteger count = new AtomicInteger();

    private final CompletableFuture<Void> emptied = new CompletableFuture<>();
    /** Who waits for there to be none. */
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>();

    private boolean closing;
    /** The servers whose connections are being closed, while there are some here. */
    private final List<Leaving> leaving = new ArrayList<>();

    /** Those of one server that are being closed. */
    private static final class Leaving {
        final ServerConnections server;
        final CompletableFuture<Void> gone;
        /** How many have not told all who want to know. */
        int left;

        Leaving(ServerConnections server, CompletableFuture<Void> gone) {
            this.server = server;
            this.gone = gone;
        }
    }

    LoopConnections(EventLoop loop) {
        this.loop = loop;
        this.waker = new ThreadWaker(loop);
    }

    ThreadWaker waker() {
        return waker;
    }

    /** Any thread. */
    EventLoop loop() {
        return loop;
    }

    /** How many there are, including those that have been assigned and not attached. Any thread. */
    int count() {
        return count.get();
    }

    /** A connection will come here. Any thread. */
    void assigned() {
        count.incrementAndGet();
    }

    /** It will not come after all, or has gone. Any thread. */
    void unassigned() {
        count.decrementAndGet();
    }

    void add(StreamConnection connection) {
        connection.index = connections.size();
        connection.since = (int) (loop.nowNs() >>> TIME_SHIFT);
        connections.add(connection);
        final ServerConnections server = connection.server();
        final boolean leaves = server != null && server.isClosing();
        if (leaves) {
            leaving.stream().filter(each -> each.server == server).forEach(each -> each.left++);
        }
        if (closing || leaves) {
            connection.drain();
        }
    }

    /** Takes it out; the last one takes its place. */
    void remove(StreamConnection connection) {
        final StreamConnection last = connections.removeLast();
        if (last != connection) {
            connections.set(connection.index, last);
            last.index = connection.index;
        }
        unassigned();
        completeIfEmptied();
    }

    /** One that was taken out has told all who wanted to know. */
    void gone(StreamConnection connection) {
        if (leaving.isEmpty()) {
            return;
        }
        // Whoever is told may ask for more.
        for (Leaving each : List.copyOf(leaving)) {
            if (each.server == connection.server()) {
                each.left--;
                completeIfLeft(each);
            }
        }
    }

    private void completeIfLeft(Leaving those) {
        if (those.left == 0 && leaving.remove(those)) {
            those.gone.complete(null);
        }
    }

    // ---- what there is to see

    /** A connection is made, and its handler will be told. */
    void opened(StreamConnection connection) {
        loop.stats().connectionOpened(connection.isDialled());
        if (loop.isRecording()) {
            ConnectionEvents.opened(connection);
        }
    }

    /** A connection that was open is gone; before it is taken out. */
    void closed(StreamConnection connection, CloseCause cause) {
        loop.stats().connectionClosed();
        closes.closed(connection, cause, ageNs(connection), loop.nowNs());
        if (loop.isRecording()) {
            ConnectionEvents.closed(connection, cause, ageNs(connection));
        }
    }

    /** How many there are here. */
    int size() {
        return connections.size();
    }

    /** The one at a place, 0 to {@link #size()}, for the moment. */
    StreamConnection connection(int place) {
        return connections.get(place);
    }

    /** How long one of them has been there, in nanoseconds. */
    long ageNs(StreamConnection connection) {
        return Integer.toUnsignedLong((int) (loop.nowNs() >>> TIME_SHIFT) - connection.since) << TIME_SHIFT;
    }

    /** The last closes. What there was to count may be read by any thread. */
    CloseLog closes() {
        return closes;
    }

    /** Closes all in the ordinary way, also those that are still to come; those that are busy when they have finished. */
    void closeAll() {
        closing = true;
        for (StreamConnection connection : List.copyOf(connections)) {
            connection.drain();
        }
        completeIfEmptied();
    }

    /**
     * Closes those of one server, as {@link #closeAll()} does all.
     *
     * @param server does not accept any more, and {@link ServerConnections#isClosing() is closing}
     * @param gone is completed when they are gone
     */
    void closeAll(ServerConnections server, CompletableFuture<Void> gone) {
        final List<StreamConnection> its = of(server);
        final Leaving those = new Leaving(server, gone);
        those.left = its.size();
        leaving.add(those);
        its.forEach(StreamConnection::drain);
        completeIfLeft(those);
    }

    /** Resets those of one server. */
    void abortAll(ServerConnections server) {
        of(server).forEach(StreamConnection::shutdownNow);
    }

    private List<StreamConnection> of(ServerConnections server) {
        return connections.stream()
                .filter(connection -> connection.server() == server)
                .toList();
    }

    /** Whether {@link #closeAll()} was called. */
    boolean isClosing() {
        return closing;
    }

    /** Resets all that are left. */
    void abortAll() {
        for (StreamConnection connection : List.copyOf(connections)) {
            connection.shutdownNow();
        }
    }

    /** Completes when all are gone after {@link #closeAll()}. Any thread. */
    CompletableFuture<Void> emptied() {
        return emptied;
    }

    /** Completes {@code future} when there is none, be it for a moment. */
    void whenNone(CompletableFuture<Void> future) {
        waiting.add(future);
        completeIfEmptied();
    }

    private void completeIfEmptied() {
        if (!connections.isEmpty()) {
            return;
        }
        if (!waiting.isEmpty()) {
            final List<CompletableFuture<Void>> now = List.copyOf(waiting);
            waiting.clear();
            now.forEach(future -> future.complete(null));
        }
        if (closing) {
            emptied.complete(null);
        }
    }
}
