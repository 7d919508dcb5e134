// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.transport.AcceptedSocket;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A connected channel on its way to a loop. One thread at a time; the hand-over between them orders the accesses. */
final class NioAccepted implements AcceptedSocket {
    private final @Nullable SocketAddress remote;
    private @Nullable SocketChannel channel;

    NioAccepted(SocketChannel channel, @Nullable SocketAddress remote) {
        this.channel = channel;
        this.remote = remote;
    }

    /**
     * A channel that is not of Hawser's making.
     *
     * @throws IllegalArgumentException if it is closed, not connected, or registered
     */
    static NioAccepted adopt(SocketChannel channel) {
        if (!channel.isOpen() || !channel.isConnected()) {
            throw new IllegalArgumentException("The channel is not connected: " + channel);
        }
        if (channel.isRegistered()) {
            throw new IllegalArgumentException("The channel is registered with a selector: " + channel);
        }
        try {
            // Here it may have to wait for a thread that reads; on a loop it must not.
            channel.configureBlocking(false);
        } catch (IOException e) {
            throw new IllegalArgumentException("The channel cannot be used: " + channel, e);
        }
        return new NioAccepted(channel, NioChannels.remote(channel));
    }

    /** The channel, which is the caller's from now on; null if it was taken or closed before. */
    @Nullable
    SocketChannel take() {
        SocketChannel taken = channel;
        channel = null;
        return taken;
    }

    @Override
    public Optional<SocketChannel> takeChannel() {
        SocketChannel taken = take();
        if (taken == null) {
            throw new IllegalStateException("This socket was attached, taken or closed before");
        }
        return Optional.of(taken);
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
