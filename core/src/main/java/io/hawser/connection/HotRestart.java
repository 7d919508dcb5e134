// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.log.Log;
import io.hawser.transport.ConnectionResetException;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketPassing;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A restart without downtime: this process takes over the listening sockets of its predecessor, and hands its own to its successor. No
 * client is refused or reset, since the sockets live on with all who wait in their backlogs.
 *
 * <pre>{@code
 * try (Engine engine = Engine.builder().start();
 *         HotRestart restart = engine.hotRestart(Path.of("/run/echo/restart.sock"))) {
 *     engine.listen("tcp://0.0.0.0:7000", handler);  // the predecessor's socket, if there is a predecessor
 *     restart.ready();                               // from here on this process accepts, and the predecessor no more
 *     restart.handedOver().join();                   // until a successor does the same
 *     engine.drained().orTimeout(30, SECONDS).exceptionally(_ -> null).join();
 * }
 * }</pre>
 *
 * <p>The processes are of one user, on one machine, and meet at a unix socket that only this user can connect to. Until the successor
 * accepts the predecessor does: if one of the two dies before, or the successor does not come to {@link #ready()} within two minutes, the
 * predecessor goes on as if nothing had happened. Sockets keep the options with which they were bound.
 *
 * <p><b>Thread:</b> any, but none of a loop's.
 */
public final class HotRestart implements AutoCloseable {
    private final Engine engine;
    private final Path path;
    private final RestartTimes times;
    private final SocketPassing.Listener listener;
    private final UnixPath file;
    /** What is in it is guarded by {@code this}. */
    private final @Nullable Inheritance inheritance;

    private final @Nullable RestartChannel predecessor;
    private final List<Passing> adopted = new ArrayList<>();
    private int adoptedSockets;
    private List<Address> dropped = List.of();
    private Stage stage = Stage.PREPARING;
    /** Whether the file is this process's to remove. */
    private volatile boolean removesFile;

    private final CompletableFuture<Long> handedOver = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private enum Stage {
        PREPARING,
        READY,
        CLOSED
    }

    private HotRestart(
            Engine engine,
            Path path,
            RestartTimes times,
            SocketPassing.Listener listener,
            @Nullable Inheritance inheritance,
            @Nullable RestartChannel predecessor) {
        this.engine = engine;
        this.path = path;
        this.times = times;
        this.listener = listener;
        this.inheritance = inheritance;
        this.predecessor = predecessor;
        this.removesFile = predecessor == null;
        this.file = UnixPath.bound(path);
    }

    static HotRestart begin(Engine engine, Path path, SocketPassing passing, RestartTimes times) throws IOException {
        final Optional<SocketPassing.Channel> found = passing.connect(path);
        if (found.isEmpty()) {
            UnixPath.removeStale(path);
            return new HotRestart(engine, path, times, passing.listen(path), null, null);
        }
        final RestartChannel channel = new RestartChannel(found.get());
        Inheritance inheritance = null;
        try {
            final byte[] greeting = ByteBuffer.allocate(Long.BYTES)
                    .putLong(ProcessHandle.current().pid())
                    .array();
            channel.send(RestartMessage.Kind.HELLO, greeting, List.of(), times.answer());
            inheritance = Inheritance.receive(channel, times.answer());
            final SocketPassing.Listener listener = passing.adopt(inheritance.takeControl());
            return new HotRestart(engine, path, times, listener, inheritance, channel);
        } catch (IOException e) {
            channel.close();
            if (inheritance != null) {
                inheritance.close();
            }
            throw new IOException("Cannot take over from the process at " + path + ": " + e.getMessage(), e);
        }
    }

    // ---- for the engine

    /** The sockets for {@code address}, which are the caller's; empty if the predecessor has none, or they were claimed before. */
    synchronized List<PassedSocket> claim(Address address) throws IOException {
        return inheritance == null || stage != Stage.PREPARING ? List.of() : inheritance.claim(address);
    }

    /** A server uses {@code sockets} of the predecessor's. */
    void adopted(Passing passing, int sockets) throws IOException {
        synchronized (this) {
            if (stage == Stage.PREPARING) {
                adopted.add(passing);
                adoptedSockets += sockets;
                return;
            }
        }
        final var unused = passing.release();
        throw new IOException("The restart is over");
    }

    // ---- the predecessor

    /** Where processes meet. */
    public Path path() {
        return path;
    }

    /** The id of the process that was here before, as it says; empty if there was none. */
    public OptionalLong predecessor() {
        return inheritance == null ? OptionalLong.empty() : OptionalLong.of(inheritance.process());
    }

    /** How many sockets of the predecessor this engine uses. */
    public synchronized int takenOver() {
        return adoptedSockets;
    }

    /**
     * The addresses at which the predecessor served and nothing of this engine does. At {@link #ready()} they are closed; who waits in
     * their backlogs is reset.
     */
    public synchronized List<Address> unclaimed() {
        return inheritance == null || stage != Stage.PREPARING ? dropped : inheritance.unclaimed();
    }

    /**
     * Takes the predecessor's place: it stops accepting, the servers that use its sockets start, and it drains. From now on this process's
     * sockets are offered to a successor. When this returns, this process accepts.
     *
     * <p>A predecessor that has died meanwhile is not needed any more.
     *
     * @throws IOException if the predecessor does not play its part: it has waited for too long, or this process has; the servers that
     *     were to use its sockets are closed then, and the predecessor goes on
     * @throws IllegalStateException if it was called before, or this is closed
     */
    public void ready() throws IOException {
        engine.requireNoLoop("ready()");
        synchronized (this) {
            if (stage != Stage.PREPARING) {
                throw new IllegalStateException(stage == Stage.READY ? "It is ready" : "It is closed");
            }
            if (predecessor != null && inheritance != null) {
                takePlace(predecessor, inheritance);
            }
            stage = Stage.READY;
        }
        Thread.ofPlatform().daemon().name(engine.name() + "-restart").start(this::offer);
    }

    private void takePlace(RestartChannel channel, Inheritance rest) throws IOException {
        try {
            // It waits for its loops before it answers.
            ask(
                    channel,
                    RestartMessage.Kind.READY,
                    RestartMessage.Kind.PAUSED,
                    times.answer().multipliedBy(2));
            Succession.await(Succession.all(adopted.stream().map(Passing::start).toList()), times.answer());
            ask(channel, RestartMessage.Kind.ACCEPTING, RestartMessage.Kind.DONE, times.answer());
        } catch (IOException e) {
            final long process = rest.process();
            abandon();
            throw new IOException(
                    "Cannot take over from process " + process + " at " + path + ": " + e.getMessage(), e);
        }
        channel.close();
        removesFile = true;
        adopted.forEach(Passing::keep);
        dropped = rest.unclaimed();
        rest.close();
        for (Address address : dropped) {
            if (address.isUnix()) {
                UnixPath.bound(Path.of(address.path())).remove();
            }
        }
    }

    /** A predecessor that dies is not waited for: who gives up says so, so the end of the connection means that nobody else accepts. */
    private void ask(RestartChannel channel, RestartMessage.Kind said, RestartMessage.Kind wanted, Duration time)
            throws IOException {
        try {
            channel.send(said, times.answer());
        } catch (ConnectionResetException _) {
            // What it said before it went is still to be read.
        }
        try {
            channel.receive(wanted, time);
        } catch (EOFException | ConnectionResetException e) {
            Log.log(
                    System.Logger.Level.WARNING,
                    "The process that served at " + path + " has died before it had handed over; this one goes on");
        }
    }

    /** Gives up before it was ready: the predecessor has everything still. */
    private void abandon() {
        stage = Stage.CLOSED;
        for (Passing passing : adopted) {
            final var unused = passing.release();
        }
        if (inheritance != null) {
            inheritance.close();
        }
        if (predecessor != null) {
            predecessor.close();
        }
        endOffering();
    }

    // ---- the successor

    /**
     * Completes when a successor accepts in this process's place, with its process id: nothing listens here any more, and connections are
     * served on. On a thread of this class, which ends then. Cancelled if this is closed before.
     */
    public CompletableFuture<Long> handedOver() {
        return handedOver.copy();
    }

    private void offer() {
        try {
            long successor = 0;
            boolean done = false;
            while (!done) {
                final Optional<SocketPassing.Channel> next = listener.accept();
                if (next.isEmpty()) {
                    return;
                }
                try (RestartChannel channel = new RestartChannel(next.get())) {
                    successor = new Succession(engine, listener, times).run(channel);
                    done = true;
                } catch (IOException | RuntimeException e) {
                    Log.log(
                            System.Logger.Level.WARNING,
                            "A process that connected to " + path + " does not take over, and this one goes on: "
                                    + e.getMessage());
                }
            }
            removesFile = false;
            listener.close();
            engine.stopListening();
            handedOver.complete(successor);
        } catch (IOException e) {
            Log.log(System.Logger.Level.ERROR, "No process can take over at " + path + " any more", e);
        } finally {
            endOffering();
        }
    }

    private void endOffering() {
        listener.close();
        if (removesFile) {
            file.remove();
        }
        handedOver.cancel(false);
        ended.complete(null);
    }

    // ---- the end

    /**
     * Ends the offer to successors. Before {@link #ready()} it gives up: servers that were to use sockets of the predecessor are closed,
     * and the predecessor goes on. A second call does nothing.
     */
    @Override
    public void close() {
        engine.requireNoLoop("close()");
        engine.await(closeAsync());
    }

    CompletableFuture<Void> closeAsync() {
        // First, as ready() may hold the lock while it waits for the predecessor.
        listener.stop();
        synchronized (this) {
            if (stage == Stage.PREPARING) {
                abandon();
            }
            stage = Stage.CLOSED;
        }
        return ended;
    }
}
