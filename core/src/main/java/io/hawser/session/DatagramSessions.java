// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Datagram;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.connection.DatagramHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The sessions over the UDP sockets of one server, or of one client's slot. */
final class DatagramSessions<M> implements DatagramHandler {
    private final SessionEndpoint<M> endpoint;
    private final DatagramMode mode;
    private final int maxPeers;
    private final Duration idleTimeout;
    private final LongAdder refusedPeers = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final Map<DatagramEndpoint, PortSessions<M>> ports = new ConcurrentHashMap<>();

    DatagramSessions(SessionEndpoint<M> endpoint, DatagramMode mode, int maxPeers, Duration idleTimeout) {
        this.endpoint = endpoint;
        this.mode = mode;
        this.maxPeers = maxPeers;
        this.idleTimeout = idleTimeout;
    }

    /** Refuses what datagrams cannot be used with. */
    static void requireFit(Codec<?> codec, @Nullable Correlation<?> correlation) {
        if (codec.isOrdered()) {
            throw new IllegalArgumentException(
                    codec + " keeps state from one message to the next; of datagrams any may be lost");
        }
        if (correlation instanceof InOrder<?>) {
            throw new IllegalArgumentException(
                    "Responses in datagrams come in any order, or not at all: they need a number each");
        }
    }

    SessionEndpoint<M> endpoint() {
        return endpoint;
    }

    DatagramMode mode() {
        return mode;
    }

    int maxPeers() {
        return maxPeers;
    }

    Duration idleTimeout() {
        return idleTimeout;
    }

    /** Datagrams of peers for which there was no room. */
    LongAdder refusedPeers() {
        return refusedPeers;
    }

    /** Datagrams that did not decode. */
    LongAdder dropped() {
        return dropped;
    }

    private PortSessions<M> port(DatagramEndpoint socket) {
        final PortSessions<M> port = ports.get(socket);
        if (port == null) {
            throw new IllegalStateException(socket + " has not been opened");
        }
        return port;
    }

    // ---- of sockets

    @Override
    public void onOpen(DatagramEndpoint socket) throws IOException {
        final SessionOwner<M> owner = endpoint.owner();
        if (owner != null && !owner.begins()) {
            throw new IOException("The client is closed");
        }
        final PortSessions<M> port;
        boolean made = false;
        try {
            port = new PortSessions<>(this, socket);
            made = true;
        } finally {
            if (!made && owner != null) {
                owner.over();
            }
        }
        ports.put(socket, port);
        port.open();
    }

    @Override
    public void onDatagram(DatagramEndpoint socket, Datagram datagram) {
        port(socket).received(datagram);
    }

    @Override
    public void onWritable(DatagramEndpoint socket) {
        port(socket).writable();
    }

    @Override
    public void onError(DatagramEndpoint socket, Throwable error) {
        port(socket).failed(error);
    }

    @Override
    public void onClose(DatagramEndpoint socket, CloseCause cause) {
        final PortSessions<M> port = ports.remove(socket);
        if (port != null) {
            port.closed(cause);
        }
    }
}
