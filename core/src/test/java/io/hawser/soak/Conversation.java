// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import io.hawser.connection.CloseCause;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a client and a server do with each other, and what each of them has counted. The two sides write from their own threads.
 *
 * <p>Each side counts a byte as sent before it hands it over, so nothing can be received that is not counted yet.
 */
final class Conversation {
    /** The first bytes of what the client sends, and of each datagram. */
    static final int ID_BYTES = Long.BYTES;

    private final long id;
    private final Kind kind;
    private final boolean overUnix;
    private final long bytes;

    final AtomicLong clientOut = new AtomicLong();
    final AtomicLong clientIn = new AtomicLong();
    final AtomicLong serverIn = new AtomicLong();
    final AtomicLong serverOut = new AtomicLong();

    private final CompletableFuture<CloseCause> clientEnd = new CompletableFuture<>();
    private final CompletableFuture<CloseCause> serverEnd = new CompletableFuture<>();

    /** @param bytes what the client will send, at least {@link #ID_BYTES} */
    Conversation(long id, Kind kind, boolean overUnix, long bytes) {
        this.id = id;
        this.kind = kind;
        this.overUnix = overUnix;
        this.bytes = bytes;
    }

    long id() {
        return id;
    }

    Kind kind() {
        return kind;
    }

    long bytes() {
        return bytes;
    }

    /** Where it is ended if it is not to come to its end. */
    long middle() {
        return Math.max(ID_BYTES, bytes / 2);
    }

    void clientEnded(CloseCause cause) {
        clientEnd.complete(cause);
        if (kind == Kind.TIMEOUT && serverIn.get() == 0) {
            // On a machine that stood still the timeout came first, and that server never knew whose connection it was.
            serverEnd.complete(new CloseCause(CloseCause.Kind.TIMED_OUT, Optional.empty()));
        }
    }

    void serverEnded(CloseCause cause) {
        serverEnd.complete(cause);
    }

    /** Completes when both sides have ended. */
    CompletableFuture<Void> ended() {
        return CompletableFuture.allOf(clientEnd, serverEnd);
    }

    /** What is not as it has to be, now that it is over. */
    List<String> violations() {
        final List<String> all = new ArrayList<>();
        final long[] flow = {bytes, clientOut.get(), serverIn.get(), serverOut.get(), clientIn.get()};
        for (int i = 1; i < flow.length; i++) {
            if (flow[i] > flow[i - 1]) {
                all.add("more bytes came out than went in");
            } else if (kind.isWhole() && flow[i] < flow[i - 1]) {
                all.add("bytes were lost");
            }
        }
        if (kind != Kind.DATAGRAMS) {
            checkCause(all, "client", clientEnd);
            checkCause(all, "server", serverEnd);
        }
        return all.stream().distinct().map(what -> what + ": " + this).toList();
    }

    private void checkCause(List<String> all, String side, CompletableFuture<CloseCause> end) {
        if (!end.isDone()) {
            all.add("the " + side + " has not ended");
        } else if (!isExpected(side, end.join().kind())) {
            all.add("the " + side + "'s end is not " + kind);
        }
    }

    private boolean isExpected(String side, CloseCause.Kind cause) {
        final boolean ordinary = cause == CloseCause.Kind.LOCAL || cause == CloseCause.Kind.PEER_CLOSED;
        final boolean server = side.equals("server");
        return switch (kind) {
            case TIMEOUT -> server ? cause == CloseCause.Kind.TIMED_OUT : ordinary || cause == CloseCause.Kind.RESET;
            // A unix socket knows no reset: the other side may find an ordinary end.
            case CLIENT_RESET ->
                server ? cause == CloseCause.Kind.RESET || (overUnix && ordinary) : cause == CloseCause.Kind.LOCAL;
            case SERVER_RESET ->
                server ? cause == CloseCause.Kind.LOCAL : cause == CloseCause.Kind.RESET || (overUnix && ordinary);
            case SERVER_THROWS -> server ? cause == CloseCause.Kind.ERROR : ordinary || cause == CloseCause.Kind.RESET;
            default -> ordinary;
        };
    }

    @Override
    public String toString() {
        return kind + " #" + id + (overUnix ? " over unix" : "") + " of " + bytes + " bytes: client sent " + clientOut
                + ", server received " + serverIn + " and sent " + serverOut + ", client received " + clientIn
                + "; client ended: " + describe(clientEnd) + ", server ended: " + describe(serverEnd);
    }

    private static String describe(CompletableFuture<CloseCause> end) {
        return end.isDone() ? String.valueOf(end.join()) : "not";
    }
}
