// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.io.OutputStream;

/** A buffer as a stream to write to. */
final class BufferOutputStream extends OutputStream {
    private final Buffer buffer;

    BufferOutputStream(Buffer buffer) {
        this.buffer = buffer;
    }

    @Override
    public void write(int value) {
        buffer.writeByte(value);
    }

    @Override
    public void write(byte[] source, int offset, int length) {
        buffer.writeBytes(source, offset, length);
    }

    @Override
    public void flush() {
        buffer.flush();
    }

    @Override
    public void close() {
        buffer.flush();
    }
}
