// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.transport.AcceptSink;
import io.hawser.transport.ListenSocket;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A listening channel. The loop's thread only. */
final class NioListener implements ListenSocket, Selectable {
    /** Connections accepted in one turn; the rest waits in the backlog for the next. */
    static final int ACCEPTS_PER_TURN = 64;

    private final NioTransport transport;
    private final ServerSocketChannel channel;
    private final SelectionKey key;
    private final SocketAddress local;
    private final boolean ipv6Only;
    private final AcceptSink sink;
    private boolean accepting;
    private boolean queued;
    private boolean closed;

    /** @param ipv6Only whether IPv4 peers are to be turned away here */
    NioListener(
            NioTransport transport,
            ServerSocketChannel channel,
            SelectionKey key,
            SocketAddress local,
            boolean ipv6Only,
            AcceptSink sink) {
        this.transport = transport;
        this.channel = channel;
        this.key = key;
        this.local = local;
        this.ipv6Only = ipv6Only;
        this.sink = sink;
    }

    @Override
    public void accept(boolean on) {
        if (on != accepting && !closed) {
            accepting = on;
            key.interestOps(on ? SelectionKey.OP_ACCEPT : 0);
        }
    }

    @Override
    public void pause(Runnable paused) {
        if (!closed) {
            accept(false);
            paused.run();
        }
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        accepting = false;
        key.cancel();
        NioChannels.closeQuietly(channel);
        // The JDK keeps the descriptor, and with it the port, until the key has left the selector.
        transport.deregisterCancelled();
    }

    @Override
    public boolean mark(int ops) {
        boolean fresh = !queued;
        queued = true;
        return fresh;
    }

    @Override
    public int dispatch() {
        queued = false;
        int taken = 0;
        while (accepting && taken < ACCEPTS_PER_TURN && acceptOne()) {
            taken++;
        }
        return taken;
    }

    private boolean acceptOne() {
        @Nullable SocketChannel accepted;
        try {
            accepted = channel.accept();
        } catch (IOException e) {
            if (NioErrors.exhausted(e)) {
                accept(false);
                sink.exhausted(e);
            }
            return true;
        }
        if (accepted == null) {
            return false;
        }
        @Nullable SocketAddress remote = NioChannels.remote(accepted);
        if (ipv6Only && NioChannels.isIpv4(remote)) {
            NioChannels.resetOnClose(accepted);
            NioChannels.closeQuietly(accepted);
        } else {
            sink.accepted(new NioAccepted(accepted, remote));
        }
        return true;
    }
}
