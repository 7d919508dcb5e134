// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.transport.AcceptedSocket;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An accepted channel on its way to a loop. One thread at a time; the hand-over between them orders the accesses. */
final class NioAccepted implements AcceptedSocket {
    private final @Nullable SocketAddress remote;
    private @Nullable SocketChannel channel;

    NioAccepted(SocketChannel channel, @Nullable SocketAddress remote) {
        this.channel = channel;
        this.remote = remote;
    }

    /** The channel, which is the caller's from now on; null if it was taken or closed before. */
    @Nullable
    SocketChannel take() {
        SocketChannel taken = channel;
        channel = null;
        return taken;
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return Optional.ofNullable(remote);
    }

    @Override
    public void close() {
        SocketChannel taken = take();
        if (taken != null) {
            NioChannels.closeQuietly(taken);
        }
    }
}
