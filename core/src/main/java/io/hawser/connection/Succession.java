// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.log.Log;
import io.hawser.transport.SocketPassing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The predecessor's part of one restart. Until the successor accepts, everything can be undone, and is if anything goes wrong.
 *
 * <p>Never do both processes accept at once: the mode of a socket, blocking or not, is shared by all who have it, and transports differ in
 * what they need. While nobody does, for the time of a message and its answer, connections wait in the backlog.
 */
final class Succession {
    private final Engine engine;
    private final SocketPassing.Listener listener;
    private final RestartTimes times;

    Succession(Engine engine, SocketPassing.Listener listener, RestartTimes times) {
        this.engine = engine;
        this.listener = listener;
        this.times = times;
    }

    /**
     * Hands all sockets over.
     *
     * @return the successor's process id, as it says
     * @throws IOException if it did not come to that; all is as before then
     */
    long run(RestartChannel channel) throws IOException {
        try {
            return handOver(channel);
        } catch (Throwable t) {
            // Else the successor would take the end of the connection for the end of this process.
            channel.refuse(String.valueOf(t.getMessage()), times.answer());
            throw t;
        }
    }

    private long handOver(RestartChannel channel) throws IOException {
        final ByteBuffer greeting =
                channel.receive(RestartMessage.Kind.HELLO, times.answer()).payload();
        if (greeting.remaining() != Long.BYTES) {
            throw new IOException("its greeting has " + greeting.remaining() + " bytes");
        }
        final long successor = greeting.getLong();
        final List<Passing> passings = engine.passings();
        try (Offer offer = new Offer(listener.duplicate())) {
            for (int i = 0; i < passings.size(); i++) {
                offer.add(i, passings.get(i));
            }
            offer.send(channel, times.answer());
        }
        channel.receive(RestartMessage.Kind.READY, times.preparation());
        try {
            await(all(passings.stream().map(Passing::hold).toList()), times.answer());
            channel.send(RestartMessage.Kind.PAUSED, times.answer());
            channel.receive(RestartMessage.Kind.ACCEPTING, times.answer());
            channel.send(RestartMessage.Kind.DONE, times.answer());
        } catch (Throwable t) {
            for (Passing passing : passings) {
                final var unused = passing.start();
            }
            throw t;
        }
        try {
            await(all(passings.stream().map(Passing::release).toList()), times.answer());
        } catch (IOException e) {
            // The successor accepts; that this process closes its descriptors late harms nobody.
            Log.log(System.Logger.Level.WARNING, "After handing over: " + e.getMessage());
        }
        return successor;
    }

    static CompletableFuture<Void> all(List<CompletableFuture<Void>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }

    /** Waits for what loops do at once, unless a handler keeps them from it. */
    static void await(CompletableFuture<Void> future, Duration time) throws IOException {
        try {
            future.get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new IOException("a loop is busy for too long", e);
        } catch (ExecutionException e) {
            throw new IOException("a loop has failed: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
