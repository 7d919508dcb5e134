// SPDX-License-Identifier: Apache-2.0
package io.hawser.json;

import io.hawser.buffer.Writer;
import java.io.OutputStream;

/** A writer as a stream whose flush and close do nothing: half a message must not leave. */
final class UnflushedStream extends OutputStream {
    private final Writer out;

    UnflushedStream(Writer out) {
        this.out = out;
    }

    @Override
    public void write(int value) {
        out.writeByte(value);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        out.writeBytes(bytes, offset, length);
    }
}
