// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.PoolExhaustedException;
import io.hawser.transport.AcceptedSocket;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One socket on its way into an engine; whatever goes wrong, the socket is closed. */
final class Adoption implements Opening {
    private static final byte[] NOTHING = {};

    private final Endpoint endpoint;
    private final LoopConnections home;
    private final AcceptedSocket socket;
    private final byte[] unread;
    private final boolean dialled;
    private final boolean outputEnded;
    private final Optional<SocketAddress> remote;
    private final CompletableFuture<Connection> result = new CompletableFuture<>();

    private Adoption(
            Endpoint endpoint,
            LoopConnections home,
            AcceptedSocket socket,
            byte[] unread,
            boolean dialled,
            boolean outputEnded,
            Optional<SocketAddress> remote) {
        this.endpoint = endpoint;
        this.home = home;
        this.socket = socket;
        this.unread = unread;
        this.dialled = dialled;
        this.outputEnded = outputEnded;
        this.remote = remote;
    }

    /**
     * Of a connection that some engine has detached.
     *
     * @throws IllegalStateException if it has ended before
     */
    static Adoption of(DetachedConnection detached, Endpoint endpoint, LoopConnections home) {
        return new Adoption(
                endpoint,
                home,
                detached.take(),
                detached.unreadBytes(),
                detached.isDialled(),
                detached.isOutputEnded(),
                detached.remoteAddress());
    }

    /** Of a socket that comes from elsewhere. */
    static Adoption of(AcceptedSocket socket, Endpoint endpoint, LoopConnections home) {
        return new Adoption(endpoint, home, socket, NOTHING, false, false, socket.remoteAddress());
    }

    /** Any thread. */
    CompletableFuture<Connection> start() {
        final Engine engine = endpoint.engine();
        if (engine.isClosing()) {
            refuse("the engine is closed");
            return result;
        }
        // Whoever is detached and adopted again must not slip out of its source's count; the dialled were never in one.
        final Optional<SourceAddress> source =
                engine.sources().isLimited() && !dialled ? remote.flatMap(SourceAddress::of) : Optional.empty();
        if (source.isPresent() && !engine.sources().tryAdd(source.get())) {
            engine.limitCounters().connectionsPerSource.increment();
            refuse("its source has as many connections as it may; the limit is "
                    + endpoint.limits().connectionsPerSource());
        } else if (!engine.admit(home)) {
            source.ifPresent(engine.sources()::remove);
            refuse("the engine has as many connections as it may; the limit is "
                    + endpoint.limits().connections());
        } else if (!home.loop().executeAlways(() -> open(source))) {
            giveBack(source);
            refuse("the engine is closed");
        }
        return result;
    }

    /** Closes the socket, and says why. */
    private void refuse(String why) {
        refuse(why, null);
    }

    private void refuse(String why, @Nullable Exception cause) {
        socket.close();
        result.completeExceptionally(new IOException(what() + ": " + why, cause));
    }

    private void open(Optional<SourceAddress> source) {
        if (home.isClosing()) {
            giveBack(source);
            refuse("the engine is closed");
            return;
        }
        final StreamConnection connection = new StreamConnection(endpoint, home);
        try {
            connection.adopt(socket, this, source, unread, dialled, outputEnded);
        } catch (IOException | PoolExhaustedException e) {
            giveBack(source);
            refuse(String.valueOf(e.getMessage()), e);
        } catch (RuntimeException e) {
            giveBack(source);
            socket.close();
            result.completeExceptionally(e);
        }
    }

    @Override
    public void connected(Connection connection) {
        if (!result.complete(connection)) {
            // Given up by the caller meanwhile.
            connection.abort();
        }
    }

    @Override
    public void refused() {
        result.completeExceptionally(new IOException(what() + ": the handler refused the connection"));
    }

    @Override
    public void failed(IOException error) {
        result.completeExceptionally(new IOException(what() + ": " + error.getMessage(), error));
    }

    private void giveBack(Optional<SourceAddress> source) {
        home.unassigned();
        source.ifPresent(endpoint.engine().sources()::remove);
    }

    private String what() {
        return "adopt a connection" + remote.map(peer -> " with " + peer).orElse("");
    }
}
