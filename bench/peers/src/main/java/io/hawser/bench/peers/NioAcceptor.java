// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** Takes connections for its own loop. */
final class NioAcceptor implements NioLoop.Task {
    private final NioLoop loop;
    private final Settings settings;
    private final ServerSocketChannel server;

    private NioAcceptor(NioLoop loop, Settings settings, ServerSocketChannel server) {
        this.loop = loop;
        this.settings = settings;
        this.server = server;
    }

    /** Listens for a loop, and says where. */
    static InetSocketAddress bind(NioLoop loop, Settings settings, InetSocketAddress address) throws IOException {
        final ServerSocketChannel server = ServerSocketChannel.open();
        try {
            server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            if (settings.loops() > 1) {
                server.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            }
            server.bind(address, Settings.BACKLOG);
            loop.register(server, SelectionKey.OP_ACCEPT, new NioAcceptor(loop, settings, server));
            return (InetSocketAddress) server.getLocalAddress();
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    @Override
    public void ready(SelectionKey key) throws IOException {
        for (SocketChannel channel = accept(); channel != null; channel = accept()) {
            try {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                loop.register(
                        channel,
                        SelectionKey.OP_READ,
                        settings.mode() == Mode.FRAMED ? new NioFrames(loop, channel) : new NioEcho(loop, channel));
            } catch (IOException _) {
                // Gone already; the others are to be accepted all the same.
                channel.close();
            }
        }
    }

    /** Null if there is none, or none can be had now: without descriptors the next turn tries again. */
    private @Nullable SocketChannel accept() {
        try {
            return server.accept();
        } catch (IOException _) {
            return null;
        }
    }
}
