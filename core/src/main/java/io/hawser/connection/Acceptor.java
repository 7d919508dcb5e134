// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.LoadBalancer;
import io.hawser.loop.Timer;
import io.hawser.transport.AcceptSink;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.ListenSocket;
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
    private long backoffNs;
    private long accepts;

    /** @param targets the loops that get the connections, {@code home} alone or among them, or not */
    Acceptor(Endpoint endpoint, LoopConnections home, List<LoopConnections> targets, LoadBalancer balancer) {
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

    void start() {
        if (socket != null) {
            socket.accept(true);
        }
    }

    @Override
    public void accepted(AcceptedSocket accepted) {
        backoffNs = 0;
        final Engine engine = endpoint.engine();
        if (engine.connectionCount() >= endpoint.limits().connections()) {
            engine.refused();
            accepted.close();
            return;
        }
        final LoopConnections target;
        try {
            target = select(accepted);
        } catch (RuntimeException e) {
            StreamConnection.LOGGER.log(System.Logger.Level.WARNING, "The load balancer failed", e);
            accepted.close();
            return;
        }
        target.assigned();
        if (target == home) {
            open(target, accepted);
        } else if (!target.loop().executeAlways(() -> open(target, accepted))) {
            target.unassigned();
            accepted.close();
        }
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
    private void open(LoopConnections target, AcceptedSocket accepted) {
        try {
            new StreamConnection(endpoint, target).accept(accepted);
        } catch (IOException e) {
            target.unassigned();
            StreamConnection.LOGGER.log(System.Logger.Level.DEBUG, "An accepted connection could not be used", e);
        }
    }

    @Override
    public void exhausted(IOException cause) {
        if (backoffNs == 0) {
            StreamConnection.LOGGER.log(
                    System.Logger.Level.WARNING, "Accepting pauses: " + cause.getMessage() + " (it is tried again)");
        }
        backoffNs = backoffNs == 0 ? FIRST_BACKOFF_NS : Math.min(2 * backoffNs, MAX_BACKOFF_NS);
        home.loop().wheel().schedule(retry, home.loop().nowNs() + backoffNs);
    }

    private void acceptAgain() {
        if (socket != null) {
            socket.accept(true);
        }
    }

    void close() {
        home.loop().wheel().cancel(retry);
        if (socket != null) {
            socket.close();
            socket = null;
        }
    }

    LoopConnections home() {
        return home;
    }
}
