// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import io.hawser.linux.CallState;
import io.hawser.linux.SockAddrDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.AcceptedSocket;
import java.lang.foreign.Arena;
import java.net.SocketAddress;
import java.util.Optional;

/** An accepted socket as a bare file descriptor. */
public final class AcceptedDescriptor implements AcceptedSocket {
    private final int fd;
    private final boolean tcp;
    private boolean owned = true;

    /** Takes ownership of {@code fd}. */
    public AcceptedDescriptor(int fd, boolean tcp) {
        this.fd = fd;
        this.tcp = tcp;
    }

    /** Whether it came from a TCP listener; otherwise it is a unix socket. */
    public boolean isTcp() {
        return tcp;
    }

    /** Gives the descriptor to the caller, who closes it from now on. */
    public int take() {
        if (!owned) {
            throw new IllegalStateException("This accepted socket was attached or closed before");
        }
        owned = false;
        return fd;
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        if (!owned) {
            throw new IllegalStateException("This accepted socket was attached or closed before");
        }
        try (Arena arena = Arena.ofConfined()) {
            final var address = new SockAddrDescriptor(arena);
            address.clear();
            final int result = Sockets.getpeername(new CallState(), fd, address.address(), address.lengthAddress());
            return result < 0 ? Optional.empty() : address.read();
        }
    }

    @Override
    public void close() {
        if (owned) {
            owned = false;
            Sockets.close(new CallState(), fd);
        }
    }
}
