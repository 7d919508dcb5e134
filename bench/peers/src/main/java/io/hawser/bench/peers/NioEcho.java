// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Sends back the bytes that come. */
final class NioEcho extends NioConnection {
    private final NioLoop loop;

    NioEcho(NioLoop loop, SocketChannel channel) {
        super(channel);
        this.loop = loop;
    }

    @Override
    int receive(SocketChannel from) throws IOException {
        final ByteBuffer buffer = loop.inbound();
        final int count = from.read(buffer);
        if (count > 0) {
            send(buffer.flip());
        }
        return count;
    }
}
