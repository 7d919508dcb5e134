// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.Timer;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One attempt to connect: every address that the name stands for, one after the other, within one timeout. The loop's thread. */
final class Dial implements Opening {
    private final Address address;
    private final Endpoint endpoint;
    private final LoopConnections home;
    private final Iterator<SocketAddress> remaining;
    private final long deadlineNs;
    private final CompletableFuture<Connection> result;
    private final Timer timer = new Timer(this::onTimeout);
    private @Nullable StreamConnection current;
    private @Nullable IOException failure;

    Dial(
            Address address,
            Endpoint endpoint,
            LoopConnections home,
            List<SocketAddress> resolved,
            long deadlineNs,
            CompletableFuture<Connection> result) {
        this.address = address;
        this.endpoint = endpoint;
        this.home = home;
        this.remaining = resolved.iterator();
        this.deadlineNs = deadlineNs;
        this.result = result;
    }

    void start() {
        home.loop().wheel().schedule(timer, deadlineNs);
        final var unused = result.whenComplete((_, _) -> {
            if (result.isCancelled()) {
                home.loop().executeAlways(this::giveUp);
            }
        });
        next();
    }

    /** The caller wants it no more. */
    private void giveUp() {
        final StreamConnection connecting = current;
        while (remaining.hasNext()) {
            remaining.next();
        }
        if (connecting != null) {
            connecting.abort();
        }
    }

    private void next() {
        if (home.isClosing()) {
            remember(new IOException("dial " + address + ": the engine is closed"));
            end();
            return;
        }
        while (remaining.hasNext() && !result.isDone()) {
            if (!endpoint.engine().admit(home)) {
                remember(new IOException(
                        "dial " + address + ": the engine has as many connections as it may; the limit is "
                                + endpoint.limits().connections()));
                break;
            }
            final StreamConnection connection = new StreamConnection(endpoint, home);
            current = connection;
            try {
                connection.connect(remaining.next(), address.host(), address.port(), this);
                return;
            } catch (IOException e) {
                home.unassigned();
                remember(e);
            } catch (RuntimeException e) {
                home.unassigned();
                remember(new IOException("dial " + address + ": " + e.getMessage(), e));
            }
        }
        end();
    }

    /** The connection of the present address is open. */
    @Override
    public void connected(Connection connection) {
        home.loop().wheel().cancel(timer);
        if (!result.complete(connection)) {
            // Given up by the caller meanwhile.
            connection.abort();
        }
    }

    /** The handler does not want it; another address would not change that. */
    @Override
    public void refused() {
        while (remaining.hasNext()) {
            remaining.next();
        }
        failure = new IOException("dial " + address + ": the handler refused the connection");
        end();
    }

    /** The present address cannot be reached. */
    @Override
    public void failed(IOException error) {
        remember(error);
        next();
    }

    private void remember(IOException error) {
        final IOException first = failure;
        if (first == null) {
            failure = error;
        } else if (first != error) {
            first.addSuppressed(error);
        }
    }

    private void onTimeout() {
        final StreamConnection connecting = current;
        while (remaining.hasNext()) {
            remaining.next();
        }
        failure = new SocketTimeoutException("dial " + address + ": no connection within "
                + endpoint.options().dialTimeout().toMillis() + " ms");
        if (connecting != null) {
            connecting.abort();
        }
    }

    private void end() {
        home.loop().wheel().cancel(timer);
        final IOException error = failure;
        result.completeExceptionally(error != null ? error : new IOException("dial " + address + ": no address"));
    }
}
