// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A connection that is read from while nothing waits to be sent. */
abstract class NioConnection implements NioLoop.Task {
    private final SocketChannel channel;

    /** What the kernel did not take, to be read; null if it took all. */
    private @Nullable ByteBuffer pending;

    private boolean ended;

    NioConnection(SocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Reads once and answers by {@link #send}.
     *
     * @return what {@link SocketChannel#read(ByteBuffer)} said
     */
    abstract int receive(SocketChannel from) throws IOException;

    @Override
    public final void ready(SelectionKey key) throws IOException {
        if (pending != null) {
            channel.write(pending);
            if (pending.hasRemaining()) {
                return;
            }
            pending = null;
            key.interestOps(SelectionKey.OP_READ);
        } else {
            ended = receive(channel) < 0;
        }
        if (pending != null) {
            key.interestOps(SelectionKey.OP_WRITE);
        } else if (ended) {
            channel.close();
        }
    }

    /** Sends all that remains in the buffer, now or, as a copy, later. */
    final void send(ByteBuffer bytes) throws IOException {
        if (pending == null) {
            channel.write(bytes);
            if (bytes.hasRemaining()) {
                pending =
                        ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip();
            }
            return;
        }
        final ByteBuffer joined = ByteBuffer.allocateDirect(pending.remaining() + bytes.remaining());
        pending = joined.put(pending).put(bytes).flip();
    }
}
