// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.log.Log;
import io.hawser.loop.EventLoop;
import io.hawser.loop.LoadBalancer;
import io.hawser.loop.Timer;
import io.hawser.transport.AcceptSink;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.ListenSocket;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Accepts on one listening socket, and gives each connection to a loop. The thread of the loop that listens. */
final class Acceptor implements AcceptSink {
    private static final long FIRST_BACKOFF_NS = 5_000_000;
    private static final long MAX_BACKOFF_NS = 1_000_000_000;

    private final Endpoint endpoint;
    private final LoopConnections home;
    private final List<LoopConnections> targets;
    private final LoadBalancer balancer;
    private final LoadBalancer.LoadView load;
    private final Timer retry = new Timer(this::acceptAgain);
    private @Nullable ListenSocket socket;
    /** Another process is about to accept from the socket. */
    private boolean held;

    private @Nullable Runnable whenPaused;
    private long backoffNs;
    private long accepts;
    private final TokenBucket rate;

    /**
     * @param targets the loops that get the connections, {@code home} alone or among them, or not
     * @param acceptsPerSecond what it may accept on average
     */
    Acceptor(
            Endpoint endpoint,
            LoopConnections home,
            List<LoopConnections> targets,
            LoadBalancer balancer,
            int acceptsPerSecond) {
        this.rate = new TokenBucket(acceptsPerSecond, home.loop().clockNs());
        this.endpoint = endpoint;
        this.home = home;
        this.targets = targets;
        this.balancer = balancer;
        this.load = i -> targets.get(i).count();
    }

    /** Binds. The address that is really bound is returned. */
    SocketAddress listen(SocketAddress address, SocketOptions options) throws IOException {
        final ListenSocket listening = home.loop().transport().listen(address, options, this);
        socket = listening;
        return listening.localAddress();
    }

    /** Takes over what another process has bound. The address is returned. */
    SocketAddress adopt(PassedSocket passed) throws IOException {
        final ListenSocket listening = home.loop().transport().listen(passed, this);
        socket = listening;
        return listening.localAddress();
    }

    void start() {
        acceptAgain();
    }

    // ---- for another process

    /** A duplicate of the socket; none if it is closed. */
    Optional<PassedSocket> duplicate() throws IOException {
        final ListenSocket listening = socket;
        return listening == null ? Optional.empty() : Optional.of(listening.duplicate());
    }

    /** Takes no connection from the backlog any more; {@code paused} is run when that is so, or when it is closed. */
    void hold(Runnable paused) {
        held = true;
        whenPaused = paused;
        home.loop().wheel().cancel(retry);
        if (socket == null) {
            paused();
        } else {
            socket.pause(this::paused);
        }
    }

    private void paused() {
        final Runnable told = whenPaused;
        if (told != null) {
            whenPaused = null;
            told.run();
        }
    }

    /** Goes on after {@link #hold}. */
    void resume() {
        held = false;
        whenPaused = null;
        acceptAgain();
    }

    @Override
    public void accepted(AcceptedSocket accepted) {
        backoffNs = 0;
        pauseIfTooFast();
        final Engine engine = endpoint.engine();
        final Optional<SourceAddress> source =
                engine.sources().isLimited() ? accepted.remoteAddress().flatMap(SourceAddress::of) : Optional.empty();
        if (source.isPresent() && !engine.sources().tryAdd(source.get())) {
            engine.limitCounters().connectionsPerSource.increment();
            accepted.close();
            return;
        }
        if (!place(accepted, source)) {
            source.ifPresent(engine.sources()::remove);
            accepted.close();
        }
    }

    private void pauseIfTooFast() {
        final EventLoop loop = home.loop();
        // More may be on their way when the pause begins; they count, and make it longer.
        if (!rate.take(loop.nowNs()) && socket != null && !held) {
            if (!retry.isArmed()) {
                endpoint.engine().limitCounters().acceptsPerSecond.increment();
            }
            socket.accept(false);
            loop.wheel().schedule(retry, loop.nowNs() + rate.pauseNs());
        }
    }

    /** Gives it to a loop; false if none takes it, or there are too many connections. */
    private boolean place(AcceptedSocket accepted, Optional<SourceAddress> source) {
        final LoopConnections target;
        try {
            target = select(accepted);
        } catch (RuntimeException e) {
            Log.log(System.Logger.Level.WARNING, "The load balancer failed", e);
            return false;
        }
        if (!endpoint.engine().admit(target)) {
            return false;
        }
        if (target == home) {
            open(target, accepted, source);
        } else if (!target.loop().executeAlways(() -> open(target, accepted, source))) {
            target.unassigned();
            return false;
        }
        return true;
    }

    private LoopConnections select(AcceptedSocket accepted) {
        final int count = targets.size();
        if (count == 1) {
            return targets.getFirst();
        }
        final int index = balancer.select(count, load, sourceHash(accepted.remoteAddress()));
        if (index < 0 || index >= count) {
            throw new IllegalStateException("It chose loop " + index + " of " + count);
        }
        return targets.get(index);
    }

    private long sourceHash(Optional<SocketAddress> remote) {
        if (remote.isPresent() && remote.get() instanceof InetSocketAddress inet) {
            return Arrays.hashCode(inet.getAddress().getAddress());
        }
        // A unix peer has no address worth the name, so each connection counts as a source of its own.
        return ++accepts;
    }

    /** The thread of the loop that gets it. */
    private void open(LoopConnections target, AcceptedSocket accepted, Optional<SourceAddress> source) {
        try {
            new StreamConnection(endpoint, target).accept(accepted, source);
        } catch (IOException e) {
            target.unassigned();
            source.ifPresent(endpoint.engine().sources()::remove);
            Log.log(System.Logger.Level.DEBUG, "An accepted connection could not be used", e);
        }
    }

    @Override
    public void exhausted(IOException cause) {
        if (backoffNs == 0) {
            Log.log(System.Logger.Level.WARNING, "Accepting pauses: " + cause.getMessage() + " (it is tried again)");
        }
        backoffNs = backoffNs == 0 ? FIRST_BACKOFF_NS : Math.min(2 * backoffNs, MAX_BACKOFF_NS);
        if (!held) {
            home.loop().wheel().schedule(retry, home.loop().nowNs() + backoffNs);
        }
    }

    private void acceptAgain() {
        if (socket != null && !held) {
            socket.accept(true);
        }
    }

    void close() {
        home.loop().wheel().cancel(retry);
        if (socket != null) {
            socket.close();
            socket = null;
        }
        paused();
    }

    LoopConnections home() {
        return home;
    }
}
