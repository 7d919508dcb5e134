// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.loop.EventLoop;
import io.hawser.stage.Stage;
import io.hawser.transport.FileHandle;
import io.hawser.transport.StreamSink;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Sends the header before it lets anything through. The loop's thread. */
final class ProxySenderStage extends Stage {
    private final byte[] header;
    private final EventLoop loop;
    /** What is left of the header. */
    private @Nullable Buffer outbound;

    ProxySenderStage(byte[] header, EventLoop loop, StreamSink above) {
        super(above);
        this.header = header;
        this.loop = loop;
    }

    @Override
    public void connected() {
        final Buffer all = new Buffer(loop.blocks());
        outbound = all;
        try {
            all.writeBytes(header);
        } catch (PoolExhaustedException e) {
            above().failed(new IOException("No memory for a PROXY header", e));
            return;
        }
        sendOn(all);
    }

    private void sendOn(Buffer left) {
        try {
            while (left.readableBytes() > 0) {
                final long taken = below().send(left);
                if (taken == PENDING) {
                    return;
                }
                left.skip(taken);
            }
        } catch (IOException e) {
            above().failed(e);
            return;
        }
        left.close();
        outbound = null;
        above().connected();
    }

    @Override
    public void sent(long bytes) {
        final Buffer left = outbound;
        if (left == null) {
            above().sent(bytes);
        } else {
            left.skip(bytes);
            sendOn(left);
        }
    }

    @Override
    public void closed() {
        final Buffer left = outbound;
        if (left != null) {
            outbound = null;
            left.close();
        }
        above().closed();
    }

    @Override
    public long sendFile(FileHandle file, long position, long count) throws IOException {
        return below().sendFile(file, position, count);
    }
}
