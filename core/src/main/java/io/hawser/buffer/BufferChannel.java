// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;

/** A buffer as a channel. Closing it closes the view, not the buffer. */
final class BufferChannel implements ByteChannel {
    private final Buffer buffer;
    private boolean open = true;

    BufferChannel(Buffer buffer) {
        this.buffer = buffer;
    }

    @Override
    public int read(ByteBuffer target) throws ClosedChannelException {
        requireOpen();
        if (!target.hasRemaining()) {
            return 0;
        }
        if (!BufferInputStream.hasBytes(buffer)) {
            return -1;
        }
        final int n = (int) Math.min(target.remaining(), buffer.readableBytes());
        final int limit = target.limit();
        target.limit(target.position() + n);
        try {
            buffer.read(target);
        } finally {
            target.limit(limit);
        }
        return n;
    }

    @Override
    public int write(ByteBuffer source) throws ClosedChannelException {
        requireOpen();
        final int n = source.remaining();
        buffer.write(source);
        return n;
    }

    private void requireOpen() throws ClosedChannelException {
        if (!open) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            buffer.flush();
        }
    }
}
