// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import org.jspecify.annotations.Nullable;

/** Sends each datagram back to its sender. */
final class NioDatagrams implements NioLoop.Task {
    /** Received in one turn, so that a loop can be closed. */
    private static final int DATAGRAMS_PER_TURN = 256;

    private final DatagramChannel channel;
    private final ByteBuffer buffer;

    /** Whom the datagram in the buffer waits to be sent to; null if there is none. */
    private @Nullable SocketAddress waiting;

    private NioDatagrams(DatagramChannel channel, int datagramBytes) {
        this.channel = channel;
        this.buffer = ByteBuffer.allocateDirect(datagramBytes);
    }

    /** Opens a socket for a loop, and says where. */
    static InetSocketAddress bind(NioLoop loop, Settings settings, InetSocketAddress address) throws IOException {
        final DatagramChannel channel = DatagramChannel.open();
        try {
            if (settings.loops() > 1) {
                channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            }
            channel.bind(address);
            loop.register(channel, SelectionKey.OP_READ, new NioDatagrams(channel, settings.datagramBytes()));
            return (InetSocketAddress) channel.getLocalAddress();
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void ready(SelectionKey key) {
        for (int i = 0; i < DATAGRAMS_PER_TURN && (waiting != null || receive()); i++) {
            if (!send()) {
                key.interestOps(SelectionKey.OP_WRITE);
                return;
            }
        }
        key.interestOps(SelectionKey.OP_READ);
    }

    private boolean receive() {
        try {
            waiting = channel.receive(buffer.clear());
            buffer.flip();
        } catch (IOException _) {
            // What the kernel reports here concerns one peer, not the socket.
            waiting = null;
        }
        return waiting != null;
    }

    /** False if the kernel has no room. */
    private boolean send() {
        try {
            if (waiting != null && channel.send(buffer, waiting) == 0 && buffer.hasRemaining()) {
                return false;
            }
        } catch (IOException _) {
            // Nobody can be reached there any more.
        }
        waiting = null;
        return true;
    }
}
