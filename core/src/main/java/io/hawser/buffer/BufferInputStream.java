// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.io.InputStream;
import java.util.Objects;

/** A buffer as a stream. It ends where a read would fail for lack of bytes. */
final class BufferInputStream extends InputStream {
    private final Buffer buffer;

    BufferInputStream(Buffer buffer) {
        this.buffer = buffer;
    }

    @Override
    public int read() {
        return hasBytes(buffer) ? buffer.readUnsignedByte() : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        if (!hasBytes(buffer)) {
            return -1;
        }
        final int n = (int) Math.min(length, buffer.readableBytes());
        buffer.readBytes(target, offset, n);
        return n;
    }

    @Override
    public long skip(long n) {
        if (n <= 0 || !hasBytes(buffer)) {
            return 0;
        }
        final long skipped = Math.min(n, buffer.readableBytes());
        buffer.skip(skipped);
        return skipped;
    }

    @Override
    public int available() {
        return (int) Math.min(Integer.MAX_VALUE, buffer.readableBytes());
    }

    /** Whether there is a byte, after waiting for one where the buffer's reader waits. */
    static boolean hasBytes(Buffer buffer) {
        if (buffer.readableBytes() > 0) {
            return true;
        }
        try {
            buffer.getByte(0);
            return true;
        } catch (NotEnoughBytesException _) {
            return false;
        }
    }
}
