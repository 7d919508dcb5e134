// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.transport.AcceptedSocket;
import java.net.SocketAddress;
import java.util.Optional;

/** A connection that was accepted and has no stream yet. */
final class SimAccepted implements AcceptedSocket {
    private final SimSocket socket;
    private boolean taken;

    SimAccepted(SimSocket socket) {
        this.socket = socket;
    }

    /** The socket, which is the caller's from now on; empty if it was taken or closed before. */
    Optional<SimSocket> take() {
        if (taken) {
            return Optional.empty();
        }
        taken = true;
        return Optional.of(socket);
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return socket.error().isPresent() ? Optional.empty() : Optional.of(socket.remote());
    }

    @Override
    public void close() {
        take().ifPresent(SimSocket::close);
    }

    @Override
    public String toString() {
        return "accepted " + socket;
    }
}
